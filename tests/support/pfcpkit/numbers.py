"""The types of the information elements that a PFCP message holds, as its octets say them (TS 29.244 8.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.codecs import pfcp
from freehold.codecs.marks import Marked
from freehold.codecs.pfcp.table import hints, member


def numbers(value: pfcp.Group) -> Iterator[int]:
    """The type of every IE in a message or a grouped IE, in the order of the tables."""
    for name, hint in zip(value.__struct_fields__, hints(type(value)), strict=True):
        if type(hint) is not Marked or getattr(value, name) is None:
            continue
        held = getattr(value, name)
        for item in held if isinstance(held, tuple) else (held,):
            yield member(hint)[0].number
            if isinstance(item, pfcp.Group):
                yield from numbers(item)
    yield from (ie.number for ie in value.unknown_ies)
