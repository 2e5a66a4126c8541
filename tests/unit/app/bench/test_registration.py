"""What is made of the rounds of `freehold bench registration --management`."""

from types import SimpleNamespace

import pytest

from freehold.app.bench import registration


def compared(monkeypatch, *rounds):
    """What is told of rounds whose figures are known: bare, managed, followed."""
    figures = iter([figure for round_ in rounds for figure in round_])
    monkeypatch.setattr(registration, "run", lambda *_, **__: SimpleNamespace(core_cpu_ms_per_ue=next(figures)))
    return registration.compared(40, len(rounds))


def test_when_the_machine_is_slower_for_a_round_then_what_management_costs_is_the_same(monkeypatch):
    found = compared(monkeypatch, (0.6, 0.63, 0.66), (0.8, 0.84, 0.88), (0.7, 0.735, 0.77))
    assert (found.change_percent, found.followed_percent) == (5.0, 10.0)


def test_when_one_round_is_disturbed_then_the_others_decide_and_it_is_told(monkeypatch):
    found = compared(monkeypatch, (0.6, 0.63, 0.66), (0.6, 1.2, 0.66), (0.6, 0.63, 0.66))
    assert found.change_percent == 5.0
    assert found.changes_percent == (5.0, 100.0, 5.0)


def test_when_rounds_are_even_then_the_middle_of_the_two_counts(monkeypatch):
    found = compared(monkeypatch, (1.0, 1.02, 1.0), (2.0, 1.6, 2.0))
    assert found.change_percent == pytest.approx(-9.0)
    assert found.followed_percent == 0.0
