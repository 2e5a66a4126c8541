"""What crossed the interfaces while somebody watched, kept so that a record can be opened later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from freehold.procedure.tap import PACKETS, Record, Tap

KEPT: Final = 20_000
"""Records of the signalling that are kept; the oldest give way."""

Watcher = Callable[[Record], None]


class Kept:
    """Numbers and keeps the signalling from the first watcher's coming to the last one's going."""

    __slots__ = ("_next", "_numbers", "_records", "_stop", "_tap", "_watchers")

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._records: dict[int, Record] = {}
        self._numbers: dict[int, int] = {}
        self._next = 1
        self._watchers: list[tuple[Watcher, bool]] = []
        self._stop: Callable[[], None] | None = None

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records.values()))

    def find(self, number: int) -> Record | None:
        """The record of a number, while it is kept."""
        return self._records.get(number)

    def number(self, record: Record) -> int:
        """The number of a record, 0 where it is not kept."""
        return self._numbers.get(id(record), 0)

    def watch(self, watcher: Watcher, *, packets: bool) -> Callable[[], None]:
        """Hand every record to `watcher`, with or without users' packets, until the returned function is called."""
        entry = (watcher, packets)
        self._watchers.append(entry)
        self._listen()

        def stop() -> None:
            self._watchers.remove(entry)
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
            self._keep(record)
        for watcher, packets in tuple(self._watchers):
            if signalling or packets:
                watcher(record)

    def _keep(self, record: Record) -> None:
        if len(self._records) >= KEPT:
            oldest = self._records.pop(next(iter(self._records)))
            del self._numbers[id(oldest)]
        self._records[self._next] = record
        self._numbers[id(record)] = self._next
        self._next += 1
