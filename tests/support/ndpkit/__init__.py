"""What hosts of an IPv6 link say to their router."""

from __future__ import annotations

from ipaddress import IPv6Address

from freehold.codecs import ndp

LINK_LOCAL = IPv6Address("fe80::77").packed
ROUTER_S_GROUP = IPv6Address("ff02::1:ff00:1").packed


def solicitation(
    source: bytes = LINK_LOCAL, options: bytes = b"", *, hops: int = 255, kind: int = 133, code: int = 0
) -> bytes:
    """A router solicitation (RFC 4861 4.1), or what is nearly one."""
    return _packet(source, ndp.ALL_ROUTERS, hops, bytes((kind, code, 0, 0, 0, 0, 0, 0)) + options)


def neighbour_solicitation(
    source: bytes = LINK_LOCAL,
    options: bytes = b"",
    *,
    target: bytes = ndp.ROUTER,
    to: bytes = ROUTER_S_GROUP,
    hops: int = 255,
    code: int = 0,
) -> bytes:
    """A neighbour solicitation (RFC 4861 4.3), or what is nearly one."""
    return _packet(source, to, hops, bytes((135, code, 0, 0, 0, 0, 0, 0)) + target + options)


def _packet(source: bytes, destination: bytes, hops: int, message: bytes) -> bytes:
    header = bytes((0x60, 0, 0, 0)) + len(message).to_bytes(2, "big") + bytes((58, hops))
    packet = header + source + destination + message
    return packet[:42] + ndp.checksum(packet).to_bytes(2, "big") + packet[44:]
