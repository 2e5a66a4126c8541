"""The layouts that attributes have: a class an attribute, declared by its type, clause and sizes (RFC 4187 8.1)."""

from __future__ import annotations

from typing import ClassVar, Final, Self

import msgspec

WORD: Final = 4
"""Octets of the unit in which an attribute's length counts (RFC 4187 8.1)."""


class Attribute(msgspec.Struct, frozen=True, gc=False):
    """One attribute of EAP-AKA or EAP-AKA' (RFC 4187 8.1)."""

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        raise NotImplementedError


class Known(Attribute, frozen=True, gc=False):
    """An attribute that a clause defines; `number` is its type (RFC 4187 8.1)."""

    number: ClassVar[int]
    clause: ClassVar[str]

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute of what follows the length octet, None where it is not as its clause says."""
        raise NotImplementedError


class Plain(Known, frozen=True, gc=False):
    """Two reserved octets and a value of one of `sizes` octets; none given: of any multiple of four."""

    sizes: ClassVar[frozenset[int]] = frozenset()

    value: bytes
    reserved: int = 0

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong (RFC 4187 8.1)."""
        value = octets[2:]
        return None if cls.sizes and len(value) not in cls.sizes else cls(value, int.from_bytes(octets[:2], "big"))

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        if self.sizes and len(self.value) not in self.sizes:
            raise ValueError(f"{name_of(type(self))} has {' or '.join(map(str, sorted(self.sizes)))} octets")
        return _two(self, self.reserved) + self.value


class Whole(Known, frozen=True, gc=False):
    """A value right after the length octet, of one of `sizes` octets; none given: of any that ends a word."""

    sizes: ClassVar[frozenset[int]] = frozenset()

    value: bytes

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong (RFC 4187 8.1)."""
        return None if cls.sizes and len(octets) not in cls.sizes else cls(octets)

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        if self.sizes and len(self.value) not in self.sizes:
            raise ValueError(f"{name_of(type(self))} has {' or '.join(map(str, sorted(self.sizes)))} octets")
        return self.value


class Number(Known, frozen=True, gc=False):
    """A number of 16 bits."""

    value: int

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong (RFC 4187 8.1)."""
        return cls(int.from_bytes(octets, "big")) if len(octets) == 2 else None

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        return _two(self, self.value)


class Flag(Known, frozen=True, gc=False):
    """An attribute that says all by being there; `reserved` are its 16 bits, sent as zero and ignored."""

    reserved: int = 0

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong (RFC 4187 8.1)."""
        return cls(int.from_bytes(octets, "big")) if len(octets) == 2 else None

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        return _two(self, self.reserved)


class Counted(Known, frozen=True, gc=False):
    """A value of so many octets as two octets before it say, padded to a word.

    `padding` is what came in its place where it was not the fewest zeros, None elsewhere.
    """

    value: bytes
    padding: bytes | None = None

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong (RFC 4187 8.1)."""
        size = int.from_bytes(octets[:2], "big")
        if size > len(octets) - 2:
            return None
        value, padding = octets[2 : 2 + size], octets[2 + size :]
        return cls(value, None if padding == bytes(-len(value) % WORD) else padding)

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        return _two(self, len(self.value)) + self.value + _padding(self.value, self.padding)


class Bits(Known, frozen=True, gc=False):
    """As `Counted`, but counted in bits; `unused` are the bits of the last octet that do not count."""

    sizes: ClassVar[range]

    value: bytes
    unused: int = 0
    padding: bytes | None = None

    @classmethod
    def read(cls, octets: bytes) -> Self | None:
        """The attribute, None where its size is wrong (RFC 4187 8.1)."""
        bits = int.from_bytes(octets[:2], "big")
        size = (bits + 7) // 8
        if bits not in cls.sizes or size > len(octets) - 2:
            return None
        value, padding = octets[2 : 2 + size], octets[2 + size :]
        return cls(value, 8 * size - bits, None if padding == bytes(-size % WORD) else padding)

    def octets(self) -> bytes:
        """What follows the length octet; ValueError where it does not fit."""
        bits = 8 * len(self.value) - self.unused
        if bits not in self.sizes or not 0 <= self.unused < 8:
            raise ValueError(f"{name_of(type(self))} has {self.sizes.start} to {self.sizes.stop - 1} bits")
        return _two(self, bits) + self.value + _padding(self.value, self.padding)


class OtherAttribute(Attribute, frozen=True, gc=False):
    """An attribute that is unknown, or whose value is not as its clause says: type and all after the length octet."""

    kind: int
    value: bytes

    @property
    def skippable(self) -> bool:
        """Whether one who does not know it goes on without it (RFC 4187 8.1)."""
        return self.kind >= FIRST_SKIPPABLE

    def octets(self) -> bytes:
        """What follows the length octet."""
        return self.value


FIRST_SKIPPABLE: Final = 128
"""The first type that may be skipped (RFC 4187 8.1)."""


def number_of(attribute: Attribute) -> int:
    """An attribute's type (RFC 4187 8.1)."""
    if isinstance(attribute, OtherAttribute):
        return attribute.kind
    return attribute.number if isinstance(attribute, Known) else 0


def name_of(kind: type[Attribute]) -> str:
    """An attribute's name as the specifications write it: AT_RAND."""
    name = kind.__name__
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in name)
    return words[1:].upper()


def _two(attribute: Attribute, number: int) -> bytes:
    if not 0 <= number < 1 << 16:
        raise ValueError(f"{name_of(type(attribute))}: {number} is no number of 16 bits")
    return number.to_bytes(2, "big")


def _padding(value: bytes, given: bytes | None) -> bytes:
    return bytes(-len(value) % WORD) if given is None else given
