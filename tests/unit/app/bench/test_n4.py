"""The benchmark of N4 drives a whole UPF and says what it measured."""

from __future__ import annotations

import pytest

from freehold.app.bench import n4
from freehold.codecs import pfcp


def test_when_n4_is_measured_then_every_figure_is_there_and_the_rate_is_that_of_its_mean() -> None:
    found = n4.bench_n4(200)
    assert found.sessions == 200
    assert found.sessions_per_s == pytest.approx(1e6 / found.establishment_us, rel=0.01)
    assert min(found.establishment_us, found.modification_us, found.deletion_us) > 0


def test_when_the_upf_refuses_a_session_then_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(n4, "_modification", lambda _: pfcp.SessionModificationRequest(remove_far=(pfcp.RemoveFAR(9),)))
    with pytest.raises(ValueError, match="refused"):
        n4.bench_n4(3)
