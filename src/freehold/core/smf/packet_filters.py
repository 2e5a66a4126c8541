"""Packet filters of QoS flows, as terminals know them (TS 24.501 9.11.4.13) and as UPFs do (TS 29.244 7.5.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from types import MappingProxyType
from typing import Any, Final, cast

from msgspec.structs import replace

from freehold.codecs import pfcp
from freehold.codecs.nas.values.qos import (
    MATCH_ALL,
    Component,
    Ipv4Remote,
    Ipv6Prefix,
    PacketFilter,
    PortRange,
    TrafficClass,
)
from freehold.services.npcf import FlowFilter
from freehold.spec.causes import SmCause
from freehold.spec.errors import Reject

DOWNLINK, UPLINK, BOTH = 1, 2, 3
"""Directions of a packet filter (TS 24.501 9.11.4.13)."""
DIRECTIONS: Final = {"downlink": DOWNLINK, "uplink": UPLINK, "both": BOTH}
VLAN: Final = 0x04
"""The VLAN identifier of a tag counts (TS 29.244 8.2.94)."""
MOST_FILTERS: Final = 15
"""Packet filters of one QoS rule (TS 24.501 9.11.4.13)."""


# --- what terminals are told ---------------------------------------------------------------------
def told(filters: tuple[FlowFilter, ...]) -> list[PacketFilter]:
    """The packet filters of a QoS rule; one with a far MAC address is told for each direction by itself."""
    found = []
    for one in filters:
        both = one.direction == "both" and one.mac is not None
        parts = (replace(one, direction="uplink"), replace(one, direction="downlink")) if both else (one,)
        found += [(DIRECTIONS[part.direction], _components(part)) for part in parts]
    return [PacketFilter(direction, place, components) for place, (direction, components) in enumerate(found, 1)]


def _components(one: FlowFilter) -> list[Component]:
    found = [*_ip_components(one)]
    if one.mac is not None:
        # IEEE 802.3 3.1.1: the far end is the destination of uplink frames, and the source of downlink ones
        found.append(Component(0x82 if one.direction == "downlink" else 0x81, one.mac))
    if one.vlan is not None:
        found.append(Component(0x83, one.vlan))
    if one.ethertype is not None:
        found.append(Component(0x87, one.ethertype))
    return found or [Component(MATCH_ALL)]


def _ip_components(one: FlowFilter) -> list[Component]:
    found = []
    if one.remote is not None:
        network = ip_network(one.remote)
        if isinstance(network, IPv4Network):
            found.append(Component(0x10, Ipv4Remote(network.network_address.packed, network.netmask.packed)))
        else:
            found.append(Component(0x21, Ipv6Prefix(network.network_address.packed, network.prefixlen)))
    if one.protocol is not None:
        found.append(Component(0x30, one.protocol))
    for kind, ports in ((0x40, one.local_ports), (0x50, one.remote_ports)):
        if ports is not None:
            low, high = ports
            found.append(Component(kind, low) if low == high else Component(kind + 1, PortRange(low, high)))
    if one.service is not None:
        found.append(Component(0x70, TrafficClass(*one.service)))
    return found


# --- what terminals ask for ------------------------------------------------------------------------
def asked(one: PacketFilter, *, ethernet: bool) -> FlowFilter:
    """A filter that a terminal asks for; Reject where it says nothing that packets of the session can be."""
    direction = {number: name for name, number in DIRECTIONS.items()}.get(one.direction)
    if direction is None:
        raise _wrong("a packet filter of no direction")
    found = FlowFilter(direction=cast("Any", direction))
    for component in one.components:
        reader = READERS.get(component.kind)
        if reader is None:
            raise Reject(
                SmCause.QOS_NOT_ACCEPTED,
                f"a packet filter with component type {component.kind:#x}, which no user plane here tells apart",
                "leave it out of the terminal's request",
            )
        if not ethernet and component.kind >= FIRST_OF_FRAMES:
            raise _wrong("a filter of frames in a session of packets")
        found = reader(found, component.value, one.direction)
    return found


def _wrong(why: str) -> Reject:
    return Reject(SmCause.SEMANTIC_ERRORS_IN_PACKET_FILTERS, why, "the terminal's request is wrong")


def _remote_4(one: FlowFilter, value: Ipv4Remote, _: int) -> FlowFilter:
    try:
        network = IPv4Network((value.address, str(IPv4Address(value.mask))), strict=False)
    except ValueError:
        raise _wrong("an IPv4 mask with holes") from None
    return replace(one, remote=str(network))


def _remote_6(one: FlowFilter, value: Ipv6Prefix, _: int) -> FlowFilter:
    if value.length > 128:
        raise _wrong("an IPv6 prefix of more than 128 bits")
    return replace(one, remote=str(IPv6Network((value.address, value.length), strict=False)))


def _ports(field: str) -> Callable[[FlowFilter, Any, int], FlowFilter]:
    def read(one: FlowFilter, value: PortRange | int, _: int) -> FlowFilter:
        low, high = (value, value) if isinstance(value, int) else (value.low, value.high)
        if low > high:
            raise _wrong("a range of ports that is none")
        return replace(one, **{field: (low, high)})

    return read


def _mac(ours: int) -> Callable[[FlowFilter, Any, int], FlowFilter]:
    """The address of the far end: the destination of uplink frames, or the source of downlink ones."""

    def read(one: FlowFilter, value: bytes, direction: int) -> FlowFilter:
        if direction != ours:
            raise _wrong("a MAC address of the terminal's own, or of both ends")
        return replace(one, mac=value)

    return read


FIRST_OF_FRAMES: Final = 0x81
READERS: Final[Mapping[int, Callable[[FlowFilter, Any, int], FlowFilter]]] = MappingProxyType(
    {
        MATCH_ALL: lambda one, _, __: one,
        0x10: _remote_4,
        0x21: _remote_6,
        0x30: lambda one, value, _: replace(one, protocol=value),
        0x40: _ports("local_ports"),
        0x41: _ports("local_ports"),
        0x50: _ports("remote_ports"),
        0x51: _ports("remote_ports"),
        0x70: lambda one, value, _: replace(one, service=(value.value, value.mask)),
        0x81: _mac(UPLINK),
        0x82: _mac(DOWNLINK),
        0x83: lambda one, value, _: replace(one, vlan=value),
        0x87: lambda one, value, _: replace(one, ethertype=value),
    }
)
"""Components that a user plane can tell apart."""


# --- what UPFs are told -----------------------------------------------------------------------------
def of_direction(filters: tuple[FlowFilter, ...], *, uplink: bool) -> tuple[FlowFilter, ...]:
    """Those that are for packets of this direction."""
    unwanted = "downlink" if uplink else "uplink"
    return tuple(one for one in filters if one.direction != unwanted)


def sdf(one: FlowFilter) -> pfcp.SDFFilter:
    """A service data flow filter; the text is of downlink whatever the direction (TS 29.212 5.4.2)."""
    protocol = "ip" if one.protocol is None else str(one.protocol)
    text = f"permit out {protocol} from {one.remote or 'any'}{_text(one.remote_ports)} to assigned"
    mark = None if one.service is None else one.service[0] << 8 | one.service[1]  # TS 29.212 5.3.15
    return pfcp.SDFFilter((text + _text(one.local_ports)).encode(), tos_traffic_class=mark)


def _text(ports: tuple[int, int] | None) -> str:
    if ports is None:
        return ""
    return f" {ports[0]}" if ports[0] == ports[1] else f" {ports[0]}-{ports[1]}"


def frames(one: FlowFilter, *, uplink: bool) -> pfcp.EthernetPacketFilter:
    """A filter of frames in one direction (TS 29.244 7.5.2.2)."""
    inner = replace(one, mac=None, vlan=None, ethertype=None)
    address = None
    if one.mac is not None:
        address = pfcp.MACAddress(destination=one.mac) if uplink else pfcp.MACAddress(source=one.mac)
    return pfcp.EthernetPacketFilter(
        mac_address=() if address is None else (address,),
        ethertype=one.ethertype,
        c_tag=None if one.vlan is None else pfcp.CTAG(VLAN, bytes((one.vlan >> 8 << 4, one.vlan & 0xFF))),
        sdf_filter=(sdf(inner),) if _ip_components(inner) else (),
    )
