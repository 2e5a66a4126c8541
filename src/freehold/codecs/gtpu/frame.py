"""Frames of bits declared as parts: how the user plane protocols in extension headers are laid out (TS 38.415 5.5.1).

What a peer sets beyond the parts, spare bits and a future extension, is kept in `spare` and sent again (TS 38.425 A.1).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Protocol, TypeVar

import msgspec

Found = dict[str, Any]

LONGEST: Final = 1018
"""The most octets of a frame: an extension header counts its words in one octet (TS 29.281 5.2.1)."""


class Short(Exception):  # noqa: N818 - not an error of ours: it ends the reading of one frame
    """A frame ends before its parts do; never leaves this module."""


class Reader:
    """Bits read from the front."""

    def __init__(self, octets: bytes) -> None:
        self._value = int.from_bytes(octets, "big")
        self._left = 8 * len(octets)

    def take(self, bits: int) -> int:
        """The next `bits` as a number; Short when they are not there."""
        self._left -= bits
        if self._left < 0:
            raise Short
        return self._value >> self._left & (1 << bits) - 1


class Writer:
    """Bits written at the end."""

    def __init__(self) -> None:
        self._value = 0
        self._bits = 0

    def put(self, value: int, bits: int) -> None:
        """Append `value` in `bits`; ValueError where it does not fit."""
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{value} does not fit in {bits} bits")
        self._value = self._value << bits | value
        self._bits += bits

    def octets(self) -> bytes:
        """What was written, filled up with zeros to 4n - 2 octets (TS 29.281 5.2.1)."""
        size = (self._bits + 7) // 8
        size += (2 - size) % 4
        return (self._value << 8 * size - self._bits).to_bytes(size, "big")


class Frame(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A frame; `spare` is what differs from what would be sent, bit by bit from the first octet on."""

    header_type: ClassVar[int]
    parts: ClassVar[tuple[Part, ...]]

    spare: bytes = b""


class Part(Protocol):
    """One part of a frame: reads itself into `found`, writes itself from a frame."""

    def read(self, reader: Reader, found: Found) -> None:
        """Read; Short where the frame ends."""

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write; ValueError where a value does not fit."""


class Constant(msgspec.Struct, frozen=True, gc=False):
    """Bits with one value: the PDU type, and spare bits as zero."""

    value: int
    bits: int

    def read(self, reader: Reader, found: Found) -> None:
        """Step over it."""
        del found
        reader.take(self.bits)

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write the value."""
        del frame
        writer.put(self.value, self.bits)


class Flag(msgspec.Struct, frozen=True, gc=False):
    """The bit that says whether a later part is there; itself only there where the part `under` is."""

    name: str
    under: str | None = None

    def read(self, reader: Reader, found: Found) -> None:
        """Note that the part comes."""
        if self.under is None or found.get(self.under) is not None:
            found[self.name] = ... if reader.take(1) else None
        else:
            found[self.name] = None

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write whether the part is there."""
        told = getattr(frame, self.name) is not None
        if self.under is None or getattr(frame, self.under) is not None:
            writer.put(told, 1)
        elif told:
            raise ValueError(f"{self.name} needs {self.under}")


class Gate(msgspec.Struct, frozen=True, gc=False):
    """The bit that says whether an octet of more flags comes, for the parts `names`; noted under `name`."""

    name: str
    names: tuple[str, ...]

    def read(self, reader: Reader, found: Found) -> None:
        """Note that the octet comes."""
        found[self.name] = reader.take(1)

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write whether one of the parts is there."""
        writer.put(any(getattr(frame, name) is not None for name in self.names), 1)


class Flags(msgspec.Struct, frozen=True, gc=False):
    """The octet behind a gate: spare bits, then a flag for each of its parts, the last one in the highest place."""

    gate: Gate

    def read(self, reader: Reader, found: Found) -> None:
        """Note which parts come."""
        told = reader.take(8) if found.pop(self.gate.name) else 0
        for at, name in enumerate(self.gate.names):
            found[name] = ... if told >> at & 1 else None

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write which parts are there, if any."""
        told = sum((getattr(frame, name) is not None) << at for at, name in enumerate(self.gate.names))
        if told:
            writer.put(told, 8)


class Truth(msgspec.Struct, frozen=True, gc=False):
    """A bit that is a value itself; with a flag of its own, behind seven spare bits."""

    name: str
    octet: bool = False

    def read(self, reader: Reader, found: Found) -> None:
        """Read the bit."""
        if not self.octet:
            found[self.name] = bool(reader.take(1))
        elif found[self.name] is not None:
            found[self.name] = bool(reader.take(8) & 1)

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write the bit."""
        value = getattr(frame, self.name)
        if value is not None:
            writer.put(value, 8 if self.octet else 1)


class Number(msgspec.Struct, frozen=True, gc=False):
    """A number, with `after` spare bits behind it; there unless its flag said no."""

    name: str
    bits: int
    after: int = 0

    def read(self, reader: Reader, found: Found) -> None:
        """Read the number."""
        if found.get(self.name, ...) is not None:
            found[self.name] = reader.take(self.bits)
            reader.take(self.after)

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write the number."""
        value = getattr(frame, self.name)
        if value is not None:
            writer.put(value, self.bits)
            writer.put(0, self.after)


class Numbers(msgspec.Struct, frozen=True, gc=False):
    """A fixed row of numbers of one width; there where its flag said so."""

    name: str
    count: int
    bits: int

    def read(self, reader: Reader, found: Found) -> None:
        """Read the row."""
        if found[self.name] is not None:
            found[self.name] = tuple(reader.take(self.bits) for _ in range(self.count))

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write the row; ValueError where it has another length."""
        value = getattr(frame, self.name)
        if value is not None and len(value) != self.count:
            raise ValueError(f"{self.name} has {self.count} numbers")
        for number in value or ():
            writer.put(number, self.bits)


class Pairs(msgspec.Struct, frozen=True, gc=False):
    """Up to 255 pairs of numbers behind their count; there where its flag said so."""

    name: str
    first: int
    second: int

    def read(self, reader: Reader, found: Found) -> None:
        """Read the pairs."""
        if found[self.name] is not None:
            count = reader.take(8)
            found[self.name] = tuple((reader.take(self.first), reader.take(self.second)) for _ in range(count))

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write the pairs."""
        value = getattr(frame, self.name)
        if value is None:
            return
        writer.put(len(value), 8)
        for first, second in value:
            writer.put(first, self.first)
            writer.put(second, self.second)


class Strings(msgspec.Struct, frozen=True, gc=False):
    """Up to 255 octet strings behind their count, each behind its type and length; there where its flag said so."""

    name: str

    def read(self, reader: Reader, found: Found) -> None:
        """Read the strings."""
        if found[self.name] is not None:
            found[self.name] = tuple(self._one(reader) for _ in range(reader.take(8)))

    @staticmethod
    def _one(reader: Reader) -> tuple[int, bytes]:
        kind, size = reader.take(8), reader.take(8)
        return kind, reader.take(8 * size).to_bytes(size, "big")

    def write(self, writer: Writer, frame: Frame) -> None:
        """Write the strings."""
        value = getattr(frame, self.name)
        if value is None:
            return
        writer.put(len(value), 8)
        for kind, octets in value:
            writer.put(kind, 8)
            writer.put(len(octets), 8)
            writer.put(int.from_bytes(octets, "big"), 8 * len(octets))


_F = TypeVar("_F", bound=Frame)


def decode(kind: type[_F], content: bytes) -> _F | None:
    """The frame in an extension header's content; None where it ends too early."""
    reader, found = Reader(content), Found()
    try:
        for part in kind.parts:
            part.read(reader, found)
    except Short:
        return None
    frame = kind(**found)
    canonical = encode(frame)
    if canonical == content:
        return frame
    return msgspec.structs.replace(frame, spare=difference(canonical, content))


def encode(frame: Frame) -> bytes:
    """The content of the frame's extension header. ValueError says what does not fit."""
    writer = Writer()
    for part in frame.parts:
        part.write(writer, frame)
    octets = difference(writer.octets(), frame.spare) if frame.spare else writer.octets()
    if len(octets) > LONGEST or len(octets) % 4 != 2:
        raise ValueError(f"a frame has 4n - 2 octets, at most {LONGEST}")
    return octets


def difference(one: bytes, other: bytes) -> bytes:
    """Exclusive or of both, the shorter one filled up with zeros: applied twice it gives `other` back."""
    size = max(len(one), len(other))
    left, right = (int.from_bytes(octets.ljust(size, b"\0"), "big") for octets in (one, other))
    return (left ^ right).to_bytes(size, "big")
