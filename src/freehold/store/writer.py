"""The one thread that writes: it takes what came together and makes one transaction of it."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias

from freehold.procedure import Signal
from freehold.spec.errors import Unusable
from freehold.store.faults import unusable

Post: TypeAlias = Callable[[Callable[[], None]], object]
Row: TypeAlias = tuple[str, str, bytes | None]

# How long a row written behind may wait for others, in seconds.
GROUPING: Final = 0.05
# Rows in one statement: each statement gives up the interpreter's lock and has to win it back, so there are few.
_CHUNKS: Final = (256, 16, 1)
_RAISE_MARK: Final = (
    "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET mark = max(mark, excluded.mark)"
)


class Durable:
    """Rows and high-water marks whose writer waits until they are on the disk."""

    __slots__ = ("marks", "rows", "signal")

    def __init__(self, rows: Sequence[Row], marks: Mapping[str, int] | None = None) -> None:
        self.rows = rows
        self.marks = marks or {}
        self.signal: Signal[None] = Signal()


class Writer:
    """Durable writes by the next transaction, with a flush of the disk; the others a little later, without one.

    `post` runs a function in the loop of the store's users, and may be called from any thread.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, post: Post, on_fault: Callable[[Unusable], None]
    ) -> None:
        self._connection = connection
        self._path = path
        self._post = post
        self._on_fault = on_fault
        self._durable: deque[Durable] = deque()
        self._behind: deque[Row] = deque()
        self._something, self._urgent = threading.Event(), threading.Event()
        self._closing = False
        self.fault = ""
        """What the last transaction ran into; nothing where it went well."""
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def durable(self, request: Durable) -> Signal[None]:
        """Write and flush as soon as possible; the signal tells."""
        self._durable.append(request)
        # Both are cleared before what came is taken: an event that is still set brings this request along.
        for event in (self._urgent, self._something):
            if not event.is_set():
                event.set()
        return request.signal

    def behind(self, row: Row) -> None:
        """Write within `GROUPING` seconds or so."""
        self._behind.append(row)
        if not self._something.is_set():
            self._something.set()

    def close(self) -> None:
        """Write all there is and end the thread."""
        self._closing = True
        self._urgent.set()
        self._something.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._something.wait()
            if not self._durable and not self._closing:
                self._urgent.wait(GROUPING)
            closing = self._closing
            self._something.clear()
            self._urgent.clear()
            self._write_durable([self._durable.popleft() for _ in range(len(self._durable))])
            self._write_behind([self._behind.popleft() for _ in range(len(self._behind))])
            if closing:
                return

    def _write_durable(self, requests: list[Durable]) -> None:
        if not requests:
            return
        marks: dict[str, int] = {}
        for name, mark in (item for request in requests for item in request.marks.items()):
            marks[name] = max(mark, marks.get(name, 0))
        try:
            self._transaction("FULL", (row for request in requests for row in request.rows), marks)
        except sqlite3.Error as error:
            fault = unusable(self._path, error)
            self._tell(lambda: _fail(requests, fault))
        else:
            self._tell(lambda: _set(requests))

    def _write_behind(self, rows: list[Row]) -> None:
        if not rows:
            return
        try:
            self._transaction("NORMAL", rows, {})
        except sqlite3.Error as error:
            fault = unusable(self._path, error)
            # Nobody waits for these rows and a crash may lose them: the owner is told, the network goes on.
            self._tell(lambda: self._on_fault(fault))

    def _transaction(self, synchronous: str, rows: Iterable[Row], marks: dict[str, int]) -> None:
        last = {row[:2]: row for row in rows}
        kept = [row for row in last.values() if row[2] is not None]
        gone = [name for name, row in last.items() if row[2] is None]
        execute = self._connection.execute
        execute(f"PRAGMA synchronous = {synchronous}")
        execute("BEGIN IMMEDIATE")
        try:
            for chunk in _chunks(kept):
                execute(f"REPLACE INTO rows VALUES {','.join(['(?,?,?)'] * len(chunk))}", _flat(chunk))  # noqa: S608
            for names in _chunks(gone):
                values = ",".join(["(?,?)"] * len(names))
                execute(f"DELETE FROM rows WHERE (tab, key) IN (VALUES {values})", _flat(names))  # noqa: S608
            for name, mark in marks.items():
                execute(_RAISE_MARK, (name, mark))
            execute("COMMIT")
            self.fault = ""
        except sqlite3.Error as error:
            self.fault = str(error)
            # SQLite has rolled back by itself after some errors, such as a full disk.
            with suppress(sqlite3.Error):
                execute("ROLLBACK")
            raise

    def _tell(self, news: Callable[[], None]) -> None:
        # A loop that is gone has nobody who waits.
        with suppress(RuntimeError):
            self._post(news)


def _set(requests: Iterable[Durable]) -> None:
    for request in requests:
        request.signal.set(None)


def _fail(requests: Iterable[Durable], fault: Unusable) -> None:
    for request in requests:
        request.signal.fail(fault)


def _chunks(items: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    start = 0
    for size in _CHUNKS:
        while len(items) - start >= size:
            yield items[start : start + size]
            start += size


def _flat(rows: Sequence[tuple[object, ...]]) -> list[object]:
    return list(chain.from_iterable(rows))
