"""IPv4 packets as a subscriber sends them, right and wrong ones (RFC 791, RFC 792)."""

from __future__ import annotations

import asyncio
import socket
import struct
from ipaddress import IPv4Address
from typing import Final

ICMP, TCP, UDP = 1, 6, 17
ECHO_REQUEST, ECHO_REPLY = 8, 0
SYN: Final = 0x02


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = octets + bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source: str, target: str, protocol: int, payload: bytes, *, options: bytes = b"") -> bytes:
    """A packet; options are padded to words."""
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4
    ends = IPv4Address(source).packed + IPv4Address(target).packed
    length = 4 * words + len(payload)
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, length, 1, 0, 64, protocol, 0) + ends + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def icmp(
    source: str, target: str, kind: int, body: bytes = b"\x12\x34\x00\x01assure", *, options: bytes = b""
) -> bytes:
    """An ICMP message of a type."""
    message = struct.pack("!BBH", kind, 0, 0) + body
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ipv4(source, target, ICMP, message, options=options)


async def icmp_answered(address: str, kind: int) -> bool:
    """Whether a host answers an ICMP message of a type, sent from this one; PermissionError without raw sockets."""
    body = struct.pack("!HH", 0x4655, kind) + bytes(12)
    message = struct.pack("!BBH", kind, 0, 0) + body
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as port:
        port.setblocking(False)
        port.connect((address, 0))
        await loop.sock_sendall(port, message)
        try:
            async with asyncio.timeout(1):
                while True:
                    came = await loop.sock_recv(port, 2048)
                    start = (came[0] & 15) * 4
                    if came[start + 4 : start + 6] == body[:2] and came[start] != kind:
                        return True
        except (TimeoutError, OSError):
            return False


def udp(source: str, target: str, port: int, payload: bytes) -> bytes:
    """A UDP datagram without a checksum (RFC 768)."""
    return ipv4(source, target, UDP, struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload)


def syn(source: str, target: str, port: int) -> bytes:
    """The first segment of a TCP connection (RFC 9293 3.1)."""
    segment = struct.pack("!HHIIBBHHH", 40001, port, 1, 0, 0x50, SYN, 8192, 0, 0)
    ends = IPv4Address(source).packed + IPv4Address(target).packed
    total = checksum(ends + struct.pack("!BBH", 0, TCP, len(segment)) + segment)
    return ipv4(source, target, TCP, segment[:16] + struct.pack("!H", total) + segment[18:])


def protocol_of(packet: bytes) -> tuple[str, int, int]:
    """Source, protocol and first octet of the payload of a packet that came; -1 where there is none."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return "", -1, -1
    start = (packet[0] & 15) * 4
    return str(IPv4Address(packet[12:16])), packet[9], packet[start] if len(packet) > start else -1
