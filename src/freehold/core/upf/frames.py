"""Ethernet packet filters (TS 29.244 7.5.2.2): which frames of an Ethernet session a rule is for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from freehold.codecs.pfcp import CTAG, PDI, STAG, EthernetPacketFilter
from freehold.core.upf.faults import incorrect
from freehold.core.upf.flow_description import parse_filter
from freehold.core.upf.state import RuleSet
from freehold.services.userplane import FrameFilter, MacRange, Tag

ETHERNET_PACKET_FILTER: Final = 132
BIDE: Final = 0x01
"""The filter is for both directions (TS 29.244 8.2.99)."""
PRIORITY, DROP_ELIGIBLE, VLAN = 0x01, 0x02, 0x04
"""Which parts of a tag count (TS 29.244 8.2.94)."""


def frame_filters(rules: RuleSet, pdi: PDI) -> tuple[FrameFilter, ...]:
    """The filters of a rule; those for both directions are remembered for the rule that names them only."""
    return tuple(_filter(rules, one) for one in pdi.ethernet_packet_filter)


def _filter(rules: RuleSet, one: EthernetPacketFilter) -> FrameFilter:
    number = one.ethernet_filter_id
    if number is not None and _names_only(one):
        known = rules.frames.get(number)
        if known is None:
            raise incorrect(ETHERNET_PACKET_FILTER, f"no Ethernet filter {number} for both directions")
        return _turned(known)
    found = FrameFilter(
        tuple(_ranges(one, destination=False)),
        tuple(_ranges(one, destination=True)),
        one.ethertype,
        None if one.c_tag is None else _tag(one.c_tag),
        None if one.s_tag is None else _tag(one.s_tag),
        tuple(chain.from_iterable(map(parse_filter, one.sdf_filter))),
    )
    if number is not None and (one.ethernet_filter_properties or 0) & BIDE:
        rules.frames[number] = found
    return found


def _names_only(one: EthernetPacketFilter) -> bool:
    return not (one.mac_address or one.ethertype is not None or one.c_tag or one.s_tag or one.sdf_filter)


def _turned(known: FrameFilter) -> FrameFilter:
    """The same filter for the other direction."""
    return FrameFilter(
        known.destinations, known.sources, known.kind, known.customer_tag, known.service_tag, known.filters
    )


def _ranges(one: EthernetPacketFilter, *, destination: bool) -> Iterator[MacRange]:
    """Single addresses, or ranges with both ends (TS 29.244 8.2.93)."""
    for address in one.mac_address:
        first = address.destination if destination else address.source
        last = address.upper_destination if destination else address.upper_source
        if first is not None:
            yield first, last if last is not None and last >= first else first


def _tag(tag: CTAG | STAG) -> Tag:
    """The tag as it is on the wire: priority, drop eligibility, VLAN (TS 29.244 8.2.94, IEEE 802.1Q 9.6)."""
    high, low = tag.tag
    value = (high & 0x07) << 13 | (high >> 3 & 0x01) << 12 | (high >> 4) << 8 | low
    mask = (
        (0xE000 if tag.parts & PRIORITY else 0)
        | (0x1000 if tag.parts & DROP_ELIGIBLE else 0)
        | (0x0FFF if tag.parts & VLAN else 0)
    )
    return value & mask, mask
