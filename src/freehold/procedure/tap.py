"""The tap: one record for every message or operation that crosses an interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

import msgspec

Interface = Literal["N1", "N2", "N3", "N4", "N6", "Uu", "SBI", "Xn", "F1", "E1", "procedure", "timer"]


class Record(msgspec.Struct, frozen=True, gc=False):
    """What crossed: `octets` as on the wire (empty for an operation), `value` decoded, `subject` the UE or gNB.

    `length` is how many octets there were, where only the first of them are here; 0 else.
    """

    time: float
    interface: Interface
    source: str
    target: str
    name: str
    clause: str = ""
    transaction: int | str | None = None
    octets: bytes = b""
    value: object = None
    subject: str = ""
    length: int = 0


class Tracer(Protocol):
    """Who hears of procedures and service calls from their begin to their end; `key` is the same at both."""

    def begun(self, key: object, function: str, name: str, clause: str, subject: object, now: float) -> None:
        """A procedure of a function, or its call of another one, begins; inside whatever advances now."""

    def step(self, key: object, name: str, clause: str, now: float) -> None:
        """A procedure enters another one that is part of it."""

    def ended(self, key: object, outcome: str, subject: object, now: float) -> None:
        """It ended: `ended`, or how else; the subject may be known better now."""

    def advancing(self, key: object) -> object:
        """What begins from now on is part of `key`; what was so before."""

    def resume(self, before: object) -> None:
        """What begins from now on is part of what was so before."""


class Tap:
    """Where the functions put records; `active` is false while nobody listens, and then nothing is built.

    `packets` says whether somebody wants the user's packets of N3 and N6 too, which are many. `tracer` hears of
    procedures, where there is one. `key` makes pseudonyms of UEs that are the same in logs and traces of one process.
    """

    __slots__ = ("_listeners", "active", "key", "packets", "tracer")

    def __init__(self, key: bytes = b"freehold") -> None:
        self.key = key
        self.tracer: Tracer | None = None
        self._listeners: tuple[tuple[Callable[[Record], None], bool], ...] = ()
        self.active: bool = False
        self.packets: bool = False

    def listen(self, listener: Callable[[Record], None], *, packets: bool = True) -> Callable[[], None]:
        """Hand every record to `listener`, with or without user packets, until the returned function is called."""
        entry = (listener, packets)
        self._listeners += (entry,)
        self._look()

        def stop() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not entry)
            self._look()

        return stop

    def record(self, record: Record) -> None:
        """Hand one record to every listener that wants its kind; ask `active` or `packets` first."""
        signalling = record.interface not in PACKETS
        for listener, packets in self._listeners:
            if signalling or packets:
                listener(record)

    def _look(self) -> None:
        self.active = bool(self._listeners)
        self.packets = any(packets for _, packets in self._listeners)


PACKETS: Final = frozenset(("N3", "N6"))
"""Interfaces that carry users' packets."""
SILENT: Final = Tap()
"""A tap for functions that nobody watches."""
