"""Which bits of a message hold which field, whatever the encoding: a bit is its whose value changes with it.

Each bit is turned over, the message read again, and the lowest place that holds everything that changed owns the bit.
So a length or a tag belongs to what it delimits, and one method serves PER, NAS and PFCP alike.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Final

import msgspec

from freehold.codecs.display.protocols import Reading
from freehold.codecs.display.tree import HEADER, Node, Path, Reader

MOST: Final = 1024
"""Octets whose every bit is tried; of a longer message one bit an octet is."""
LONGEST: Final = 16384
"""Octets that are tried at all."""
Span = tuple[int, int]
"""The first bit of a place, counted from the message's first, and the bit after its last."""


def spans(octets: bytes, read: Reader) -> Generator[None, None, dict[Path, Span]]:
    """The place of each field; yields after each reading, for others to go on."""
    found: dict[Path, Span] = {}
    plain = read(octets)
    if plain is None or len(octets) > LONGEST:
        return found
    width = 1 if len(octets) <= MOST else 8
    changed = bytearray(octets)
    for at in range(0, 8 * len(octets), width):
        mask = 0x80 >> at % 8 if width == 1 else 0x01
        changed[at // 8] ^= mask
        owner = _owner(plain, read(bytes(changed)))
        changed[at // 8] ^= mask
        for length in range(len(owner or ()), 0, -1):
            _widen(found, (owner or ())[:length], at, at + width)
        yield
    return found


def _widen(found: dict[Path, Span], path: Path, first: int, after: int) -> None:
    known = found.get(path)
    found[path] = (first, after) if known is None else (min(known[0], first), max(known[1], after))


def _owner(plain: Reading, other: Reading | None) -> Path | None:
    """The lowest place that holds all that differs; None where nothing does, or there is no message any more."""
    if other is None or other.message is None:
        return None
    inside = difference(plain.message, other.message)
    beside = difference(plain.header, other.header)
    if beside is None:
        return inside
    return (HEADER, *beside) if inside is None else ()


def difference(one: Any, other: Any) -> Path | None:
    """The lowest place that holds everything in which two values differ; None where they are equal."""
    if type(one) is not type(other):
        return ()
    if isinstance(one, msgspec.Struct):
        steps: list[str | int] = [name for name in one.__struct_fields__ if getattr(one, name) != getattr(other, name)]
        if len(steps) == 1:
            name = str(steps[0])
            return (name, *(difference(getattr(one, name), getattr(other, name)) or ()))
        return () if steps else None
    if isinstance(one, list | tuple) and len(one) == len(other):
        steps = [at for at, (first, second) in enumerate(zip(one, other, strict=True)) if first != second]
        if len(steps) == 1:
            at = int(steps[0])
            return (at, *(difference(one[at], other[at]) or ()))
        return () if steps else None
    return None if one == other else ()


def within(node: Node, octets: bytes, span: Span | None) -> int | None:
    """The bit where the octets of an opened field begin in their message's; None where they are not there whole."""
    if span is not None:
        first = span[0] // 8
        if octets[first : first + len(node.octets)] == node.octets:
            return 8 * first
    first = octets.find(node.octets)
    return 8 * first if first >= 0 else None


def opened_nodes(node: Node) -> Iterator[Node]:
    """The nearest nodes under this one that hold messages of their own."""
    for child in node.children:
        if child.reopen is not None:
            yield child
        else:
            yield from opened_nodes(child)
