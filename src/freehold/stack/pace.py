"""How fast a port may ask: a bucket for each configured peer, and one for everybody else together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

STRANGERS_A_SECOND: Final = 100
"""Datagrams of addresses that are not configured: enough to answer what a mistake in a configuration sends."""
BURST_SECONDS: Final = 1.0
"""What may come at once, in seconds of the rate."""


class Bucket:
    """A virtual clock that each datagram moves on (the generic cell rate algorithm)."""

    __slots__ = ("_arrival", "_cost")

    def __init__(self, a_second: int) -> None:
        self._cost = 1 / a_second
        self._arrival = 0.0

    def allows(self, now: float) -> bool:
        """Whether one more conforms; it is taken only then."""
        arrival = max(self._arrival, now) + self._cost
        if arrival - now > BURST_SECONDS + self._cost / 2:
            return False
        self._arrival = arrival
        return True


class Pace:
    """The buckets of one port; one peer that floods leaves the others theirs."""

    def __init__(self, peers: Iterable[str], a_second: int) -> None:
        self._peers = {peer: Bucket(a_second) for peer in peers}
        self._strangers = Bucket(STRANGERS_A_SECOND)

    def allows(self, peer: str, now: float) -> bool:
        """Whether a datagram of an IP address is read at all."""
        return self._peers.get(peer, self._strangers).allows(now)
