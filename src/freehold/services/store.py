"""The store as its users see it: operator data durable before the answer, contexts written behind, counters kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from freehold.procedure import Signal


class Store(Protocol):
    """Rows of octets in named tables; Signals are set in the caller's loop."""

    def load(self, table: str) -> Iterable[tuple[str, bytes]]:
        """Every row of a table by key, read at start."""

    def commit(self, table: str, rows: Sequence[tuple[str, bytes | None]]) -> Signal[None]:
        """Write rows (None deletes) in one transaction; set once durable, failed with Unusable where it cannot be."""

    def write_behind(self, table: str, key: str, row: bytes | None) -> None:
        """Write a row some time soon, grouped with others; a crash may lose it."""

    def reserved(self, counter: str) -> int:
        """The high-water mark of a counter at start: every value below may have been used."""

    def reserve(self, counter: str, upto: int) -> Signal[None]:
        """Persist a new high-water mark before any value below it is used."""

    def close(self) -> None:
        """Write what is behind and let go of the files."""
