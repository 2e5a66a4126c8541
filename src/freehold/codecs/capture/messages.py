"""From packets to the messages they carry: UDP, and SCTP DATA chunks put together (RFC 9260)."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Final

import msgspec

from freehold.codecs.capture.file import Packet
from freehold.codecs.capture.internet import LINKS, Fragments, internet

UPPER_PDU: Final = 252
USER: Final = range(147, 163)
"""Link types whose meaning is its user's: a packet is a message."""
UNSAID: Final = "?"
UDP, SCTP = 17, 132
WAITING: Final = 1024
"""Messages of which fragments are kept at the same time; the oldest gives way."""
LARGEST: Final = 1 << 20
"""Octets of a message put together at most."""
_CHANNELS: Final = {
    b"bcch.bch": "BCCHBCHMessage",
    b"bcch.dl.sch": "BCCHDLSCHMessage",
    b"dl.ccch": "DLCCCHMessage",
    b"dl.dcch": "DLDCCHMessage",
    b"mcch": "MCCHMessageR17",
    b"pcch": "PCCHMessage",
    b"sbcch.sl.bch": "SBCCHSLBCHMessage",
    b"scch": "SCCHMessage",
    b"ul.ccch": "ULCCCHMessage",
    b"ul.ccch1": "ULCCCH1Message",
    b"ul.dcch": "ULDCCHMessage",
}
"""Channels of NR RRC as dissectors name them, and their messages (TS 38.331 6.2.1)."""
DISSECTORS: Final[dict[bytes, tuple[str, str]]] = {
    b"nas-5gs": ("nas", ""),
    b"gtp": ("gtpu", ""),
    **{name: (name.decode(), "") for name in (b"ngap", b"pfcp", b"xnap", b"f1ap", b"e1ap", b"nrppa", b"lpp", b"eap")},
    **{b"nr-rrc." + channel: ("rrc", message) for channel, message in _CHANNELS.items()},
}
"""Names of dissectors in an exported packet: the protocol they stand for, and the type where it needs one."""


class Carried(msgspec.Struct, frozen=True, gc=False):
    """A message in a capture: from, to, octets, and what says its protocol: `ppid`, port of UDP, or its name.

    `type_name` is its type where the capture says it of a protocol whose messages do not.
    """

    time: float
    source: str
    target: str
    octets: bytes
    ppid: int | None = None
    ports: tuple[int, int] = (0, 0)
    protocol: str = ""
    type_name: str = ""


class Carrier:
    """Takes packets in their order and gives the messages that become whole; total on any octets.

    `unread` counts the packets of each link type that is not read.
    """

    def __init__(self) -> None:
        self.unread: Counter[int] = Counter()
        self._parts: OrderedDict[tuple[object, ...], dict[int, tuple[int, bytes]]] = OrderedDict()
        self._seen: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._fragments = Fragments()

    def messages(self, packet: Packet) -> Iterator[Carried]:
        """The messages that this packet completes."""
        if packet.link == UPPER_PDU:
            yield from _exported(packet)
            return
        if packet.link in USER:
            yield Carried(packet.time, "-", "-", packet.octets, protocol=UNSAID)
            return
        if packet.link not in LINKS:
            self.unread[packet.link] += 1
        found = internet(packet.link, packet.octets)
        body = None if found is None else self._fragments.whole(found)
        if found is None or body is None:
            return
        protocol, source, target = found.protocol, found.source, found.target
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
        protocol, type_name = DISSECTORS[name]
        yield Carried(packet.time, "-", "-", rest, protocol=protocol, type_name=type_name)
