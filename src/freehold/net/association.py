"""What SCTP and its UNIX equal have in common: associations over message sockets in a loop, and their listeners."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

import msgspec

from freehold.services.n2 import NGAP_PPID, Acceptor, AssociationUser

MAX_MESSAGE: Final = 512 * 1024
"""Octets of the longest message taken; a longer one ends its association."""
MAX_QUEUED: Final = 8 * 1024 * 1024
"""Octets kept for a peer that does not read; more end its association."""
MAX_ASSOCIATIONS: Final = 4096
"""Associations of one listener; beyond, the ones that never said anything give way."""
TURN: Final = 64
"""Messages or associations taken in one turn of the loop, so that no peer starves another."""
PAUSE: Final = 0.2
"""Seconds a listener rests when the process has no descriptor left."""
NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message of a peer."""

    octets: bytes
    stream: int
    ppid: int


class Ended(msgspec.Struct, frozen=True, gc=False):
    """The peer, or the path to it, ended the association."""

    reason: str


class Restarted(msgspec.Struct, frozen=True, gc=False):
    """The peer lost its memory and set the association up again (RFC 9260 5.2)."""


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """Something that needs no answer."""


IGNORED: Final = Ignored()
Happening: TypeAlias = Message | Ended | Restarted | Ignored


class Carrier(Protocol):
    """One connected non-blocking message socket; both calls raise BlockingIOError rather than wait."""

    @property
    def socket(self) -> socket.socket:
        """The socket itself."""

    def read(self) -> Happening:
        """Take what comes next."""

    def write(self, octets: bytes, stream: int, ppid: int) -> None:
        """Send one whole message."""


class SocketAssociation:
    """One end of an association over a socket."""

    __slots__ = (
        "_acceptor",
        "_carrier",
        "_loop",
        "_on_end",
        "_open",
        "_queue",
        "_queued",
        "_user",
        "outbound_streams",
        "peer",
        "silent",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, carrier: Carrier, acceptor: Acceptor, peer: str, outbound_streams: int
    ) -> None:
        self._loop = loop
        self._carrier = carrier
        self._acceptor = acceptor
        self._open = True
        self._queue: deque[tuple[bytes, int, int]] = deque()
        self._queued = 0
        self._on_end: Callable[[SocketAssociation], None] | None = None
        self._user: AssociationUser | None = None
        self.peer = peer
        self.outbound_streams = max(1, outbound_streams)
        self.silent = True
        """Whether the peer has never sent a message."""

    def open(self, on_end: Callable[[SocketAssociation], None] | None = None) -> None:
        """Ask for the user and begin to read; `on_end` is called once however the association ends."""
        self._on_end = on_end
        self._user = self._acceptor(self)
        if self._open:
            self._loop.add_reader(self._carrier.socket, self._readable)

    def send(self, octets: bytes, stream: int, ppid: int = NGAP_PPID) -> None:
        """Send one message, or queue it while the peer does not read."""
        if not self._open:
            return
        if self._queue:
            self._enqueue(octets, stream, ppid)
            return
        try:
            self._carrier.write(octets, stream, ppid)
        except BlockingIOError:
            self._loop.add_writer(self._carrier.socket, self._writable)
            self._enqueue(octets, stream, ppid)
        except OSError as error:
            self._lose_later(_words(error))

    def close(self) -> None:
        """End the association in order; the user is not called."""
        self._shut()

    def give_way(self) -> None:
        """End a silent association in favour of another peer's."""
        self._lose_later("silent while others wait")

    # --- reading and writing ----------------------------------------------------------------
    def _readable(self) -> None:
        for _ in range(TURN):
            if not self._open:
                return
            try:
                happening = self._carrier.read()
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(_words(error))
                return
            if type(happening) is Message:
                self.silent = False
                if self._user is not None:
                    self._user.received(happening.octets, happening.stream, happening.ppid)
            elif type(happening) is Ended:
                self._lose(happening.reason)
            elif type(happening) is Restarted:
                self._restart()

    def _enqueue(self, octets: bytes, stream: int, ppid: int) -> None:
        self._queue.append((octets, stream, ppid))
        self._queued += len(octets)
        if self._queued > MAX_QUEUED:
            self._lose_later(f"the peer does not read: {self._queued} octets wait")

    def _writable(self) -> None:
        while self._queue:
            octets, stream, ppid = self._queue[0]
            try:
                self._carrier.write(octets, stream, ppid)
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(_words(error))
                return
            self._queue.popleft()
            self._queued -= len(octets)
        self._loop.remove_writer(self._carrier.socket)

    # --- ends -------------------------------------------------------------------------------
    def _restart(self) -> None:
        user, self._user = self._user, None
        if user is not None:
            user.lost("the peer restarted the association")
        if self._open:
            self._user = self._acceptor(self)

    def _lose(self, reason: str) -> None:
        if self._shut() and self._user is not None:
            self._user.lost(reason)

    def _lose_later(self, reason: str) -> None:
        """As _lose, but never inside the user's own call."""
        if self._shut() and self._user is not None:
            self._loop.call_soon(self._user.lost, reason)

    def _shut(self) -> bool:
        if not self._open:
            return False
        self._open = False
        self._queue.clear()
        self._queued = 0
        self._loop.remove_reader(self._carrier.socket)
        self._loop.remove_writer(self._carrier.socket)
        self._carrier.socket.close()
        if self._on_end is not None:
            self._on_end(self)
        return True


class Listener:
    """Accepts associations on one socket; bounded however fast peers come and go (G12)."""

    __slots__ = ("_acceptor", "_associations", "_dress", "_limit", "_loop", "_socket", "refused")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        acceptor: Acceptor,
        dress: Callable[[socket.socket, object], tuple[Carrier, str, int]],
        limit: int = MAX_ASSOCIATIONS,
    ) -> None:
        self._loop = loop
        self._socket = listening
        self._acceptor = acceptor
        self._dress = dress
        self._limit = limit
        self._associations: dict[SocketAssociation, None] = {}
        self.refused = 0
        loop.add_reader(listening, self._acceptable)

    def __len__(self) -> int:
        return len(self._associations)

    def close(self) -> None:
        """Take no more associations, and end those there are."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for association in tuple(self._associations):
            association.close()

    def _acceptable(self) -> None:
        for _ in range(TURN):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in NO_DESCRIPTORS:
                    self._rest()
                    return
                continue  # that one peer was gone before it was accepted
            self._admit(accepted, address)

    def _admit(self, accepted: socket.socket, address: object) -> None:
        accepted.setblocking(False)
        if len(self._associations) >= self._limit and not self._give_way():
            self.refused += 1
            accepted.close()
            return
        try:
            carrier, peer, streams = self._dress(accepted, address)
        except OSError:
            accepted.close()
            return
        association = SocketAssociation(self._loop, carrier, self._acceptor, peer, streams)
        self._associations[association] = None
        try:
            association.open(self._ended)
        except Exception:
            association.close()
            raise

    def _give_way(self) -> bool:
        """End the oldest association that never said anything; whether there was one."""
        oldest = next((association for association in self._associations if association.silent), None)
        if oldest is None:
            return False
        self.refused += 1
        oldest.give_way()
        return True

    def _ended(self, association: SocketAssociation) -> None:
        self._associations.pop(association, None)

    def _rest(self) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.call_later(PAUSE, self._resume)

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._acceptable)


async def connected(loop: asyncio.AbstractEventLoop, sock: socket.socket, address: object) -> None:
    """Connect a non-blocking socket; OSError where the peer refuses or cannot be reached."""
    done: asyncio.Future[None] = loop.create_future()
    code = sock.connect_ex(address)  # type: ignore[arg-type]
    if code == 0:
        return
    if code != errno.EINPROGRESS:
        raise OSError(code, os.strerror(code))
    loop.add_writer(sock, _settle, done)
    try:
        await done
    finally:
        loop.remove_writer(sock)
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
