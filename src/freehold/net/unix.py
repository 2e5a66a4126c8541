"""Associations over UNIX sockets (SOCK_SEQPACKET): N2 on one machine without SCTP in the kernel and without root.

A packet is the stream (16 bits), flags (16 bits, 0), the payload protocol identifier (32 bits) and the payload, all in
network order: what a program under an SCTP stand-in in user space sends, so that an unmodified gNB can be at the other
end. Such a program finds a listener of IP address and port at `<folder>/<ip>_<port>.sock`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from pathlib import Path
from typing import Final

from freehold.net.association import (
    MAX_ASSOCIATIONS,
    MAX_MESSAGE,
    Carrier,
    Ended,
    Happening,
    Listener,
    Message,
    SocketAssociation,
    connected,
)
from freehold.net.local import OUTBOUND_STREAMS
from freehold.services.n2 import Acceptor
from freehold.spec.errors import Unusable

HEADER: Final = struct.Struct("!HHI")
BUFFER: Final = 4 * 1024 * 1024
"""Octets asked of the kernel for each direction; it may grant fewer."""
BACKLOG: Final = 512
NAME: Final = b"\0sctpshim/"
"""How the abstract address of a program under a stand-in begins."""


class UnixCarrier:
    """A connected SEQPACKET socket as an association's carrier."""

    __slots__ = ("_buffer", "_view", "socket")

    def __init__(self, connected_socket: socket.socket, buffer: bytearray | None = None) -> None:
        self.socket = connected_socket
        self._buffer = bytearray(MAX_MESSAGE + HEADER.size + 1) if buffer is None else buffer
        self._view = memoryview(self._buffer)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            connected_socket.setsockopt(socket.SOL_SOCKET, option, BUFFER)

    def read(self) -> Happening:
        """Take one packet; an end of file is the loss of the association."""
        length = self.socket.recv_into(self._buffer)
        if length == 0:
            return Ended("closed by the peer")
        if length < HEADER.size:
            return Ended(f"a packet of {length} octets: the peer does not speak this framing")
        if length == len(self._buffer):
            return Ended(f"a message above {MAX_MESSAGE} octets")
        stream, _, ppid = HEADER.unpack_from(self._buffer)
        return Message(bytes(self._view[HEADER.size : length]), stream, ppid)

    def write(self, octets: bytes, stream: int, ppid: int) -> None:
        """Send one packet whole."""
        self.socket.send(HEADER.pack(stream, 0, ppid) + octets)


def standin_path(folder: str, address: str, port: int) -> str:
    """Where a program under a stand-in looks for the listener of an IP address and port."""
    return f"{folder}/{address}_{port}.sock"


def listen(
    path: str,
    acceptor: Acceptor,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    streams: int = OUTBOUND_STREAMS,
    limit: int = MAX_ASSOCIATIONS,
) -> UnixListener:
    """Accept associations at a path, for this user only (mode 0600); Unusable where that cannot be."""
    loop = loop or asyncio.get_running_loop()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    try:
        clear_stale(path, socket.SOCK_SEQPACKET)
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        previous = os.umask(0o177)
        try:
            listening.bind(path)
        finally:
            os.umask(previous)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise Unusable(
            f"unix:{path}: {(error.strerror or str(error)).lower()}: choose another path in amf.n2"
        ) from None
    except Unusable:
        listening.close()
        raise
    return UnixListener(loop, listening, acceptor, path, streams, limit)


class UnixListener:
    """A `Listener` with its socket file, removed at the end."""

    __slots__ = ("listener", "path")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        acceptor: Acceptor,
        path: str,
        streams: int,
        limit: int,
    ) -> None:
        self.path = path
        buffer = bytearray(MAX_MESSAGE + HEADER.size + 1)  # one for all: a read never waits

        def dress(accepted: socket.socket, address: object) -> tuple[Carrier, str, int]:
            return UnixCarrier(accepted, buffer), _peer_name(address, path), streams

        self.listener = Listener(loop, listening, acceptor, dress, limit)

    def close(self) -> None:
        """Take no more associations, end those there are, and remove the socket file."""
        self.listener.close()
        Path(self.path).unlink(missing_ok=True)


async def connect(path: str, acceptor: Acceptor, *, streams: int = OUTBOUND_STREAMS) -> SocketAssociation:
    """Associate with the listener at a path; OSError where nobody listens."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    try:
        await connected(loop, sock, path)
    except OSError:
        sock.close()
        raise
    association = SocketAssociation(loop, UnixCarrier(sock), acceptor, f"unix:{path}", streams)
    association.open()
    return association


def clear_stale(path: str, kind: socket.SocketKind) -> None:
    """Remove a socket file that nobody listens on any more; Unusable where somebody does, or it is another file."""
    place = Path(path)
    if not place.exists():
        return
    if not place.is_socket():
        raise Unusable(f"{path}: is there and is not a socket: choose another path")
    with socket.socket(socket.AF_UNIX, kind | socket.SOCK_NONBLOCK) as probe:
        code = probe.connect_ex(path)
    if code in {0, errno.EAGAIN, errno.EINPROGRESS}:
        raise Unusable(f"{path}: another program listens there: stop it or choose another path")
    place.unlink(missing_ok=True)


def _peer_name(address: object, path: str) -> str:
    """`ip:port` of a program under a stand-in, by its abstract address; the listener's path for any other."""
    if isinstance(address, bytes) and address.startswith(NAME):
        host, _, port = address[len(NAME) :].split(b"/", 1)[0].decode("ascii", "replace").rpartition("_")
        return f"{host}:{port}"
    return f"unix:{path}"
