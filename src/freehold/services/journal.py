"""What a function writes down for the process that comes after it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Journal(Protocol):
    """Rows of octets by key that outlive this process, though not this start of the machine; no method waits."""

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every row."""

    def put(self, key: bytes, row: bytes) -> None:
        """Have a row at a key."""

    def remove(self, key: bytes) -> None:
        """Have none there."""
