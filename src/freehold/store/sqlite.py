"""The embedded store: one SQLite file in write-ahead mode, one thread that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Final, Protocol

from freehold.procedure import Signal
from freehold.services.store import Snapshot
from freehold.spec.errors import Unusable
from freehold.store.faults import unusable
from freehold.store.folder import DataFolder
from freehold.store.migrations import migrate
from freehold.store.writer import Durable, Post, Writer

FILE: Final = "freehold.db"


class Seal(Protocol):
    """Seals the rows of tables that hold secrets, and opens them; other rows pass as they are."""

    def seal(self, table: str, key: str, row: bytes) -> bytes:
        """The row as it is kept."""

    def open(self, table: str, key: str, row: bytes) -> bytes:
        """The row in clear; Unusable where it does not open."""


class SqliteStore:
    """A `services.store.Store` in a data folder that it holds until it is closed.

    Commits and reservations are on the disk when their signal is set, whatever happens then. `post` runs a function in
    the caller's loop (an asyncio loop's `call_soon_threadsafe`); `on_fault` hears there what a write behind ran into.
    """

    __slots__ = ("_closed", "_connection", "_folder", "_marks", "_path", "_seal", "_writer")

    def __init__(
        self,
        folder: DataFolder,
        post: Post,
        on_fault: Callable[[Unusable], None] = lambda _: None,
        seal: Seal | None = None,
    ) -> None:
        """Open or make the file and bring it to this program's format; Unusable, in one line, where that fails."""
        self._closed = False
        self._folder = folder
        self._seal = seal
        self._path = folder.path / FILE
        try:
            self._connection, self._marks = self._open()
        except (sqlite3.Error, OSError) as error:
            folder.release()
            raise unusable(self._path, error) from error
        except Unusable:
            folder.release()
            raise
        self._writer = Writer(self._connection, self._path, post, on_fault)

    def _open(self) -> tuple[sqlite3.Connection, dict[str, int]]:
        self._path.touch(mode=0o600)
        # The connection passes once from this thread to the writer; `load` alone shares it, by SQLite's own mutex.
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection)
            return connection, dict(connection.execute("SELECT name, mark FROM counters"))
        except BaseException:
            connection.close()
            raise

    @property
    def fault(self) -> str:
        """What the last write ran into; nothing where it went well."""
        return self._writer.fault

    def load(self, table: str) -> Iterable[tuple[str, bytes]]:
        """Every row of a table in the order of the keys, as committed; Unusable where the file is damaged."""
        try:
            rows = self._connection.execute("SELECT key, row FROM rows WHERE tab = ? ORDER BY key", (table,)).fetchall()
        except sqlite3.Error as error:
            raise unusable(self._path, error) from error
        return rows if self._seal is None else [(key, self._opened(table, key, row)) for key, row in rows]

    def commit(self, table: str, rows: Sequence[tuple[str, bytes | None]]) -> Signal[None]:
        """Write rows (None deletes) in one transaction; set once on the disk, failed with Unusable."""
        return self._writer.durable(Durable([(table, key, self._kept(table, key, row)) for key, row in rows]))

    def replace(self, tables: Mapping[str, Mapping[str, bytes]], marks: Mapping[str, int]) -> Signal[None]:
        """Put other rows in the place of all rows of these tables, in one transaction; marks are raised, never lowered.

        Whoever loaded rows before does not see it: for a store that nothing works with yet.
        """
        gone = [(table, key, None) for table in tables for key, _ in self.load(table) if key not in tables[table]]
        kept = [
            (table, key, self._kept(table, key, row)) for table, rows in tables.items() for key, row in rows.items()
        ]
        return self._writer.durable(Durable([*gone, *kept], marks))

    def snapshot(self) -> Snapshot:
        """Everything that is durable now, in clear, by a connection of its own; may be called in any thread."""
        tables: dict[str, dict[str, bytes]] = {}
        try:
            with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                connection.execute("BEGIN")
                for table, key, row in connection.execute("SELECT tab, key, row FROM rows"):
                    tables.setdefault(table, {})[key] = self._opened(table, key, row)
                return Snapshot(tables, dict(connection.execute("SELECT name, mark FROM counters")))
        except sqlite3.Error as error:
            raise unusable(self._path, error) from error

    def write_behind(self, table: str, key: str, row: bytes | None) -> None:
        """Write a row (None deletes) together with others; a key is always written behind or always committed."""
        self._writer.behind((table, key, self._kept(table, key, row)))

    def _kept(self, table: str, key: str, row: bytes | None) -> bytes | None:
        return row if row is None or self._seal is None else self._seal.seal(table, key, row)

    def _opened(self, table: str, key: str, row: bytes) -> bytes:
        return row if self._seal is None else self._seal.open(table, key, row)

    def reserved(self, counter: str) -> int:
        """The high-water mark of a counter when the store was opened: every value below may have been used."""
        return self._marks.get(counter, 0)

    def reserve(self, counter: str, upto: int) -> Signal[None]:
        """Persist a high-water mark; only once the signal is set may values below it be used."""
        return self._writer.durable(Durable((), {counter: upto}))

    def close(self) -> None:
        """Write what is behind, fold the log into the file and give the folder back; harmless when done twice."""
        if not self._closed:
            self._closed = True
            self._writer.close()
            self._connection.close()
            self._folder.release()
