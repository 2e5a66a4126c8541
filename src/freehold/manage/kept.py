"""What crossed the interfaces while somebody watched, kept so that a record can be opened later."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

from freehold.procedure.tap import PACKETS, Record, Tap

KEPT: Final = 20_000
"""Records of the signalling that are kept; the oldest give way."""
TRIMMED: Final = KEPT + KEPT // 4
"""Records at which the oldest are let go of, all at once."""

Watcher = Callable[[Record], None]


class Kept:
    """Numbers and keeps the signalling from the first watcher's coming to the last one's going."""

    __slots__ = ("_first", "_records", "_stop", "_tap", "_watchers")

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._records: list[Record] = []
        self._first = 1
        """The number of the first record that is kept."""
        self._watchers: tuple[tuple[Watcher, bool], ...] = ()
        self._stop: Callable[[], None] | None = None

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records[-KEPT:]))

    def find(self, number: int) -> Record | None:
        """The record of a number, while it is kept."""
        place = number - self._first
        least = max(0, len(self._records) - KEPT)
        return self._records[place] if least <= place < len(self._records) else None

    def number(self, record: Record) -> int:
        """The number of a record, 0 where it is not kept."""
        place = bisect_left(self._records, record.time, key=_time)
        while place < len(self._records) and self._records[place].time == record.time:
            if self._records[place] is record:
                return self._first + place
            place += 1
        return 0

    def watch(self, watcher: Watcher, *, packets: bool) -> Callable[[], None]:
        """Hand every record to `watcher`, with or without users' packets, until the returned function is called."""
        entry = (watcher, packets)
        self._watchers += (entry,)
        self._listen()

        def stop() -> None:
            self._watchers = tuple(other for other in self._watchers if other is not entry)
            self._listen()

        return stop

    def _listen(self) -> None:
        before = self._stop
        self._stop = None
        if self._watchers:
            self._stop = self._tap.listen(self._record, packets=any(packets for _, packets in self._watchers))
        if before is not None:
            before()

    def _record(self, record: Record) -> None:
        signalling = record.interface not in PACKETS
        if signalling:
            self._records.append(record)
            if len(self._records) >= TRIMMED:
                self._first += len(self._records) - KEPT
                del self._records[:-KEPT]
        for watcher, packets in self._watchers:
            if signalling or packets:
                watcher(record)


def _time(record: Record) -> float:
    return record.time
