"""What a router of a terminal's IPv6 link reads and says (RFC 4861 4.1 to 4.4): its packets, whole."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

ROUTER: Final = bytes.fromhex("fe80" + "00" * 13 + "01")
"""The router's address on every link: no terminal is given its interface identifier."""
ALL_NODES: Final = bytes.fromhex("ff02" + "00" * 13 + "01")  # RFC 4291 2.7.1
ALL_ROUTERS: Final = bytes.fromhex("ff02" + "00" * 13 + "02")
SOLICITED_NODE: Final = bytes.fromhex("ff02" + "00" * 9 + "01ff000001")
"""The group of whoever looks for the router's address (RFC 4291 2.7.1)."""
UNSPECIFIED: Final = bytes(16)

HEADER: Final = 40
ICMP: Final = 58
UNFORWARDED: Final = 255
"""The hop limit of what no router has forwarded (RFC 4861 6.1.1, 7.1.1)."""
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 133, 134, 135, 136
MESSAGES: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        ROUTER_SOLICITATION: ("RouterSolicitation", "RFC 4861 4.1"),
        ROUTER_ADVERTISEMENT: ("RouterAdvertisement", "RFC 4861 4.2"),
        NEIGHBOUR_SOLICITATION: ("NeighborSolicitation", "RFC 4861 4.3"),
        NEIGHBOUR_ADVERTISEMENT: ("NeighborAdvertisement", "RFC 4861 4.4"),
    }
)
"""The name and the clause of each message."""
_LEAST: Final[Mapping[int, int]] = MappingProxyType({ROUTER_SOLICITATION: 8, NEIGHBOUR_SOLICITATION: 24})
"""Octets of a solicitation before its options."""
HOP_LIMIT: Final = 64
LIFETIME: Final = 0xFFFF
"""Seconds for which the router is one: RFC 4861 6.2.1 ends at 9000, RFC 8319 4 lets it be the longest there is."""
LINK_ADDRESS, PREFIX_INFORMATION, MTU = 1, 3, 5
"""Options (RFC 4861 4.6)."""
AUTONOMOUS: Final = 0x40
INFINITE: Final = bytes((0xFF,)) * 4
IS_ROUTER, SOLICITED = 0x80, 0x40
"""Flags of a neighbour advertisement (RFC 4861 4.4)."""


class Solicitation(msgspec.Struct, frozen=True, gc=False):
    """What a terminal asks its router: for its prefix, or as a `neighbour` whether it is there.

    `source` is the terminal's address, unspecified while it has none.
    """

    source: bytes
    neighbour: bool = False


def solicitation(packet: bytes) -> Solicitation | None:
    """What a packet asks the router; None where it asks nothing, or must be ignored (RFC 4861 6.1.1, 7.1.1)."""
    header, message = packet[:HEADER], packet[HEADER:]
    least = _LEAST.get(message[0]) if message else None
    if least is None or len(message) < least or header[0] >> 4 != 6:
        return None
    if int.from_bytes(header[4:6], "big") != len(message) or message[1] or checksum(packet):
        return None
    options = _options(message[least:])
    if header[6:8] != bytes((ICMP, UNFORWARDED)) or options is None:
        return None
    asked = Solicitation(header[8:24], neighbour=message[0] == NEIGHBOUR_SOLICITATION)
    if asked.source == UNSPECIFIED and LINK_ADDRESS in options:
        return None
    return None if asked.neighbour and not _for_router(asked, header[24:40], message[8:24]) else asked


def _for_router(asked: Solicitation, destination: bytes, target: bytes) -> bool:
    """Whether a neighbour solicitation is for the router; who has no address asks its group (RFC 4861 7.1.1)."""
    return target == ROUTER and (asked.source != UNSPECIFIED or destination == SOLICITED_NODE)


def _options(octets: bytes) -> list[int] | None:
    """The types of a message's options; None where they do not end as they say (RFC 4861 4.6)."""
    found = []
    while octets:
        size = 8 * octets[1] if len(octets) > 1 else 0
        if not 0 < size <= len(octets):
            return None
        found.append(octets[0])
        octets = octets[size:]
    return found


def named(packet: bytes) -> tuple[str, str]:
    """The name and the clause of the message in a packet, sound or not; empty where it is of something else."""
    if len(packet) <= HEADER or packet[0] >> 4 != 6 or packet[6] != ICMP:
        return "", ""
    return MESSAGES.get(packet[HEADER], ("", ""))


def advertisement(prefix: bytes, mtu: int, destination: bytes = ALL_NODES) -> bytes:
    """A router advertisement of the eight octets of a terminal's prefix; `mtu` in octets (TS 23.501 5.8.2.2.3).

    The prefix makes addresses but is not on-link, for there is nobody on it (RFC 4861 4.6.2).
    """
    message = bytes((ROUTER_ADVERTISEMENT, 0, 0, 0, HOP_LIMIT, 0)) + LIFETIME.to_bytes(2, "big") + bytes(8)
    message += bytes((PREFIX_INFORMATION, 4, 64, AUTONOMOUS)) + 2 * INFINITE + bytes(4) + prefix + bytes(8)
    message += bytes((MTU, 1, 0, 0)) + mtu.to_bytes(4, "big")  # RFC 4861 4.6.4
    return _from_router(destination, message)


def neighbour_advertisement(asked: Solicitation) -> bytes:
    """The router says that it is there; all hear it where the terminal has no address yet (RFC 4861 4.4, 7.2.4).

    The link has no addresses of its own, so that there is none to tell, and none to override.
    """
    nobody = asked.source == UNSPECIFIED
    flags = IS_ROUTER if nobody else IS_ROUTER | SOLICITED
    message = bytes((NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0)) + ROUTER
    return _from_router(ALL_NODES if nobody else asked.source, message)


def _from_router(destination: bytes, message: bytes) -> bytes:
    """An ICMPv6 message of the router's in its packet, with its checksum."""
    header = bytes((0x60, 0, 0, 0)) + len(message).to_bytes(2, "big") + bytes((ICMP, UNFORWARDED))
    packet = header + ROUTER + destination + message
    return packet[: HEADER + 2] + checksum(packet).to_bytes(2, "big") + packet[HEADER + 4 :]


def checksum(packet: bytes) -> int:
    """Over an ICMPv6 message and its pseudo header (RFC 4443 2.3); 0 over one that carries the right one."""
    message = packet[HEADER:]
    octets = packet[8:HEADER] + message + bytes(len(message) % 2)
    total = len(message) + ICMP + sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
