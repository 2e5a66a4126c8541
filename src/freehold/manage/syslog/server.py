"""One way to a log server: datagrams (RFC 5426), a connection (RFC 6587), or one inside TLS (RFC 5425)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import ssl
import struct
import termios
from typing import Final, Literal, Protocol

import msgspec

from freehold.manage.syslog.queue import framed
from freehold.spec.errors import Unusable

Transport = Literal["tls", "tcp", "udp"]
PORTS: Final[dict[Transport, int]] = {"tls": 6514, "tcp": 601, "udp": 514}
"""RFC 5425 4.1, RFC 3195 9.2, RFC 5426 3.3."""
PATIENCE: Final = 10.0
"""Seconds for a connection, and for the other end to acknowledge octets."""
REFUSAL: Final = 0.2
"""Seconds for a server that does not want us: with TLS 1.3 it says so after the handshake (RFC 8446 4.4.2.4)."""


class Receiver(msgspec.Struct, frozen=True):
    """A log server; `ca` is a file with whom TLS trusts, empty for whom the machine trusts.

    `certificate` and `key` are what the server knows us by, empty for nothing.
    """

    address: tuple[str, int]
    transport: Transport = "tls"
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def place(self) -> str:
        """How people name it."""
        host, port = self.address
        return f"{self.transport}:{f'[{host}]' if ':' in host else host}:{port}"


class Way(Protocol):
    """An open way to a server; every operation raises OSError once it is broken."""

    async def send(self, message: bytes) -> None:
        """Hand over one message."""

    def arrived(self) -> bool:
        """Whether the other machine has everything that was sent."""

    def close(self) -> None:
        """Send no more."""


def trusted(receiver: Receiver) -> ssl.SSLContext | None:
    """What TLS trusts and shows; None for a way without it. Unusable where a file is not what it should be."""
    if receiver.transport != "tls":
        return None
    file = receiver.ca
    try:
        context = ssl.create_default_context(cafile=file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        file = receiver.certificate
        if file:
            context.load_cert_chain(file, receiver.key or None)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"log.server: {file}: {error.strerror or error}") from None
    return context


async def way_to(receiver: Receiver, context: ssl.SSLContext | None) -> Way:
    """Open one; OSError where that cannot be."""
    host, port = receiver.address
    loop = asyncio.get_running_loop()
    if receiver.transport == "udp":
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, port))
        return Datagrams(transport)
    connection = Connection(*await asyncio.wait_for(asyncio.open_connection(host, port, ssl=context), PATIENCE))
    await connection.refused(REFUSAL)
    return connection


class Datagrams:
    """One datagram a message: nobody says whether it came."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    async def send(self, message: bytes) -> None:
        """Hand over one message."""
        self._transport.sendto(message)

    def arrived(self) -> bool:
        """As far as anybody knows."""
        return True

    def close(self) -> None:
        """Send no more."""
        self._transport.close()


class Connection:
    """Messages with their lengths on a connection; a server says nothing on it, and ends it when it wants no more."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._ended = asyncio.ensure_future(reader.read(1))
        self._number = writer.get_extra_info("socket").fileno()
        with contextlib.suppress(OSError, AttributeError), socket.socket(fileno=os.dup(self._number)) as same:
            # a machine that is gone is found out while octets wait for it (RFC 9293 3.8.3)
            same.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(PATIENCE * 1000))

    async def refused(self, seconds: float) -> None:
        """ConnectionError where the server ends the connection within that time."""
        await asyncio.wait((self._ended,), timeout=seconds)
        self._check()

    def _check(self) -> None:
        if not self._ended.done():
            return
        reason = self._ended.exception()
        raise ConnectionError("it closed the connection" if reason is None else f"{reason}")

    async def send(self, message: bytes) -> None:
        """Hand over one message; ConnectionError once the server closed."""
        self._check()
        self._writer.write(framed(message))
        await asyncio.wait_for(self._writer.drain(), PATIENCE)

    def arrived(self) -> bool:
        """Whether the other machine acknowledged every octet: none waits in the host any more."""
        self._check()
        if self._writer.transport.get_write_buffer_size():
            return False
        waiting = fcntl.ioctl(self._number, termios.TIOCOUTQ, struct.pack("i", 0))
        return bool(struct.unpack("i", waiting)[0] == 0)

    def close(self) -> None:
        """Send no more."""
        self._ended.cancel()
        self._writer.close()
