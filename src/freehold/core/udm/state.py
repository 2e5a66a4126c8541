"""What the UDM remembers: open challenges, bounded, and who serves a UE."""

from __future__ import annotations

from typing import Final

from freehold.spec.identities import Supi

# Subscribers with an open challenge; beyond it the oldest one is forgotten.
OPEN_SUBSCRIBERS: Final = 8192
# Challenges of one subscriber that may still be answered: a SUCI sent again makes another one.
OPEN_CHALLENGES: Final = 4
# Resynchronisations in a row: a USIM needs one.
RESYNCHRONIZATIONS: Final = 2


class _Open:
    __slots__ = ("rands", "resynchronizations")

    def __init__(self) -> None:
        self.rands: tuple[bytes, ...] = ()
        self.resynchronizations = 0


class Challenges:
    """Open challenges by subscriber: an AUTS counts once, for a RAND that was sent (TS 33.102 6.3.5)."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def issued(self, supi: Supi, rand: bytes, *, again: bool) -> None:
        """A challenge goes out; `again` after a resynchronisation."""
        found = self._open.get(supi.value)
        if found is None:
            if len(self._open) >= OPEN_SUBSCRIBERS:
                del self._open[next(iter(self._open))]
            found = self._open[supi.value] = _Open()
        found.rands = (*found.rands[1 - OPEN_CHALLENGES :], rand)
        found.resynchronizations = found.resynchronizations + 1 if again else 0

    def redeem(self, supi: Supi, rand: bytes) -> bool:
        """Whether `rand` is open and may be resynchronised; it is open no more."""
        found = self._open.get(supi.value)
        if found is None or rand not in found.rands or found.resynchronizations >= RESYNCHRONIZATIONS:
            return False
        found.rands = tuple(other for other in found.rands if other != rand)
        return True

    def answered(self, supi: Supi) -> None:
        """The subscriber has proved itself: none of its challenges is open."""
        self._open.pop(supi.value, None)
