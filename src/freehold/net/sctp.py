"""Associations over the kernel's SCTP, one socket each (the one-to-one style of RFC 6458 4)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Sequence
from typing import Final, TypeAlias

from freehold.net.association import (
    IGNORED,
    MAX_ASSOCIATIONS,
    MAX_MESSAGE,
    Carrier,
    Ended,
    Happening,
    Listener,
    Message,
    Restarted,
    SocketAssociation,
    connected,
)
from freehold.services.datagram import Address
from freehold.services.n2 import Acceptor
from freehold.spec.errors import Unusable

IPPROTO_SCTP: Final = 132
STREAMS: Final = 32
"""Outbound and inbound streams offered; the association has the smaller of both ends' offers."""
BACKLOG: Final = 512

# Socket options and ancillary data of RFC 6458 8 and 5.3, with Linux' numbers
RTOINFO, INITMSG, NODELAY, PEER_ADDR_PARAMS, EVENTS, STATUS, RECVRCVINFO, BINDX_ADD = 0, 2, 3, 9, 11, 14, 32, 100
SNDINFO, RCVINFO = 2, 3
MSG_NOTIFICATION: Final = 0x8000
ASSOC_CHANGE, SHUTDOWN_EVENT = 0x8001, 0x8005
COMM_LOST, RESTART, SHUTDOWN_COMP, CANT_STR_ASSOC = 1, 2, 3, 4

SNDINFO_FORMAT: Final = struct.Struct("=HHIIi")
RCVINFO_FORMAT: Final = struct.Struct("=HHHxxIIIIi")
ASSOC_CHANGE_FORMAT: Final = struct.Struct("=HHIHHHHi")
PADDRPARAMS_FORMAT: Final = struct.Struct("=i128sIHIIIxx")
ANCILLARY: Final = socket.CMSG_SPACE(RCVINFO_FORMAT.size)
HEARTBEAT_ENABLE: Final = 1
READ: Final = 65536
ENDS: Final = {
    COMM_LOST: "association lost",
    SHUTDOWN_COMP: "shut down by the peer",
    CANT_STR_ASSOC: "the peer does not answer",
}
Ancillary: TypeAlias = list[tuple[int, int, bytes]]


class SctpCarrier:
    """A connected one-to-one SCTP socket as an association's carrier."""

    __slots__ = ("_part", "socket")

    def __init__(self, connected_socket: socket.socket) -> None:
        self.socket = connected_socket
        self._part = b""

    def read(self) -> Happening:
        """Take one message or notification; a message that comes in parts is put together (RFC 6458 4.1.8)."""
        octets, ancillary, flags, _ = self.socket.recvmsg(READ, ANCILLARY)
        if flags & MSG_NOTIFICATION:
            return notified(octets)
        if not octets:
            return Ended("closed by the peer")
        if self._part or not flags & socket.MSG_EOR:
            self._part += octets
            if len(self._part) > MAX_MESSAGE:
                return Ended(f"a message above {MAX_MESSAGE} octets")
            if not flags & socket.MSG_EOR:
                return IGNORED
            octets, self._part = self._part, b""
        stream, ppid = received_on(ancillary)
        return Message(octets, stream, ppid)

    def write(self, octets: bytes, stream: int, ppid: int) -> None:
        """Send one message whole on a stream (RFC 6458 5.3.4)."""
        info = SNDINFO_FORMAT.pack(stream, 0, socket.htonl(ppid), 0, 0)
        self.socket.sendmsg((octets,), ((IPPROTO_SCTP, SNDINFO, info),))


def notified(octets: bytes) -> Happening:
    """What a notification says about the association (RFC 6458 6.1)."""
    if len(octets) < 8:
        return IGNORED
    kind = int.from_bytes(octets[:2], "little" if socket.htons(1) != 1 else "big")
    if kind == SHUTDOWN_EVENT:
        return Ended(ENDS[SHUTDOWN_COMP])
    if kind != ASSOC_CHANGE or len(octets) < ASSOC_CHANGE_FORMAT.size:
        return IGNORED
    state = ASSOC_CHANGE_FORMAT.unpack_from(octets)[3]
    if state == RESTART:
        return Restarted()
    return Ended(ENDS[state]) if state in ENDS else IGNORED


def received_on(ancillary: Ancillary) -> tuple[int, int]:
    """Stream and payload protocol identifier of a message; zeros where the kernel says nothing (RFC 6458 5.3.5)."""
    for level, kind, data in ancillary:
        if level == IPPROTO_SCTP and kind == RCVINFO and len(data) >= RCVINFO_FORMAT.size:
            info = RCVINFO_FORMAT.unpack_from(data)
            return info[0], socket.ntohl(info[3])
    return 0, 0


def listen(
    addresses: Sequence[Address],
    acceptor: Acceptor,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    limit: int = MAX_ASSOCIATIONS,
) -> Listener:
    """Accept associations on one port of one or several local addresses; Unusable where that cannot be."""
    loop = loop or asyncio.get_running_loop()
    listening = make_socket(addresses[0])
    try:
        bind(listening, addresses)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise Unusable(complaint(addresses, error)) from None
    return Listener(loop, listening, acceptor, _dress, limit)


async def connect(peer: Address, acceptor: Acceptor, *, local: Sequence[Address] = ()) -> SocketAssociation:
    """Associate with a peer, from given local addresses or any; OSError where it refuses, Unusable without SCTP."""
    loop = asyncio.get_running_loop()
    sock = make_socket(peer)
    try:
        if local:
            bind(sock, local)
        await connected(loop, sock, peer)
        carrier, name, streams = _dress(sock, peer)
    except OSError:
        sock.close()
        raise
    association = SocketAssociation(loop, carrier, acceptor, name, streams)
    association.open()
    return association


def make_socket(address: Address) -> socket.socket:
    """A non-blocking SCTP socket with our parameters; Unusable where the kernel has no SCTP."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, IPPROTO_SCTP)
    except OSError as error:
        if error.errno in {errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EAFNOSUPPORT}:
            raise Unusable(
                f"{show(address)}: this kernel has no SCTP: load its module (modprobe sctp), "
                "or give N2 a unix: path instead"
            ) from None
        raise Unusable(f"{show(address)}: no SCTP socket: {error.strerror}") from None
    made.setsockopt(IPPROTO_SCTP, INITMSG, struct.pack("=HHHH", STREAMS, STREAMS, 4, 0))
    made.setsockopt(IPPROTO_SCTP, EVENTS, bytes((0, 1, 0, 0, 0, 1, 0, 0)))  # association change, shutdown
    made.setsockopt(IPPROTO_SCTP, RECVRCVINFO, 1)
    _hasten(made)
    return made


def _hasten(made: socket.socket) -> None:
    """Send at once, and notice a dead path in seconds rather than minutes (RFC 6458 8.1.1, 8.1.12); best effort."""
    with contextlib.suppress(OSError):
        made.setsockopt(IPPROTO_SCTP, NODELAY, 1)
        made.setsockopt(IPPROTO_SCTP, RTOINFO, struct.pack("=iIII", 0, 1000, 5000, 500))
        parameters = PADDRPARAMS_FORMAT.pack(0, b"", 5000, 5, 0, 0, HEARTBEAT_ENABLE)
        made.setsockopt(IPPROTO_SCTP, PEER_ADDR_PARAMS, parameters)


def bind(made: socket.socket, addresses: Sequence[Address]) -> None:
    """Bind to every address, all with the first one's port (RFC 6458 9.1)."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(addresses[0])
    port = made.getsockname()[1]
    for host, _ in addresses[1:]:
        made.setsockopt(IPPROTO_SCTP, BINDX_ADD, sockaddr(host, port))


def sockaddr(host: str, port: int) -> bytes:
    """An address as Linux lays out sockaddr_in or sockaddr_in6."""
    if ":" in host:
        network = struct.pack("!HI", port, 0) + socket.inet_pton(socket.AF_INET6, host)
        return struct.pack("=H", socket.AF_INET6) + network + bytes(4)
    network = struct.pack("!H", port) + socket.inet_pton(socket.AF_INET, host)
    return struct.pack("=H", socket.AF_INET) + network + bytes(8)


def _dress(accepted: socket.socket, address: object) -> tuple[Carrier, str, int]:
    """The carrier of a connected socket, its peer's name, and how many streams it may send on (RFC 6458 8.2.1)."""
    status = accepted.getsockopt(IPPROTO_SCTP, STATUS, 256)
    streams = struct.unpack_from("=H", status, 18)[0] if len(status) >= 20 else 1
    host, port = address[:2] if isinstance(address, tuple) else ("?", 0)
    return SctpCarrier(accepted), show((host, port)), streams


def show(address: Address) -> str:
    """`192.0.2.1:38412` or `[2001:db8::1]:38412`."""
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def complaint(addresses: Sequence[Address], error: OSError) -> str:
    """One line for the owner: what could not be bound, why, what to do."""
    where = ", ".join(map(show, addresses))
    advice = {
        errno.EADDRINUSE: "in use: stop the other program (ss -Slnp) or set another port in amf.n2",
        errno.EADDRNOTAVAIL: "this machine has no such address: see `ip address`, then set amf.n2",
        errno.EACCES: "not allowed: ports below 1024 need root",
    }
    return f"SCTP {where}: {advice.get(error.errno or 0, (error.strerror or str(error)).lower())}"


def supported() -> bool:
    """Whether SCTP sockets can be made here."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP).close()
    except OSError:
        return False
    return True
