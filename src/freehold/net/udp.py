"""Datagram ports over UDP sockets in a loop: N4."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Final

from freehold.services.datagram import Address, DatagramAcceptor, DatagramUser
from freehold.spec.errors import Unusable

TURN: Final = 64
"""Datagrams taken in one turn of the loop."""
LONGEST: Final = 65535
BUFFER: Final = 4 * 1024 * 1024


class UdpPort:
    """A bound UDP port; what the kernel has no room for is lost, and counted in `dropped`."""

    __slots__ = ("_loop", "_socket", "_user", "address", "dropped")

    def __init__(self, loop: asyncio.AbstractEventLoop, bound: socket.socket, acceptor: DatagramAcceptor) -> None:
        self._loop = loop
        self._socket = bound
        host, port = bound.getsockname()[:2]
        self.address: Address = (str(host), int(port))
        self.dropped = 0
        self._user: DatagramUser = acceptor(self)
        loop.add_reader(bound, self._readable)

    def send(self, octets: bytes, destination: Address) -> None:
        """Send one datagram, or lose it where the path refuses it now."""
        try:
            self._socket.sendto(octets, destination)
        except OSError:  # full, unreachable, refused, closed: to its user all of it is loss
            self.dropped += 1

    def close(self) -> None:
        """Let go of the port."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _readable(self) -> None:
        for _ in range(TURN):
            try:
                octets, source = self._socket.recvfrom(LONGEST)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier datagram: the sender's timer is the answer
                continue
            self._user.received(octets, (source[0], source[1]))
            if self._socket.fileno() < 0:
                return


def bind(
    address: Address,
    acceptor: DatagramAcceptor,
    *,
    setting: str = "upf.n4",
    loop: asyncio.AbstractEventLoop | None = None,
) -> UdpPort:
    """Bind a UDP port (0: any); Unusable names the setting to change."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            bound.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        bound.bind(address)
    except OSError as error:
        bound.close()
        advice = {
            errno.EADDRINUSE: f"in use: stop the other program (ss -ulnp) or set another port in {setting}",
            errno.EADDRNOTAVAIL: f"this machine has no such address: see `ip address`, then set {setting}",
        }
        text = advice.get(error.errno or 0, (error.strerror or str(error)).lower())
        raise Unusable(f"UDP {address[0]}:{address[1]}: {text}") from None
    return UdpPort(loop or asyncio.get_running_loop(), bound, acceptor)
