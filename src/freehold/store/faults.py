"""What went wrong with the store's files, in one line that says where and what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from freehold.spec.errors import Unusable

# SQLite's result codes by the beginning of their names, the first that fits.
_SAYS: Final = (
    ("SQLITE_FULL", "the disk is full", "free space there; nothing acknowledged was lost"),
    ("SQLITE_READONLY", "it cannot be written", "give this user write permission for the file and its folder"),
    ("SQLITE_PERM", "it cannot be read", "give this user permission for the file and its folder"),
    ("SQLITE_CANTOPEN", "it cannot be opened", "check that the folder exists and that this user may write there"),
    ("SQLITE_CORRUPT", "it is damaged", "put a backup in its place, or move it away to begin anew"),
    ("SQLITE_NOTADB", "it is not a store of this program", "put a backup in its place, or move it away to begin anew"),
    ("SQLITE_BUSY", "another program holds it", "end the program that has it open"),
    ("SQLITE_LOCKED", "another program holds it", "end the program that has it open"),
    ("SQLITE_IOERR", "reading or writing it failed", "check the disk; nothing acknowledged was lost"),
)


def unusable(path: Path, error: Exception) -> Unusable:
    """The owner's line for an error of the file at `path`."""
    name = getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
    for beginning, what, fix in _SAYS:
        if name.startswith(beginning):
            return Unusable(f"the store {path}: {what}; {fix}")
    return Unusable(f"the store {path}: {error}")
