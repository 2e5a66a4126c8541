"""The host's links, addresses, routes and neighbours, as rtnetlink tells them (RFC 3549)."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import msgspec

# linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h
HEADER: Final = struct.Struct("=IHHII")
ATTRIBUTE: Final = struct.Struct("=HH")
REQUEST, ACKNOWLEDGE, DUMP, CREATE = 0x1, 0x4, 0x300, 0x400
ERROR, DONE = 2, 3
GET_LINK, GET_ADDRESS, GET_ROUTE, NEW_NEIGHBOUR, GET_NEIGHBOUR = 18, 22, 26, 28, 30
LINK, ADDRESS, NEIGHBOUR = struct.Struct("=BxHiII"), struct.Struct("=BBBBi"), struct.Struct("=BxxxiHBB")
ROUTE = struct.Struct("=BBBBBBBBI")
GROUPS: Final = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400
"""Changes of links, neighbours, addresses and routes, of both versions of IP."""
FAMILIES: Final = ((socket.AF_INET, 4), (socket.AF_INET6, 16))
"""Each version's family, and how many octets an address has."""
MAIN_TABLE, UNICAST = 254, 1
USABLE: Final = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""A neighbour that is reachable, stale, delayed, probed or permanent: its address is known."""
USE: Final = 1
SECONDS: Final = 1.0
LONGEST: Final = 1 << 16
LINK_ADDRESS, LINK_NAME, LINK_MTU, LINK_XDP = 1, 3, 4, 43
XDP_PROGRAM = 4
PEER_ADDRESS, LOCAL_ADDRESS = 1, 2
DESTINATION, OUTPUT, GATEWAY, METRIC, SOURCE = 1, 4, 5, 6, 7
NEIGHBOUR_OF, NEIGHBOUR_ADDRESS = 1, 2


class Link(msgspec.Struct, frozen=True):
    """An interface: index, Ethernet address (empty: it has none), MTU, name, XDP program (0: none)."""

    index: int
    address: bytes
    mtu: int
    name: str = ""
    program: int = 0


class Route(msgspec.Struct, frozen=True):
    """A route of the main table: its network, the device, the next router (None: on the link), its metric."""

    network: tuple[str, int]
    device: int
    router: str | None
    metric: int
    source: str | None = None
    """The host's own address towards it, where the kernel says so."""


Attributes = dict[int, bytes]
Message = tuple[tuple[int, ...], Attributes]


class Netlink:
    """One namespace's routing as it is now: that of the thread which opens it."""

    def __init__(self) -> None:
        self._port = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._port.bind((0, 0))
        self._port.settimeout(SECONDS)
        self._changes = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._changes.bind((0, GROUPS))
        self._changes.setblocking(False)
        self._sequence = 0

    def fileno(self) -> int:
        """What becomes readable when something changes."""
        return self._changes.fileno()

    def close(self) -> None:
        """Ask and hear no more."""
        self._port.close()
        self._changes.close()

    def drain(self) -> None:
        """Forget the changes told until now; what there is, is asked for."""
        while True:
            try:
                self._changes.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:  # more than the socket holds (ENOBUFS): everything is asked for anyway
                continue

    def links(self) -> dict[int, Link]:
        """Every interface by its index."""
        found = {}
        for (_, _, index, _, _), attributes in self._dump(GET_LINK, LINK, LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
            name = attributes.get(LINK_NAME, b"").rstrip(b"\0").decode(errors="replace")
            program = _number(attributes_of(attributes.get(LINK_XDP, b"")).get(XDP_PROGRAM, b""))
            address, mtu = attributes.get(LINK_ADDRESS, b""), _number(attributes.get(LINK_MTU, b""))
            found[index] = Link(index, address, mtu, name, program)
        return found

    def device_of(self, address: str) -> int | None:
        """The index of the interface that has this address."""
        wanted = ip_address(address).packed
        asked = ADDRESS.pack(_family(wanted), 0, 0, 0, 0)
        for (*_, index), attributes in self._dump(GET_ADDRESS, ADDRESS, asked):
            if wanted in {attributes.get(LOCAL_ADDRESS), attributes.get(PEER_ADDRESS)}:
                return index
        return None

    def neighbours(self) -> dict[tuple[int, str], bytes]:
        """The Ethernet address of every known neighbour, by device and address."""
        found = {}
        for family, length in FAMILIES:
            asked = NEIGHBOUR.pack(family, 0, 0, 0, 0)
            for (_, device, state, _, _), attributes in self._dump(GET_NEIGHBOUR, NEIGHBOUR, asked):
                address = attributes.get(NEIGHBOUR_OF, b"")
                if state & USABLE and len(address) == length and NEIGHBOUR_ADDRESS in attributes:
                    found[device, str(ip_address(address))] = attributes[NEIGHBOUR_ADDRESS]
        return found

    def routes(self) -> list[Route]:
        """The unicast routes of the main table."""
        return [
            _route(fields, attributes)
            for family, _ in FAMILIES
            for fields, attributes in self._dump(GET_ROUTE, ROUTE, ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0))
            if fields[4] == MAIN_TABLE and fields[7] == UNICAST
        ]

    def way(self, address: str) -> Route | None:
        """The route that packets to an address take now; None where there is none."""
        octets = ip_address(address).packed
        body = ROUTE.pack(_family(octets), 8 * len(octets), 0, 0, 0, 0, 0, 0, 0) + attribute(1, octets)
        for fields, attributes in self._ask(GET_ROUTE, REQUEST, ROUTE, body):
            return _route(fields, attributes) if fields[7] == UNICAST else None
        return None

    def resolve(self, device: int, address: str) -> None:
        """Have the kernel find out, or confirm, a neighbour's Ethernet address."""
        octets = ip_address(address).packed
        body = NEIGHBOUR.pack(_family(octets), device, 0, USE, 0) + attribute(1, octets)
        for _ in self._ask(NEW_NEIGHBOUR, REQUEST | ACKNOWLEDGE | CREATE, NEIGHBOUR, body):
            pass

    def _dump(self, kind: int, fixed: struct.Struct, body: bytes) -> list[Message]:
        return list(self._ask(kind, REQUEST | DUMP, fixed, body))

    def _ask(self, kind: int, flags: int, fixed: struct.Struct, body: bytes) -> Iterator[Message]:
        """Ask, and every answer until the last one; an error of the kernel is none."""
        self._sequence += 1
        self._port.send(HEADER.pack(HEADER.size + len(body), kind, flags, self._sequence, 0) + body)
        while True:
            for found, sequence, content in messages(self._port.recv(LONGEST)):
                if sequence != self._sequence:
                    continue
                if found in {ERROR, DONE}:
                    return
                yield fixed.unpack_from(content), attributes_of(content[fixed.size :])
                if not flags & (DUMP | ACKNOWLEDGE):
                    return


def messages(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The kind, the sequence number and the content of each message."""
    place = 0
    while place + HEADER.size <= len(octets):
        length, kind, _, sequence, _ = HEADER.unpack_from(octets, place)
        if length < HEADER.size:
            return
        yield kind, sequence, octets[place + HEADER.size : place + length]
        place += length + 3 & ~3


def attributes_of(octets: bytes) -> Attributes:
    """The attributes by their kinds; what is cut off is none."""
    found = {}
    place = 0
    while place + ATTRIBUTE.size <= len(octets):
        length, kind = ATTRIBUTE.unpack_from(octets, place)
        if length < ATTRIBUTE.size:
            break
        found[kind] = octets[place + ATTRIBUTE.size : place + length]
        place += length + 3 & ~3
    return found


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, as long as the next one's place needs it."""
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, sys.byteorder)


def _family(address: bytes) -> int:
    return next(family for family, length in FAMILIES if length == len(address))


def _route(fields: tuple[int, ...], attributes: Attributes) -> Route:
    nowhere = bytes(dict(FAMILIES)[socket.AddressFamily(fields[0])])
    router, source = attributes.get(GATEWAY), attributes.get(SOURCE)
    return Route(
        network=(str(ip_address(attributes.get(DESTINATION, nowhere))), fields[1]),
        device=_number(attributes.get(OUTPUT, b"")),
        router=None if router is None else str(ip_address(router)),
        metric=_number(attributes.get(METRIC, b"")),
        source=None if source is None else str(ip_address(source)),
    )
