"""Sockets on a terminal's address: what a script reads and writes crosses the radio access, N3 and N6."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TypeVar

from freehold.net.access import AccessPlane, SocketEvent
from freehold.procedure import Signal

if TYPE_CHECKING:
    from freehold.app.world import World

T = TypeVar("T")
CHUNK = 65536
"""Octets taken in one call."""


class _Socket:
    """What both kinds share: a handle in the engine, and waiting for its next event."""

    def __init__(self, world: World, plane: AccessPlane, session: int, handle: int) -> None:
        self._world = world
        self._plane = plane
        self._session = session
        self._handle = handle
        self._next: Signal[None] = Signal()
        self._ended = False
        self._reset = False
        plane.on_socket(handle, self._happened)

    def _happened(self, event: SocketEvent) -> None:
        if event.kind == "closed":
            self._ended = True
            self._reset = bool(event.fields and event.fields[0])
        happened, self._next = self._next, Signal()
        happened.set(None)

    def _ask(self, operation: Callable[[], T]) -> T:
        """An operation of the engine; ConnectionError where the socket went with its session."""
        try:
            return operation()
        except ValueError:
            if self._ended:
                raise ConnectionError("the session of this socket is gone") from None
            raise

    @property
    def _engine(self) -> int:
        """Where its session is now: it goes with its terminal from gNB to gNB."""
        return self._plane.at(self._session)

    async def _event(self) -> None:
        await self._world.wait(self._next)

    def close(self) -> None:
        """Let go of it; a TCP connection ends in order."""
        self._plane.on_socket(self._handle, None)
        with contextlib.suppress(ValueError):  # it may have gone with its session
            self._plane.fabric.close_socket(self._engine, self._handle, False)


class TcpSocket(_Socket):
    """A TCP connection of a terminal."""

    @classmethod
    async def connect(cls, world: World, plane: AccessPlane, session: int, host: str, port: int) -> Self:
        """Connect; ConnectionError where the other end refuses or nobody answers."""
        made = cls(world, plane, session, plane.fabric.tcp_connect(plane.at(session), session, host, port))
        await made._event()
        if made._ended:
            made.close()
            raise ConnectionError(f"{host} port {port} refused the connection")
        return made

    async def send(self, octets: bytes) -> None:
        """Send everything; ConnectionError where the connection ended."""
        left = memoryview(octets)
        while left:
            if self._reset:
                raise ConnectionError("the connection was reset")
            part = bytes(left[:CHUNK])
            taken = self._ask(functools.partial(self._plane.fabric.send, self._engine, self._handle, part))
            left = left[taken:]
            if left and not taken:
                await self._event()

    async def receive(self, limit: int = CHUNK) -> bytes:
        """At most `limit` octets once there are some; empty at the end of the stream."""
        while True:
            octets = self._ask(lambda: self._plane.fabric.receive(self._engine, self._handle, limit))
            if octets:
                return octets
            if self._reset:
                raise ConnectionError("the connection was reset")
            if octets is None:
                return b""
            await self._event()

    async def receive_all(self) -> bytes:
        """Everything up to the end of the stream."""
        parts = []
        while part := await self.receive():
            parts.append(part)
        return b"".join(parts)


class UdpSocket(_Socket):
    """A UDP socket of a terminal."""

    def __init__(self, world: World, plane: AccessPlane, session: int, port: int) -> None:
        super().__init__(world, plane, session, plane.fabric.udp_open(plane.at(session), session, port))

    def send(self, octets: bytes, host: str, port: int) -> None:
        """Send one datagram."""
        self._plane.fabric.send_to(self._engine, self._handle, octets, host, port)

    async def receive(self) -> tuple[bytes, str, int]:
        """The next datagram with its source; ConnectionError where the session is gone."""
        while True:
            found = self._ask(lambda: self._plane.fabric.receive_from(self._engine, self._handle))
            if found is not None:
                host, port, octets = found
                return octets, host, port
            await self._event()


class EthernetSocket(_Socket):
    """Frames of a terminal's Ethernet session, from the destination address to the payload (IEEE 802.3 3.1.1)."""

    def __init__(self, world: World, plane: AccessPlane, session: int) -> None:
        super().__init__(world, plane, session, plane.fabric.frames_open(plane.at(session), session))

    def send(self, frame: bytes) -> None:
        """Send one frame."""
        self._ask(lambda: self._plane.fabric.frame_send(self._engine, self._handle, frame))

    async def receive(self) -> bytes:
        """The next frame; ConnectionError where the session is gone."""
        while True:
            frame = self.take()
            if frame is not None:
                return frame
            await self._event()

    def take(self) -> bytes | None:
        """A frame that is there already, or none."""
        return self._ask(lambda: self._plane.fabric.frame_receive(self._engine, self._handle))
