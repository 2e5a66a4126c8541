"""What a router of a terminal's IPv6 link reads and says (RFC 4861 4.1, 4.2): its packets, whole."""

from __future__ import annotations

from typing import Final

ROUTER: Final = bytes.fromhex("fe80" + "00" * 13 + "01")
"""The router's address on every link: no terminal is given its interface identifier."""
ALL_NODES: Final = bytes.fromhex("ff02" + "00" * 13 + "01")  # RFC 4291 2.7.1
ALL_ROUTERS: Final = bytes.fromhex("ff02" + "00" * 13 + "02")
UNSPECIFIED: Final = bytes(16)

HEADER: Final = 40
ICMP: Final = 58
UNFORWARDED: Final = 255
"""The hop limit of what no router has forwarded (RFC 4861 6.1.1)."""
SOLICITATION, ADVERTISEMENT = 133, 134
HOP_LIMIT: Final = 64
LIFETIME: Final = 0xFFFF
"""Seconds for which the router is one: RFC 4861 6.2.1 ends at 9000, RFC 8319 4 lets it be the longest there is."""
LINK_ADDRESS, PREFIX_INFORMATION, MTU = 1, 3, 5
"""Options (RFC 4861 4.6)."""
AUTONOMOUS: Final = 0x40
INFINITE: Final = bytes((0xFF,)) * 4


def solicitor(packet: bytes) -> bytes | None:
    """The source of a router solicitation; None where a packet is none, or must be ignored (RFC 4861 6.1.1)."""
    header, message = packet[:HEADER], packet[HEADER:]
    if len(message) < 8 or header[0] >> 4 != 6 or int.from_bytes(header[4:6], "big") != len(message):
        return None
    if header[6:8] != bytes((ICMP, UNFORWARDED)) or message[:2] != bytes((SOLICITATION, 0)) or checksum(packet):
        return None
    options = _options(message[8:])
    if options is None or (header[8:24] == UNSPECIFIED and LINK_ADDRESS in options):
        return None
    return header[8:24]


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


def advertisement(prefix: bytes, mtu: int, destination: bytes = ALL_NODES) -> bytes:
    """A router advertisement of the eight octets of a terminal's prefix; `mtu` in octets (TS 23.501 5.8.2.2.3).

    The prefix makes addresses but is not on-link, for there is nobody on it (RFC 4861 4.6.2).
    """
    message = bytes((ADVERTISEMENT, 0, 0, 0, HOP_LIMIT, 0)) + LIFETIME.to_bytes(2, "big") + bytes(8)
    message += bytes((PREFIX_INFORMATION, 4, 64, AUTONOMOUS)) + 2 * INFINITE + bytes(4) + prefix + bytes(8)
    message += bytes((MTU, 1, 0, 0)) + mtu.to_bytes(4, "big")  # RFC 4861 4.6.4
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
