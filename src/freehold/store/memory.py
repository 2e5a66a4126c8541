"""A store that lasts as long as its object: for demonstrations, benchmarks and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from freehold.procedure import Signal
from freehold.services.store import Snapshot


class MemoryStore:
    """A `services.store.Store` in memory: every signal is set at once."""

    __slots__ = ("_marks", "_tables")

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, bytes]] = {}
        self._marks: dict[str, int] = {}

    def load(self, table: str) -> Iterable[tuple[str, bytes]]:
        """Every row of a table, in the order of the keys."""
        return sorted(self._tables.get(table, {}).items())

    def commit(self, table: str, rows: Sequence[tuple[str, bytes | None]]) -> Signal[None]:
        """Write rows, None deletes."""
        for key, row in rows:
            self.write_behind(table, key, row)
        return _done()

    def replace(self, tables: Mapping[str, Mapping[str, bytes]], marks: Mapping[str, int]) -> Signal[None]:
        """Put other rows in the place of all rows of these tables."""
        self._tables.update({table: dict(rows) for table, rows in tables.items()})
        for counter, mark in marks.items():
            _durable = self.reserve(counter, mark)
        return _done()

    def snapshot(self) -> Snapshot:
        """Everything there is now."""
        return Snapshot({table: dict(rows) for table, rows in self._tables.items() if rows}, dict(self._marks))

    def write_behind(self, table: str, key: str, row: bytes | None) -> None:
        """Write a row, None deletes."""
        rows = self._tables.setdefault(table, {})
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row

    def reserved(self, counter: str) -> int:
        """The high-water mark of a counter."""
        return self._marks.get(counter, 0)

    def reserve(self, counter: str, upto: int) -> Signal[None]:
        """Raise a high-water mark; it never falls."""
        self._marks[counter] = max(upto, self.reserved(counter))
        return _done()

    def close(self) -> None:
        """Nothing is behind; the rows stay for whoever opens this object again."""


def _done() -> Signal[None]:
    signal: Signal[None] = Signal()
    signal.set(None)
    return signal
