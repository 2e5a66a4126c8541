"""Octets to attributes and back: total, in the order they came, bounded by the octets (RFC 4187 8.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from freehold.codecs.eap.aka import ATTRIBUTES, AtKdf, AtKdfFs
from freehold.codecs.eap.faults import Fault, unable
from freehold.codecs.eap.layout import WORD, Attribute, OtherAttribute, name_of, number_of

_LONGEST: Final = 255 * WORD
_SEVERAL: Final = frozenset({AtKdf.number, AtKdfFs.number})
"""Attributes that a message may have more than once (RFC 9048 3.2, RFC 9678 6.2)."""


def read_attributes(octets: bytes) -> tuple[tuple[Attribute, ...] | None, tuple[Fault, ...]]:
    """The attributes, None where their lengths do not lead to the end of the octets, and every fault (RFC 4187 8.1)."""
    found: list[Attribute] = []
    faults: list[Fault] = []
    seen: set[int] = set()
    at = 0
    while at < len(octets):
        number, words = octets[at], octets[at + 1] if at + 1 < len(octets) else 0
        end = at + WORD * words
        if not words or end > len(octets):
            return None, (unable("attribute length", "RFC 4187 8.1", str(number)),)
        attribute, fault = _read(number, octets[at + 2 : end])
        found.append(attribute)
        if fault is not None:
            faults.append(fault)
        elif number in seen and number not in _SEVERAL and number in ATTRIBUTES:
            faults.append(unable("attribute repeated", "RFC 4187 10.1", name_of(type(attribute))))
        seen.add(number)
        at = end
    return tuple(found), tuple(faults)


def _read(number: int, value: bytes) -> tuple[Attribute, Fault | None]:
    kind = ATTRIBUTES.get(number)
    if kind is None:
        other = OtherAttribute(number, value)
        fault = None if other.skippable else unable("non-skippable attribute unknown", "RFC 4187 8.1", str(number))
        return other, fault
    attribute = kind.read(value)
    if attribute is None:
        return OtherAttribute(number, value), unable("attribute invalid", kind.clause, name_of(kind))
    return attribute, None


def write_attributes(attributes: Iterable[Attribute]) -> bytes:
    """The octets of attributes; ValueError where a value does not fit (RFC 4187 8.1)."""
    return b"".join(map(_written, attributes))


def _written(attribute: Attribute) -> bytes:
    value = attribute.octets()
    number, size = number_of(attribute), 2 + len(value)
    if size % WORD or not WORD <= size <= _LONGEST or not 0 <= number <= 255:
        raise ValueError(f"{name_of(type(attribute))}: {size} octets are no words of four, {_LONGEST} at the most")
    return bytes((number, size // WORD)) + value
