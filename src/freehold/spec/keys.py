"""Secret octets that no log, repr or traceback shows."""

from __future__ import annotations


class Key(bytes):
    """A key of TS 33.501 6.2: plain octets to an algorithm, masked to everybody else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Key(<{len(self)} octets>)"

    __str__ = __repr__
