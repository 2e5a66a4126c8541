"""The store as its users see it: operator data durable before the answer, contexts written behind, counters kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from freehold.procedure import Signal


class Snapshot(msgspec.Struct, frozen=True):
    """All that a store holds at one instant: rows by table and key, and the high-water marks of counters."""

    tables: dict[str, dict[str, bytes]]
    marks: dict[str, int]


class Store(Protocol):
    """Rows of octets in named tables; Signals are set in the caller's loop."""

    def load(self, table: str) -> Iterable[tuple[str, bytes]]:
        """Every row of a table by key, read at start."""

    def commit(self, table: str, rows: Sequence[tuple[str, bytes | None]]) -> Signal[None]:
        """Write rows (None deletes) in one transaction; set once durable, failed with Unusable where it cannot be."""

    def replace(self, tables: Mapping[str, Mapping[str, bytes]], marks: Mapping[str, int]) -> Signal[None]:
        """Put other rows in the place of all rows of these tables, in one transaction; marks are raised, never lowered.

        Whoever loaded rows before does not see it: for a store that nothing works with yet.
        """

    def snapshot(self) -> Snapshot:
        """Everything that is durable now; may be called in any thread."""

    def write_behind(self, table: str, key: str, row: bytes | None) -> None:
        """Write a row some time soon, grouped with others; a crash may lose it."""

    def reserved(self, counter: str) -> int:
        """The high-water mark of a counter at start: every value below may have been used."""

    def reserve(self, counter: str, upto: int) -> Signal[None]:
        """Persist a new high-water mark before any value below it is used."""

    def close(self) -> None:
        """Write what is behind and let go of the files."""
