"""A store's file written anew with other rows: whatever ends the process, there is the old file or the new one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from freehold.spec.errors import Unusable
from freehold.store.faults import unusable
from freehold.store.folder import DataFolder
from freehold.store.migrations import migrate
from freehold.store.sqlite import FILE

_NEW: Final = f"{FILE}.new"
_GONE: Final = f"{FILE}.gone"
_CHUNK: Final = 1 << 20

Change = Callable[[str, str, bytes], bytes]
"""A row as it is to be, from its table, its key and what it is."""


def some_row(folder: DataFolder, tables: frozenset[str], condition: str) -> bool:
    """Whether a row of these tables holds an SQL condition on `row`; not where there is no file yet."""
    path = folder.path / FILE
    if not path.exists():
        return False
    places = ",".join("?" * len(tables))
    question = f"SELECT 1 FROM rows WHERE tab IN ({places}) AND {condition} LIMIT 1"  # noqa: S608 - ours alone
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            migrate(connection)
            return connection.execute(question, sorted(tables)).fetchone() is not None
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def rewrite(folder: DataFolder, change: Change) -> None:
    """Put a file with changed rows in the place of the store's, and overwrite the old one.

    Unusable, and the old file stays, where that cannot be.
    """
    path, new = folder.path / FILE, folder.path / _NEW
    clear_away(folder)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as old:
            migrate(old)
            # Folds the log into the file and removes it; refused while another program has the file open.
            if old.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
                raise Unusable(f"the store {path}: another program holds it; end the program that has it open")
            new.touch(mode=0o600)
            _copy(old, new, change)
        os.link(path, folder.path / _GONE)
        new.replace(path)
        _synchronised(folder.path)
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error
    clear_away(folder)


def clear_away(folder: DataFolder) -> None:
    """Remove what a rewriting that was cut short left, its old rows overwritten."""
    for rest in (_NEW, f"{_NEW}-journal"):
        (folder.path / rest).unlink(missing_ok=True)
    gone = folder.path / _GONE
    if not gone.exists():
        return
    try:
        if not gone.samefile(folder.path / FILE):  # cut short before the new file stood in its place
            with gone.open("r+b") as file:
                for at in range(0, gone.stat().st_size, _CHUNK):
                    file.write(bytes(min(_CHUNK, gone.stat().st_size - at)))
                file.flush()
                os.fsync(file.fileno())
        gone.unlink()
    except OSError as error:
        raise unusable(gone, error) from error


def _copy(old: sqlite3.Connection, path: Path, change: Change) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as new:
        migrate(new)
        new.execute("PRAGMA synchronous = FULL")
        new.execute("BEGIN IMMEDIATE")
        rows = old.execute("SELECT tab, key, row FROM rows ORDER BY tab, key")
        changed = ((table, key, change(table, key, row)) for table, key, row in rows)
        new.executemany("INSERT INTO rows VALUES (?, ?, ?)", changed)
        new.executemany("INSERT INTO counters VALUES (?, ?)", old.execute("SELECT name, mark FROM counters"))
        new.execute("COMMIT")


def _synchronised(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
