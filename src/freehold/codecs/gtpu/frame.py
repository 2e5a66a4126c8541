"""Frames of bits declared as parts: how the user plane protocols in extension headers are laid out (TS 38.415 5.5.1).

The native engine reads and writes them by these parts. What a peer sets beyond the parts, spare bits and a future
extension, is kept in `spare` and sent again (TS 38.425 A.1).
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import msgspec

Row = tuple[str, int, int, int, list[int]]
"""A part for the engine: kind, number of its field, two sizes or values, numbers of other fields."""


class Frame(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A frame; `spare` is what differs from what would be sent, bit by bit from the first octet on.

    `pdu_type` is the one it has in its extension header, None where that has no PDU types.
    """

    header_type: ClassVar[int]
    pdu_type: ClassVar[int | None] = None
    parts: ClassVar[tuple[Part, ...]]

    spare: bytes = b""


class Part(Protocol):
    """One part of a frame."""

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""


class Constant(msgspec.Struct, frozen=True, gc=False):
    """Bits with one value: the PDU type, and spare bits as zero."""

    value: int
    bits: int

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        del fields
        return "constant", 0, self.value, self.bits, []


class Flag(msgspec.Struct, frozen=True, gc=False):
    """The bit that says whether a later part is there; itself only there where the part `under` is."""

    name: str
    under: str | None = None

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "flag", fields.index(self.name), 0, 0, [] if self.under is None else [fields.index(self.under)]


class Gate(msgspec.Struct, frozen=True, gc=False):
    """The bit that says whether an octet of more flags comes, for the parts `names`."""

    names: tuple[str, ...]

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "gate", 0, 0, 0, [fields.index(name) for name in self.names]


class Flags(msgspec.Struct, frozen=True, gc=False):
    """The octet behind a gate: spare bits, then a flag for each of its parts, the last one in the highest place."""

    gate: Gate

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "flags", 0, 0, 0, [fields.index(name) for name in self.gate.names]


class Truth(msgspec.Struct, frozen=True, gc=False):
    """A bit that is a value itself; with a flag of its own, behind seven spare bits."""

    name: str
    octet: bool = False

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "truth", fields.index(self.name), int(self.octet), 0, []


class Number(msgspec.Struct, frozen=True, gc=False):
    """A number, with `after` spare bits behind it; there unless its flag said no."""

    name: str
    bits: int
    after: int = 0

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "number", fields.index(self.name), self.bits, self.after, []


class Numbers(msgspec.Struct, frozen=True, gc=False):
    """A fixed row of numbers of one width; there where its flag said so."""

    name: str
    count: int
    bits: int

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "numbers", fields.index(self.name), self.count, self.bits, []


class Pairs(msgspec.Struct, frozen=True, gc=False):
    """Up to 255 pairs of numbers behind their count; there where its flag said so."""

    name: str
    first: int
    second: int

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "pairs", fields.index(self.name), self.first, self.second, []


class Strings(msgspec.Struct, frozen=True, gc=False):
    """Up to 255 octet strings behind their count, each behind its type and length; there where its flag said so."""

    name: str

    def row(self, fields: tuple[str, ...]) -> Row:
        """The part for the engine."""
        return "strings", fields.index(self.name), 0, 0, []
