"""The benchmark of the security algorithms measures what it says."""

from __future__ import annotations

import pytest

from freehold.app.bench import crypto


def test_when_algorithms_are_measured_then_every_row_has_its_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_ROUND_SECONDS", 0.0002)
    monkeypatch.setattr(crypto, "_ROUNDS", 1)
    cases = crypto.bench_crypto().cases
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    assert {"TUAK f2 to f5", "vector to KAMF", "SUCI A deconceal", "NEA3 x 16", "PDCP NEA2 NIA2 protect x 16"} <= {
        *names
    }
    assert all(case.us > 0 for case in cases)
    # An operation has no rate, a stream has one
    assert [case.mb_per_s is None for case in cases] == [True] * 5 + [False] * (len(cases) - 5)
    assert all(case.mb_per_s is None or case.mb_per_s > 0 for case in cases)
