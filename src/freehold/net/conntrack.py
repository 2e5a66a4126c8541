"""The connections that the host translates for hidden terminals, as its connection tracking tells them (ctnetlink)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

import msgspec

from freehold.net.netlink import HEADER, LONGEST, Attributes, attribute, attributes_of, messages

# linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h, nf_conntrack_common.h, nf_conntrack_tcp.h
NETLINK_NETFILTER: Final = 12
UPDATED, DESTROYED = 2, 3
NEW_CONNECTION, GET_CONNECTION, DELETED_CONNECTION = 0x100, 0x101, 0x102
REQUEST, DUMP, ADD_MEMBERSHIP, NETLINK = 0x1, 0x300, 1, 270
FAMILY: Final = struct.Struct("=BBH")
NESTED: Final = 0x8000
KIND: Final = 0x7FFF
ORIGINAL, REPLY, STATUS, PROTOCOL_STATE, TIMEOUT = 1, 2, 3, 4, 7
ADDRESSES, PORTS = 1, 2
SOURCE, DESTINATION = 1, 2
PROTOCOL, SOURCE_PORT, DESTINATION_PORT = 1, 2, 3
TCP_STATE_OF, TCP_STATE, TCP_FLAGS, TCP_REPLY_FLAGS = 1, 1, 4, 5
ASSURED, SOURCE_TRANSLATED, DESTINATION_TRANSLATED = 1 << 2, 1 << 4, 1 << 5
ESTABLISHED: Final = 3
LIBERAL: Final = 0x08
TCP, UDP = 6, 17
TIMEOUTS: Final = {
    TCP: Path("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established"),
    UDP: Path("/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream"),
}
BUFFER: Final = 1 << 20
SO_RCVBUFFORCE: Final = 33
MOST_AT_ONCE: Final = 64
"""Messages that one turn of the loop takes: a storm of connections keeps nobody else waiting."""

End = tuple[str, int]


class Connection(msgspec.Struct, frozen=True, gc=False):
    """A connection of a terminal: both ends as it sees them, and its own end as the peer sees it."""

    protocol: int
    terminal: End
    peer: End
    outside: End

    def fields(self) -> tuple[int, End, End, End]:
        """As the program's table takes it."""
        return self.protocol, self.terminal, self.peer, self.outside


class Conntrack:
    """One namespace's connection tracking: that of the thread which opens it. OSError where the kernel has none."""

    def __init__(self) -> None:
        self._port = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        try:
            self._port.bind((0, 0))
            self._port.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
            for group in (UPDATED, DESTROYED):
                self._port.setsockopt(NETLINK, ADD_MEMBERSHIP, group)
            self._port.setblocking(False)
        except BaseException:
            self._port.close()
            raise

    def fileno(self) -> int:
        """What becomes readable when a connection changes."""
        return self._port.fileno()

    def close(self) -> None:
        """Hear no more."""
        self._port.close()

    def dump(self) -> None:
        """Ask for every connection: they come as changes do."""
        self._send(GET_CONNECTION, DUMP, b"")

    def changes(self) -> Iterator[tuple[Connection, bool]]:
        """Connections with whether they may be carried past the host; at most so many at once.

        OSError (ENOBUFS) where more changed than the socket holds: then everything has to be asked for.
        """
        for _ in range(MOST_AT_ONCE):
            try:
                octets = self._port.recv(LONGEST)
            except BlockingIOError:
                return
            for kind, _, body in messages(octets):
                if kind in {NEW_CONNECTION, DELETED_CONNECTION} and len(body) >= FAMILY.size:
                    found = attributes_of(body[FAMILY.size :])
                    connection = _connection(found)
                    if connection is not None:
                        yield connection, kind == NEW_CONNECTION and _settled(connection, found)

    def keep(self, connection: Connection, seconds: int) -> None:
        """Have the host remember a connection for so many seconds more, and believe every sequence number of it.

        It does not see what is carried past it.
        """
        body = _nested(ORIGINAL, _tuple(connection)) + attribute(TIMEOUT, struct.pack("!I", seconds))
        if connection.protocol == TCP:
            liberal = bytes((LIBERAL, LIBERAL))
            flags = attribute(TCP_FLAGS, liberal) + attribute(TCP_REPLY_FLAGS, liberal)
            body += _nested(PROTOCOL_STATE, _nested(TCP_STATE_OF, flags))
        self._send(NEW_CONNECTION, 0, body)

    def _send(self, kind: int, flags: int, body: bytes) -> None:
        content = FAMILY.pack(socket.AF_INET, 0, 0) + body
        self._port.send(HEADER.pack(HEADER.size + len(content), kind, REQUEST | flags, 0, 0) + content)


def timeout(protocol: int) -> int:
    """Seconds that the host remembers an idle connection."""
    return int(TIMEOUTS[protocol].read_text(encoding="ascii"))


def _nested(kind: int, octets: bytes) -> bytes:
    return attribute(kind | NESTED, octets)


def _tuple(connection: Connection) -> bytes:
    (source, source_port), (destination, destination_port) = connection.terminal, connection.peer
    addresses = attribute(SOURCE, IPv4Address(source).packed) + attribute(DESTINATION, IPv4Address(destination).packed)
    ports = b"".join(
        attribute(kind, value)
        for kind, value in (
            (PROTOCOL, bytes((connection.protocol,))),
            (SOURCE_PORT, struct.pack("!H", source_port)),
            (DESTINATION_PORT, struct.pack("!H", destination_port)),
        )
    )
    return _nested(ADDRESSES, addresses) + _nested(PORTS, ports)


def _inside(found: Attributes, kind: int) -> Attributes:
    return {number & KIND: value for number, value in attributes_of(found.get(kind, b"")).items()}


def _ends(found: Attributes, kind: int) -> tuple[int, End, End] | None:
    """Protocol, source and destination of one direction; None where it is none of IPv4 with ports."""
    whole = _inside(found, kind)
    addresses, ports = _inside(whole, ADDRESSES), _inside(whole, PORTS)
    source, destination = addresses.get(SOURCE, b""), addresses.get(DESTINATION, b"")
    numbers = [ports.get(number, b"") for number in (PROTOCOL, SOURCE_PORT, DESTINATION_PORT)]
    if [len(source), len(destination), *map(len, numbers)] != [4, 4, 1, 2, 2] or numbers[0][0] not in {TCP, UDP}:
        return None
    protocol, source_port, destination_port = (int.from_bytes(number) for number in numbers)
    return protocol, (str(IPv4Address(source)), source_port), (str(IPv4Address(destination)), destination_port)


def _connection(attributes: Attributes) -> Connection | None:
    """A connection whose source alone is translated."""
    found = {number & KIND: value for number, value in attributes.items()}
    one, other = _ends(found, ORIGINAL), _ends(found, REPLY)
    if one is None or other is None or one[2] != other[1] or one[1] == other[2]:
        return None
    return Connection(one[0], one[1], one[2], other[2])


def _settled(connection: Connection, attributes: Attributes) -> bool:
    """Whether both sides were heard, and of TCP, whether none of them ends it."""
    found = {number & KIND: value for number, value in attributes.items()}
    status = int.from_bytes(found.get(STATUS, b""))
    translated = status & (SOURCE_TRANSLATED | DESTINATION_TRANSLATED) == SOURCE_TRANSLATED
    if not (status & ASSURED and translated):
        return False
    state = _inside(_inside(found, PROTOCOL_STATE), TCP_STATE_OF).get(TCP_STATE, b"")
    return connection.protocol == UDP or state == bytes((ESTABLISHED,))
