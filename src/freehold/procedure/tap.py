"""The tap: one record for every message or operation that crosses an interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

import msgspec

from freehold.spec.identities import Supi

Interface = Literal["N1", "N2", "N3", "N4", "N4-u", "N6", "Uu", "SBI", "Xn", "F1", "E1", "procedure", "timer"]


class Record(msgspec.Struct, frozen=True, gc=False):
    """What crossed: `octets` as on the wire (empty for an operation), `value` decoded, `subject` the UE or gNB.

    `length` is how many octets there were, where only the first of them are here; 0 else. `about` is the subscriber
    whose it is, where that is known: `subject` shows the end of a SUPI alone, which others share.
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
    about: Supi | None = None


class Tracer(Protocol):
    """Who hears of procedures and service calls from their begin to their end; `key` is the same at both."""

    def begun(
        self, key: object, function: str, name: str, clause: str, subject: object, now: float, *, call: bool = False
    ) -> None:
        """A procedure of a function, or its `call` of another one, begins; inside whatever advances now."""

    def step(self, key: object, name: str, clause: str, now: float) -> None:
        """A procedure enters another one that is part of it."""

    def ended(self, key: object, outcome: str, subject: object, now: float, why: str = "") -> None:
        """It ended: `ended`, or how else and `why`; the subject may be known better now."""

    def advancing(self, key: object) -> object:
        """What begins from now on is part of `key`; what was so before."""

    def resume(self, before: object) -> None:
        """What begins from now on is part of what was so before."""

    def later(self, start: Callable[[], None]) -> Callable[[], None]:
        """The same start, whenever it comes, as part of what advances now."""


class Speaker(Protocol):
    """A conversation, as the tap sees it: what it is about, and whose that turned out to be, proven or not."""

    subject: object
    about: Supi | None


class Tap:
    """Where the functions put records; `active` is false while nobody listens, and then nothing is built.

    While listeners want some subscribers alone it is false too while what happens is another one's: whoever begins to
    work on something says so by `attend` and `leave`; `heard` says whether anybody listens at all. `speaking` is the
    conversation whose procedure runs. `packets` says whether somebody wants the user's packets of N3 and N6 too, which
    are many. `tracer` hears of procedures, where there is one. `key` makes pseudonyms of UEs that are the same in logs
    and traces of one process.
    """

    __slots__ = ("_listeners", "_whose", "active", "heard", "key", "packets", "speaking", "tracer")

    def __init__(self, key: bytes = b"freehold") -> None:
        self.key = key
        self.tracer: Tracer | None = None
        self._listeners: tuple[tuple[Callable[[Record], None], bool, frozenset[Supi] | None], ...] = ()
        self._whose: frozenset[Supi] | None = None
        self.speaking: Speaker | None = None
        self.heard: bool = False
        self.active: bool = False
        self.packets: bool = False

    def listen(
        self, listener: Callable[[Record], None], *, packets: bool = True, whose: frozenset[Supi] | None = None
    ) -> Callable[[], None]:
        """Hand records to `listener`, with or without user packets, until the returned function is called.

        `whose`: those of these subscribers, and all that nobody knows whose it is, are enough for it.
        """
        entry = (listener, packets, whose)
        self._listeners += (entry,)
        self._look()

        def stop() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not entry)
            self._look()

        return stop

    def wants(self, subject: object) -> bool:
        """Whether a record about `subject` is wanted: a SUPI, or what says `about`; ask `active` first."""
        if self._whose is None:
            return True
        supi = about(subject)
        return supi is None or supi in self._whose

    def attend(self, subject: object, speaker: Speaker | None = None) -> tuple[bool, Speaker | None]:
        """What happens until `leave` is about `subject`; returned is what to give `leave`. Ask `heard` first."""
        before = self.active, self.speaking
        if self._whose is not None:
            self.active = self.wants(subject)
        self.speaking = speaker
        return before

    def leave(self, before: tuple[bool, Speaker | None]) -> None:
        """What happens from now on is about what it was before."""
        active, self.speaking = before
        self.active = active and self.heard

    def record(self, record: Record) -> None:
        """Hand one record to every listener that wants its kind; ask `active` or `packets` first."""
        signalling = record.interface not in PACKETS
        for listener, packets, _ in self._listeners:
            if signalling or packets:
                listener(record)

    def _look(self) -> None:
        self.active = self.heard = bool(self._listeners)
        self.packets = any(packets for _, packets, _ in self._listeners)
        chosen = [whose for _, _, whose in self._listeners if whose is not None]
        self._whose = frozenset().union(*chosen) if len(chosen) == len(self._listeners) else None


def about(subject: object) -> Supi | None:
    """The subscriber that a record's subject is, or says it is about; None while nobody knows."""
    found: Supi | None = subject if type(subject) is Supi else getattr(subject, "about", None)
    return found


PACKETS: Final = frozenset(("N3", "N6"))
"""Interfaces that carry users' packets."""
SILENT: Final = Tap()
"""A tap for functions that nobody watches."""
