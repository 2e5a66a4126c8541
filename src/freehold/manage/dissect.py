"""A message open to its bits: its fields in words, each with its place among the octets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs.display import PROTOCOLS, guess, tree
from freehold.codecs.display.places import Span, spans, within
from freehold.codecs.display.tree import Node, Path, Reader
from freehold.manage.views import DissectionView, FieldView
from freehold.procedure.tap import Record
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi

AT_ONCE: Final = 100
"""Readings of a message before others have their turn: some milliseconds."""
CARRIED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "N1": "nas",
        "N2": "ngap",
        "N3": "gtpu",
        "N4": "pfcp",
        "N4-u": "gtpu",
        "Uu": "rrc",
        "Xn": "xnap",
        "F1": "f1ap",
        "E1": "e1ap",
    }
)
"""The protocol of each interface whose octets can be opened."""


async def dissect(octets: bytes, protocol: str = "") -> DissectionView:
    """The fields of one message; Unusable where no protocol fits."""
    rows = [PROTOCOLS[protocol]] if protocol in PROTOCOLS else guess(octets)
    if not rows or (protocol and protocol not in PROTOCOLS):
        known = ", ".join(PROTOCOLS)
        raise Unusable(f"protocol: {protocol} is none of {known}" if protocol else "octets: no protocol fits them")
    row = rows[0]
    node = tree(row.decode(octets))
    fields = await _placed(node, octets, row.decode, 0)
    content = FieldView(node.label, node.text, 0, 8 * len(octets), fields)
    return DissectionView(row.name, row.specification, octets.hex(), content)


async def opened(record: Record) -> DissectionView:
    """The fields of a record: of its octets, or of the operation's value where it has none."""
    if record.octets:
        return await dissect(record.octets, CARRIED.get(record.interface, ""))
    content = FieldView("", record.name, None, 0, tuple(_operation(record.value)))
    return DissectionView(record.interface, record.clause, "", content)


async def _placed(message: Node, octets: bytes, read: Reader, base: int) -> tuple[FieldView, ...]:
    """The fields of a message that begins at bit `base`."""
    found: dict[Path, Span] = {}
    steps, count = spans(octets, read), 0
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found = done.value
            break
        count += 1
        if count % AT_ONCE == 0:
            await asyncio.sleep(0)
    return tuple([await _field(child, octets, found, base) for child in message.children])


async def _field(node: Node, octets: bytes, found: Mapping[Path, Span], base: int) -> FieldView:
    span = found.get(node.path)
    if node.reopen is not None and (start := within(node, octets, span)) is not None:
        fields = await _placed(node, node.octets, node.reopen, base + start)
        return FieldView(node.label, node.text, base + start, 8 * len(node.octets), fields)
    fields = tuple([await _field(child, octets, found, base) for child in node.children])
    if span is None:
        return FieldView(node.label, node.text, None, 0, fields)
    return FieldView(node.label, node.text, base + span[0], span[1] - span[0], fields)


def _operation(value: Any) -> Iterator[FieldView]:
    """What an operation carries; octets are only counted, as keys are among them."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield _shown(name, getattr(value, name))
    elif isinstance(value, list | tuple):
        for at, part in enumerate(value, 1):
            yield _shown(str(at), part)
    elif value is not None:
        yield _shown("value", value)


def _shown(label: str, value: Any) -> FieldView:
    if isinstance(value, bytes):
        return FieldView(label, f"{len(value)} octets, which are not shown")
    if isinstance(value, Supi):
        return FieldView(label, str(value))
    if isinstance(value, list | tuple):
        return FieldView(label, f"{len(value)} items", fields=tuple(_operation(value)))
    if isinstance(value, msgspec.Struct):
        return FieldView(label, type(value).__name__, fields=tuple(_operation(value)))
    return FieldView(label, str(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__)
