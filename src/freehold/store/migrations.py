"""The formats of the SQLite file, one row a step, each with its way back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from freehold.spec.errors import Unusable

# "FREH": tells our file from any other SQLite data base.
APPLICATION_ID: Final = 0x46524548


class Migration(msgspec.Struct, frozen=True):
    """One step of the format: statements that make it, and those that undo it and lose nothing the older one knew."""

    version: int
    what: str
    up: tuple[str, ...]
    down: tuple[str, ...]


MIGRATIONS: Final = (
    Migration(
        1,
        "rows by table and key",
        up=("CREATE TABLE rows (tab TEXT, key TEXT, row BLOB NOT NULL, PRIMARY KEY (tab, key)) WITHOUT ROWID",),
        down=("DROP TABLE rows",),
    ),
    Migration(
        2,
        "high-water marks of counters",
        up=("CREATE TABLE counters (name TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID",),
        down=("DROP TABLE counters",),
    ),
)


def version(connection: sqlite3.Connection) -> int:
    """The format of the file; 0 for an empty one. Unusable where it is the data base of another program."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (application or found or tables):
        raise Unusable("the store file is the data base of another program; choose another folder with [store] folder")
    return int(found)


def migrate(
    connection: sqlite3.Connection, to: int | None = None, migrations: Sequence[Migration] = MIGRATIONS
) -> tuple[int, int]:
    """Bring the file to format `to`, the newest by default, in one transaction; the formats before and after.

    Unusable where the file is newer than this program: only the newer one knows the way back.
    """
    newest = migrations[-1].version
    target = newest if to is None else to
    found = version(connection)
    if found > newest:
        raise Unusable(
            f"the store has format {found} and this program knows {newest}: take the newer program,"
            f" or let it write format {newest} first"
        )
    steps = [step.up for step in migrations if found < step.version <= target]
    steps += [step.down for step in reversed(migrations) if target < step.version <= found]
    if steps:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in (statement for step in steps for statement in step):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {target}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    return found, target
