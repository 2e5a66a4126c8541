"""The figures that must not grow with the population (design: ratio 1.15; the rest is what a busy machine adds)."""

import pytest

from freehold.app.bench import registration

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def figures():
    """A thousand registrations, and twenty thousand."""
    return registration.run(1000), registration.run(20_000)


def test_when_the_population_is_twenty_times_as_large_then_a_registration_costs_the_same(figures):
    few, many = figures
    assert (few.sessions, many.sessions) == (1000, 20_000)
    assert many.core_cpu_ms_per_ue / few.core_cpu_ms_per_ue < 1.3


def test_when_terminals_are_registered_then_each_takes_at_most_ten_kilobytes(figures):
    few, many = figures
    assert max(few.rss_kb_per_ue, many.rss_kb_per_ue) <= 10
    assert max(few.rss_mb_idle, many.rss_mb_idle) <= 80


def test_when_many_register_then_nobody_waits_for_seconds(figures):
    assert all(each.p99_ms < 1000 for each in figures)
