"""How fast peers may ask (negative.md P: a peer that floods)."""

from __future__ import annotations

import pytest

from freehold.stack.pace import Pace


@pytest.mark.parametrize(("peer", "rate"), [("10.0.0.9", 50), ("10.0.0.66", 100)])
def test_when_a_peer_floods_then_a_second_passes_at_once_and_its_rate_afterwards(peer, rate):
    pace = Pace(("10.0.0.9", "10.0.0.8"), 50)
    assert sum(pace.allows(peer, 5.0) for _ in range(1000)) == rate
    passed = sum(pace.allows(peer, 5.0 + at / 1000) for at in range(1, 4001))
    assert passed == pytest.approx(4 * rate, abs=2)


def test_when_one_peer_floods_then_the_others_are_not_held_up():
    pace = Pace(("10.0.0.9", "10.0.0.8"), 50)
    while pace.allows("10.0.0.9", 1.0):
        pass
    while pace.allows("10.0.0.66", 1.0):
        pass
    assert not pace.allows("10.0.0.67", 1.0), "strangers share one bucket"
    assert pace.allows("10.0.0.8", 1.0)
