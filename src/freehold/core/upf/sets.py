"""Sets of sessions that a peer may lose at once, named by it (TS 23.527 4.6, TS 29.244 8.2.43)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from freehold.core.upf.faults import incorrect

FQ_CSID: Final = 65
ADDRESS_OCTETS: Final = {0: 4, 1: 16, 2: 4}
"""By the type of node identifier: an IPv4 address, an IPv6 address, an operator's number."""


def sets_of(identifiers: Iterable[bytes]) -> tuple[bytes, ...]:
    """The sets that FQ-CSIDs name, each by its node and number; RuleFault where one cannot be read."""
    found: dict[bytes, None] = {}
    for octets in identifiers:
        head, rest = octets[0] if octets else 0xFF, octets[1:]
        size, many = ADDRESS_OCTETS.get(head >> 4), head & 0x0F
        if size is None or len(rest) < size + 2 * many:
            raise incorrect(FQ_CSID, "an FQ-CSID that ends too early, or of another kind of node")
        node = bytes((head >> 4,)) + rest[:size]
        found |= dict.fromkeys(node + rest[place : place + 2] for place in range(size, size + 2 * many, 2))
    return tuple(found)
