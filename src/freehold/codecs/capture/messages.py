"""From packets to the messages they carry: links, IPv4 and IPv6, UDP, SCTP DATA chunks put together (RFC 9260)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import msgspec

from freehold.codecs.capture.file import Packet

ETHERNET, RAW, LINUX_COOKED, LINUX_COOKED_2, UPPER_PDU = 1, 101, 113, 276, 252
USER: Final = range(147, 163)
"""Link types whose meaning is its user's: a packet is a message."""
UNSAID: Final = "?"
RAW_IP: Final = frozenset({RAW, 12, 14, 228, 229})
VLANS: Final = frozenset({0x8100, 0x88A8})
IP_KINDS: Final = frozenset({0x0800, 0x86DD})
UDP, SCTP = 17, 132
EXTENSION_HEADERS: Final = frozenset({0, 43, 60})
WAITING: Final = 1024
"""Messages of which fragments are kept at the same time; the oldest gives way."""
LARGEST: Final = 1 << 20
"""Octets of a message put together at most."""
DISSECTORS: Final = {b"nas-5gs": "nas", b"ngap": "ngap", b"pfcp": "pfcp", b"gtp": "gtpu"} | {
    name: name.decode() for name in (b"xnap", b"f1ap", b"e1ap")
}
"""Names of dissectors in an exported packet, and the protocols they stand for."""


class Carried(msgspec.Struct, frozen=True, gc=False):
    """A message in a capture: from, to, what says its protocol (`ppid`, port of UDP, or its name), octets."""

    time: float
    source: str
    target: str
    octets: bytes
    ppid: int | None = None
    ports: tuple[int, int] = (0, 0)
    protocol: str = ""


class Carrier:
    """Takes packets in their order and gives the messages that become whole; total on any octets."""

    def __init__(self) -> None:
        self._parts: OrderedDict[tuple[object, ...], dict[int, tuple[int, bytes]]] = OrderedDict()
        self._seen: OrderedDict[tuple[object, ...], None] = OrderedDict()

    def messages(self, packet: Packet) -> Iterator[Carried]:
        """The messages that this packet completes."""
        if packet.link == UPPER_PDU:
            yield from _exported(packet)
            return
        if packet.link in USER:
            yield Carried(packet.time, "-", "-", packet.octets, protocol=UNSAID)
            return
        found = _internet(packet.link, packet.octets)
        if found is None:
            return
        protocol, source, target, body = found
        if protocol == UDP and len(body) >= 8:
            ends, size = _ports(body), int.from_bytes(body[4:6], "big")
            yield Carried(packet.time, f"{source}:{ends[0]}", f"{target}:{ends[1]}", body[8:size], None, ends)
        elif protocol == SCTP and len(body) >= 12:
            yield from self._sctp(packet.time, source, target, body)

    def _sctp(self, time: float, source: str, target: str, body: bytes) -> Iterator[Carried]:
        ends = _ports(body)
        near, far = f"{source}:{ends[0]}", f"{target}:{ends[1]}"
        for chunk in _chunks(body[12:]):
            if chunk[0] != 0 or len(chunk) <= 16:  # RFC 9260 3.3.1: DATA
                continue
            ppid = int.from_bytes(chunk[12:16], "big")
            whole = self._whole((near, far, body[4:8]), chunk)
            if whole is not None:
                yield Carried(time, near, far, whole, ppid, ends)

    def _whole(self, path: tuple[object, ...], chunk: bytes) -> bytes | None:
        """The user message that this DATA chunk completes; one sent again is given once (RFC 9260 6.2, 6.9)."""
        flags, number, stream = chunk[1], int.from_bytes(chunk[4:8], "big"), chunk[8:12]
        if self._again((*path, number)):
            return None
        if flags & 3 == 3:
            return chunk[16:]
        key = (*path, stream, flags & 4)
        parts = self._parts.setdefault(key, {})
        parts[number] = (flags, chunk[16:])
        if len(self._parts) > WAITING:
            self._parts.popitem(last=False)
        return self._joined(key, parts, number)

    def _joined(self, key: tuple[object, ...], parts: dict[int, tuple[int, bytes]], number: int) -> bytes | None:
        first = last = number
        while first in parts and not parts[first][0] & 2:
            first = (first - 1) & 0xFFFFFFFF
        while last in parts and not parts[last][0] & 1:
            last = (last + 1) & 0xFFFFFFFF
        if first not in parts or last not in parts:
            if sum(len(octets) for _, octets in parts.values()) > LARGEST:
                self._parts.pop(key, None)
            return None
        count = ((last - first) & 0xFFFFFFFF) + 1
        joined = b"".join(parts.pop((first + at) & 0xFFFFFFFF)[1] for at in range(count))
        if not parts:
            self._parts.pop(key, None)
        return joined

    def _again(self, key: tuple[object, ...]) -> bool:
        seen = key in self._seen
        self._seen[key] = None
        if len(self._seen) > 64 * WAITING:
            self._seen.popitem(last=False)
        return seen


def _ports(body: bytes) -> tuple[int, int]:
    return int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")


def _chunks(rest: bytes) -> Iterator[bytes]:
    while len(rest) >= 4:
        size = int.from_bytes(rest[2:4], "big")
        if not 4 <= size <= len(rest):
            return
        yield rest[:size]
        rest = rest[size + -size % 4 :]


Internet = tuple[int, str, str, bytes]


def _internet(link: int, octets: bytes) -> Internet | None:
    """The transport protocol, addresses and payload of a frame; None where it carries no whole IP packet."""
    at = {LINUX_COOKED: 14, LINUX_COOKED_2: 0}.get(link, 12)
    if link in RAW_IP:
        packet = octets
    elif link in {ETHERNET, LINUX_COOKED, LINUX_COOKED_2}:
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
    fragment = int.from_bytes(packet[6:8], "big") & 0x3FFF
    if not 20 <= head <= min(size, len(packet)) or fragment:
        return None
    return packet[9], str(ip_address(packet[12:16])), str(ip_address(packet[16:20])), packet[head:size]


def _ipv6(packet: bytes) -> Internet | None:
    if len(packet) < 40:
        return None
    kind, at, end = packet[6], 40, 40 + int.from_bytes(packet[4:6], "big")
    while kind in EXTENSION_HEADERS and at + 8 <= len(packet):
        kind, at = packet[at], at + 8 + 8 * packet[at + 1]
    return kind, str(ip_address(packet[8:24])), str(ip_address(packet[24:40])), packet[at:end]


def _exported(packet: Packet) -> Iterator[Carried]:
    """A message that a program exported with its dissector's name; tag 12, and 14 as older files have it."""
    rest, name = packet.octets, b""
    while len(rest) >= 4:
        tag, size = int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:4], "big")
        value, rest = rest[4 : 4 + size], rest[4 + size :]
        if tag == 0:
            break
        if tag in {12, 14}:
            name = value.rstrip(b"\0")
    if name in DISSECTORS:
        yield Carried(packet.time, "-", "-", rest, protocol=DISSECTORS[name])
