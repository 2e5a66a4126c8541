"""IPv4 and IPv6 packets in frames, and those sent in fragments put together (RFC 791 3.2, RFC 8200 4.5)."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import msgspec

ETHERNET, RAW, LINUX_COOKED, LINUX_COOKED_2 = 1, 101, 113, 276
RAW_IP: Final = frozenset({RAW, 12, 14, 228, 229})
BSD_LOOPBACK: Final = frozenset({0, 108})
"""Four octets with a family that systems number each in its way, then the IP packet."""
LINKS: Final = RAW_IP | BSD_LOOPBACK | {ETHERNET, LINUX_COOKED, LINUX_COOKED_2}
"""Link types of which IP packets are read."""
VLANS: Final = frozenset({0x8100, 0x88A8})
IP_KINDS: Final = frozenset({0x0800, 0x86DD})
EXTENSION_HEADERS: Final = frozenset({0, 43, 60})
FRAGMENT: Final = 44
WAITING: Final = 256
"""Packets of which fragments are kept at the same time; the oldest gives way."""
PIECES: Final = 64
"""Fragments of one packet at most: more than a packet of 65,535 octets has on links of 1,280."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """Where a fragment belongs: its packet's identification, its offset in octets, whether more follow."""

    identification: int
    offset: int
    more: bool


class Internet(msgspec.Struct, frozen=True, gc=False):
    """An IP packet: transport protocol, addresses and payload, of a fragment its part."""

    protocol: int
    source: str
    target: str
    body: bytes
    part: Part | None = None


class Fragments:
    """Keeps fragments until their packet is whole; bounded on any input."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[object, ...], dict[int, tuple[bool, bytes]]] = OrderedDict()

    def whole(self, packet: Internet) -> bytes | None:
        """The payload of the packet, or of the one that this fragment completes; None where more is to come."""
        part = packet.part
        if part is None:
            return packet.body
        key = (packet.source, packet.target, packet.protocol, part.identification)
        pieces = self._waiting.setdefault(key, {})
        pieces[part.offset] = part.more, packet.body
        joined = _joined(pieces)
        if joined is not None or len(pieces) > PIECES:
            del self._waiting[key]
        if len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)
        return joined


def _joined(pieces: dict[int, tuple[bool, bytes]]) -> bytes | None:
    found: list[bytes] = []
    at, more = 0, True
    while more and at in pieces:
        more, body = pieces[at]
        found.append(body)
        if not body:
            break
        at += len(body)
    return None if more else b"".join(found)


def internet(link: int, octets: bytes) -> Internet | None:
    """The IP packet of a frame; None where it carries no whole one."""
    at = {LINUX_COOKED: 14, LINUX_COOKED_2: 0}.get(link, 12)
    if link in RAW_IP:
        packet = octets
    elif link in BSD_LOOPBACK:
        packet = octets[4:]
    elif link in LINKS:
        kind = int.from_bytes(octets[at : at + 2], "big")
        at += 20 if link == LINUX_COOKED_2 else 2
        while kind in VLANS:
            kind, at = int.from_bytes(octets[at + 2 : at + 4], "big"), at + 4
        if kind not in IP_KINDS:
            return None
        packet = octets[at:]
    else:
        return None
    version = packet[0] >> 4 if packet else 0
    return _ipv4(packet) if version == 4 else _ipv6(packet) if version == 6 else None


def _ipv4(packet: bytes) -> Internet | None:
    head = 4 * (packet[0] & 15)
    size = int.from_bytes(packet[2:4], "big") or len(packet)  # 0 where the sender's card segments
    if not 20 <= head <= min(size, len(packet)):
        return None
    word = int.from_bytes(packet[6:8], "big")
    part = Part(int.from_bytes(packet[4:6], "big"), 8 * (word & 0x1FFF), bool(word & 0x2000)) if word & 0x3FFF else None
    ends = _address(packet[12:16]), _address(packet[16:20])
    return Internet(packet[9], *ends, packet[head:size], part)


def _ipv6(packet: bytes) -> Internet | None:
    if len(packet) < 40:
        return None
    kind, at, end = packet[6], 40, 40 + int.from_bytes(packet[4:6], "big")
    part = None
    while kind in EXTENSION_HEADERS | {FRAGMENT} and at + 8 <= len(packet):
        if kind == FRAGMENT:
            word = int.from_bytes(packet[at + 2 : at + 4], "big")
            part = Part(int.from_bytes(packet[at + 4 : at + 8], "big"), word & 0xFFF8, bool(word & 1))
        kind, at = packet[at], at + 8 + (0 if kind == FRAGMENT else 8 * packet[at + 1])
    if part is not None and not part.offset and not part.more:
        part = None  # RFC 6946 4: an atomic fragment
    ends = _address(packet[8:24]), _address(packet[24:40])
    return Internet(kind, *ends, packet[at:end], part)


@lru_cache(maxsize=4096)
def _address(octets: bytes) -> str:
    return str(ip_address(octets))
