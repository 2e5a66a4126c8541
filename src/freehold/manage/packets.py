"""Ethernet, IP, UDP and SCTP headers around octets that crossed an interface, for packet analysers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import msgspec

from freehold.services.datagram import Address

ETHERTYPES: Final = {4: b"\x08\0", 6: b"\x86\xdd"}
UDP, SCTP = 17, 132
FRAGMENT: Final = 8192
"""Octets of one SCTP DATA chunk at most; longer messages are fragmented (RFC 9260 6.9)."""
DATA, BEGINNING, ENDING = 0, 2, 1


def _table() -> tuple[int, ...]:
    """The table of CRC32c, polynomial 0x1EDC6F41 reflected (RFC 9260 appendix A)."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901 - one octet shifted out
        table.append(value)
    return tuple(table)


_CRC32C: Final = _table()


def crc32c(octets: bytes) -> int:
    """The checksum of SCTP (RFC 9260 6.8)."""
    register = 0xFFFFFFFF
    for octet in octets:
        register = _CRC32C[(register ^ octet) & 255] ^ register >> 8
    return register ^ 0xFFFFFFFF


def internet_checksum(octets: bytes) -> int:
    """The ones' complement sum of 16-bit words (RFC 1071 1)."""
    padded = octets + bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(payload: bytes, source: str, target: str) -> bytes:
    """An Ethernet frame with locally administered addresses made of the IP addresses."""
    ends = b"".join(b"\x02\0" + ip_address(end).packed[-4:] for end in (target, source))
    return ends + ETHERTYPES[6 if payload[:1] >= b"\x60" else 4] + payload


def ip(payload: bytes, protocol: int, source: str, target: str, *, missing: int = 0) -> bytes:
    """A packet of the version of its addresses (RFC 791 3.1, RFC 8200 3); octets at its end may be missing."""
    length = len(payload) + missing
    ends = ip_address(source).packed + ip_address(target).packed
    if ":" in source:
        return struct.pack("!IHBB", 0x60000000, length, protocol, 64) + ends + payload
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 0, 0x4000, 64, protocol)
    return head + struct.pack("!H", internet_checksum(head + b"\0\0" + ends)) + ends + payload


def udp(payload: bytes, source: Address, target: Address, *, missing: int = 0) -> bytes:
    """A UDP datagram in an IP packet in an Ethernet frame (RFC 768, RFC 8200 8.1).

    It carries no checksum where octets at its end are missing.
    """
    head = struct.pack("!HHH", source[1], target[1], 8 + len(payload) + missing)
    if missing:
        cut = ip(head + b"\0\0" + payload, UDP, source[0], target[0], missing=missing)
        return ethernet(cut, source[0], target[0])
    ends = ip_address(source[0]).packed + ip_address(target[0]).packed
    pseudo = ends + struct.pack("!HH", UDP, 8 + len(payload))
    checksum = internet_checksum(pseudo + head + b"\0\0" + payload) or 0xFFFF
    datagram = head + struct.pack("!H", checksum) + payload
    return ethernet(ip(datagram, UDP, source[0], target[0]), source[0], target[0])


class SctpPath:
    """One direction of an association: its verification tag and its running numbers (RFC 9260 3.3.1)."""

    __slots__ = ("_sequence", "_source", "_tag", "_target", "_tsn")

    def __init__(self, source: Address, target: Address, tag: int) -> None:
        self._source = source
        self._target = target
        self._tag = tag
        self._tsn = tag
        self._sequence: dict[int, int] = {}

    def frames(self, octets: bytes, stream: int, ppid: int) -> Iterator[bytes]:
        """One message as one frame, or several where it is long."""
        sequence = self._sequence.get(stream, 0)
        self._sequence[stream] = (sequence + 1) & 0xFFFF
        starts = range(0, max(1, len(octets)), FRAGMENT)
        for start in starts:
            flags = (BEGINNING if start == 0 else 0) | (ENDING if start == starts[-1] else 0)
            chunk = Chunk(flags, self._tsn, stream, sequence, ppid, octets[start : start + FRAGMENT])
            self._tsn = (self._tsn + 1) & 0xFFFFFFFF
            packet = self._packet(chunk.octets)
            yield ethernet(ip(packet, SCTP, self._source[0], self._target[0]), self._source[0], self._target[0])

    def _packet(self, chunk: bytes) -> bytes:
        head = struct.pack("!HHI", self._source[1], self._target[1], self._tag)
        return head + struct.pack("<I", crc32c(head + bytes(4) + chunk)) + chunk


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """An SCTP DATA chunk (RFC 9260 3.3.1)."""

    flags: int
    tsn: int
    stream: int
    sequence: int
    ppid: int
    payload: bytes

    @property
    def octets(self) -> bytes:
        """As on the wire, padded to four octets."""
        length = 16 + len(self.payload)
        head = struct.pack("!BBHIHHI", DATA, self.flags, length, self.tsn, self.stream, self.sequence, self.ppid)
        return head + self.payload + bytes(-length % 4)
