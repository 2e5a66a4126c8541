"""What the UDM remembers: open challenges and results of authentications, bounded, and who serves a UE."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.spec.identities import Supi

# Subscribers with an open challenge; beyond it the oldest one is forgotten.
OPEN_SUBSCRIBERS: Final = 8192
# Challenges of one subscriber that may still be answered: a SUCI sent again makes another one.
OPEN_CHALLENGES: Final = 4
# Resynchronisations in a row: a USIM needs one.
RESYNCHRONIZATIONS: Final = 2


# Subscribers whose last authentication is remembered; beyond it the oldest result is forgotten.
RESULTS: Final = 8192


class AuthEvent(msgspec.Struct, frozen=True, gc=False):
    """The result of an authentication (TS 29.503 6.3.6.2.7): where it was, at which monotonic second, how it ended."""

    serving_network_name: bytes
    time: float
    success: bool


class AuthenticationStatus:
    """The last authentication of each subscriber (TS 33.501 6.1.4.1a)."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: dict[str, AuthEvent] = {}

    def __len__(self) -> int:
        return len(self._events)

    def note(self, supi: Supi, event: AuthEvent) -> None:
        """Keep the result that is now the last one."""
        self._events.pop(supi.value, None)
        if len(self._events) >= RESULTS:
            del self._events[next(iter(self._events))]
        self._events[supi.value] = event

    def of(self, supi: Supi) -> AuthEvent | None:
        """The last result; None where none is known."""
        return self._events.get(supi.value)


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
