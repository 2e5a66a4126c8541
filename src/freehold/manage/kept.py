"""What crossed the interfaces while somebody watched, kept so that a record can be opened later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from freehold.procedure.follow import Follower
from freehold.procedure.tap import PACKETS, Record, Tap
from freehold.spec.identities import Supi

KEPT: Final = 20_000
"""Records of the signalling that are kept; the oldest give way."""
TRIMMED: Final = KEPT + KEPT // 4
"""Records at which the oldest are let go of, all at once."""

MINDED: Final = 8
"""Subscribers whose next try is kept though nobody watches; the oldest gives way."""
MINDFUL: Final = 900.0
"""Seconds for which a subscriber is minded."""

Watcher = Callable[[Record], None]


class _Entry(msgspec.Struct, frozen=True, eq=False):
    """A watcher, whether it wants users' packets, and what picks its UE's records."""

    watcher: Watcher
    packets: bool
    supi: Supi | None
    follower: Follower | None


class Kept:
    """Numbers and keeps the signalling from the first watcher's coming to the last one's going.

    While every watcher follows a UE, nothing of the others is kept. Of subscribers who were refused lately the next try
    is kept though nobody watches, so that there is a ladder of it.
    """

    __slots__ = ("_entries", "_everything", "_first", "_minded", "_numbers", "_records", "_stop", "_tap")

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._records: list[Record] = []
        self._numbers: dict[int, int] = {}
        """The number of each record that is kept, by its identity in memory."""
        self._first = 1
        """The number of the first record that is kept."""
        self._entries: tuple[_Entry, ...] = ()
        self._everything = False
        self._minded: dict[Supi, tuple[float, Callable[[], None]]] = {}
        self._stop: Callable[[], None] | None = None

    def __iter__(self) -> Iterator[Record]:
        # what turned out to be a followed UE's was kept after what came later
        return iter(sorted(self._records[-KEPT:], key=_time))

    def find(self, number: int) -> Record | None:
        """The record of a number, while it is kept."""
        place = number - self._first
        least = max(0, len(self._records) - KEPT)
        return self._records[place] if least <= place < len(self._records) else None

    def number(self, record: Record) -> int:
        """The number of a record, 0 where it is not kept."""
        return self._numbers.get(id(record), 0)

    def watch(
        self, watcher: Watcher, *, packets: bool, supi: Supi | None = None, kept: bool = False
    ) -> Callable[[], None]:
        """Hand records to `watcher`, with or without users' packets, until the returned function is called.

        `supi`: this subscriber's alone, those from before it was known among them. `kept`: first those that are kept.
        """
        entry = _Entry(watcher, packets, supi, None if supi is None else Follower(supi))
        if kept:
            for record in self:
                self._offer(entry, record)
        self._entries += (entry,)
        self._listen()

        def stop() -> None:
            self._entries = tuple(other for other in self._entries if other is not entry)
            self._listen()

        return stop

    def mind(self, supi: Supi, now: float) -> None:
        """Keep what comes of a subscriber, for a while from now on."""
        known = self._minded.pop(supi, None)
        stop = self.watch(lambda _: None, packets=False, supi=supi) if known is None else known[1]
        self._minded[supi] = now, stop
        if len(self._minded) > MINDED:
            self._let_go(next(iter(self._minded)))

    def rest(self, now: float) -> None:
        """Let go of those who were minded long enough."""
        for supi in [supi for supi, (since, _) in self._minded.items() if now - since > MINDFUL]:
            self._let_go(supi)

    def _let_go(self, supi: Supi) -> None:
        _, stop = self._minded.pop(supi)
        stop()

    def _listen(self) -> None:
        before = self._stop
        self._stop = None
        self._everything = any(entry.supi is None for entry in self._entries)
        if self._entries:
            followed = frozenset(entry.supi for entry in self._entries if entry.supi is not None)
            packets = any(entry.packets for entry in self._entries)
            self._stop = self._tap.listen(self._record, packets=packets, whose=None if self._everything else followed)
        if before is not None:
            before()

    def _record(self, record: Record) -> None:
        signalling = record.interface not in PACKETS
        if signalling and self._everything:
            self._keep(record)
        for entry in self._entries:
            if signalling or entry.packets:
                self._offer(entry, record)

    def _offer(self, entry: _Entry, record: Record) -> None:
        if entry.follower is None:
            entry.watcher(record)
            return
        for one in entry.follower(record):
            self._keep(one)
            entry.watcher(one)

    def _keep(self, record: Record) -> None:
        if id(record) in self._numbers or record.interface in PACKETS:
            return
        self._numbers[id(record)] = self._first + len(self._records)
        self._records.append(record)
        if len(self._records) >= TRIMMED:
            for old in self._records[:-KEPT]:
                del self._numbers[id(old)]
            self._first += len(self._records) - KEPT
            del self._records[:-KEPT]


def _time(record: Record) -> float:
    return record.time
