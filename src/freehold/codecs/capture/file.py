"""Packets of a capture file, pcap or pcapng, from its octets; a damaged one is Malformed where its damage is."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

PCAP: Final = {0xA1B2C3D4: 1_000_000, 0xA1B23C4D: 1_000_000_000}
"""Magic numbers of pcap, and the units of a second its times are in."""
SECTION: Final = 0x0A0D0D0A
ORDER: Final = 0x1A2B3C4D
INTERFACE, SIMPLE, ENHANCED = 1, 3, 6
RESOLUTION: Final = 9


class Malformed(ValueError):  # noqa: N818 - what the file is
    """The file breaks its format; the text says where."""


class Packet(msgspec.Struct, frozen=True, gc=False):
    """A captured packet: seconds since 1970 (0 where the file does not say), link type, octets."""

    time: float
    link: int
    octets: bytes


def is_capture(octets: bytes) -> bool:
    """Whether these octets begin as a capture file does."""
    if len(octets) < 4:
        return False
    numbers = {int.from_bytes(octets[:4], order) for order in ("big", "little")}
    return SECTION in numbers or not numbers.isdisjoint(PCAP)


def packets(octets: bytes) -> Iterator[Packet]:
    """The packets in their order; Malformed where the file is damaged, after those before the damage."""
    if octets[:4] == SECTION.to_bytes(4, "big"):
        return _pcapng(octets)
    return _pcap(octets)


def _pcap(octets: bytes) -> Iterator[Packet]:
    order = "<" if int.from_bytes(octets[:4], "little") in PCAP else ">"
    magic, *_, link = _unpack(f"{order}IHHiIII", octets, 0)
    if magic not in PCAP:
        raise Malformed("no capture: its first four octets are no magic number of pcap or pcapng")
    at = 24
    while at < len(octets):
        seconds, part, size, _ = _unpack(f"{order}IIII", octets, at)
        at += 16
        yield Packet(seconds + part / PCAP[magic], link & 0xFFFF, _octets(octets, at, size))
        at += size


def _pcapng(octets: bytes) -> Iterator[Packet]:
    at, order = 0, "<"
    links: list[tuple[int, float]] = []
    while at < len(octets):
        kind, size = _unpack(f"{order}II", octets, at)
        if kind == SECTION:
            order = "<" if _octets(octets, at + 8, 4) == ORDER.to_bytes(4, "little") else ">"
            size, links = _unpack(f"{order}I", octets, at + 4)[0], []
        if size < 12 or size % 4:
            raise Malformed(f"octet {at}: a block of {size} octets")
        body = _octets(octets, at, size)[8:-4]
        if kind == INTERFACE:
            links.append((_unpack(f"{order}H", body, 0)[0], _unit(order, body[8:])))
        elif kind in {ENHANCED, SIMPLE}:
            yield _block(order, kind, body, links, at)
        at += size


def _block(order: str, kind: int, body: bytes, links: list[tuple[int, float]], at: int) -> Packet:
    if kind == SIMPLE:
        number, high, low, kept = 0, 0, 0, min(_unpack(f"{order}I", body, 0)[0], len(body) - 4)
        data = body[4 : 4 + kept]
    else:
        number, high, low, kept, _ = _unpack(f"{order}IIIII", body, 0)
        data = _octets(body, 20, kept)
    if number >= len(links):
        raise Malformed(f"octet {at}: a packet of interface {number}, which is not described")
    link, unit = links[number]
    return Packet((high << 32 | low) * unit, link, data)


def _unit(order: str, options: bytes) -> float:
    """The unit of an interface's times in seconds, by its option if_tsresol."""
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from(f"{order}HH", options, at)
        if code == RESOLUTION and size == 1 and at + 4 < len(options):
            value = options[at + 4]
            return float(2.0 ** -(value & 0x7F) if value & 0x80 else 10.0**-value)
        if code == 0:
            break
        at += 4 + size + -size % 4
    return 1e-6


def _unpack(form: str, octets: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, octets, at)
    except struct.error:
        raise Malformed(f"octet {at}: the file ends within a header") from None


def _octets(octets: bytes, at: int, size: int) -> bytes:
    if at + size > len(octets):
        raise Malformed(f"octet {at}: the file ends {at + size - len(octets)} octets too early")
    return octets[at : at + size]
