"""Links inside one process: associations and datagrams whose octets are queued and handed over from the loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from freehold.services.datagram import Address, DatagramAcceptor, DatagramUser
from freehold.services.n2 import NGAP_PPID, Acceptor, AssociationUser
from freehold.spec.errors import Unusable

Thunk: TypeAlias = Callable[[], None]
Delivery: TypeAlias = Callable[[Thunk], None]
"""Hands something over later, in the order given: a `Batch`, or a link of `sim`."""

TURN: Final = 256
"""Hand-overs in one turn of the loop: when a gNB with thousands of terminals is lost, others are served in between."""
OUTBOUND_STREAMS: Final = 10
"""What an end of a local association offers, as common SCTP stacks do."""


class Batch:
    """Hands over what was queued, some in each turn of the loop; never inside the sender's call."""

    __slots__ = ("_call_soon", "_coming", "_queue")

    def __init__(self, call_soon: Callable[[Thunk], object]) -> None:
        self._call_soon = call_soon
        self._coming = False
        self._queue: deque[Thunk] = deque()

    def __call__(self, thunk: Thunk) -> None:
        """Queue one hand-over."""
        self._queue.append(thunk)
        self._come()

    def _come(self) -> None:
        if not self._coming:
            self._coming = True
            self._call_soon(self._flush)

    def _flush(self) -> None:
        self._coming = False
        try:
            for _ in range(min(TURN, len(self._queue))):
                self._queue.popleft()()
        finally:
            if self._queue:  # more than a turn's, queued meanwhile, or left because one hand-over raised
                self._come()


class LocalAssociation:
    """One end of an association in this process."""

    __slots__ = ("_deliver", "_open", "_other", "_user", "outbound_streams", "peer")

    def __init__(self, deliver: Delivery, peer: str, outbound_streams: int) -> None:
        self._deliver = deliver
        self._user: AssociationUser | None = None
        self._other = self
        self._open = True
        self.peer = peer
        self.outbound_streams = outbound_streams

    def join(self, other: LocalAssociation) -> None:
        """Make `other` the far end."""
        self._other = other

    def open(self, acceptor: Acceptor) -> None:
        """Ask for this end's user; before that nothing is handed over."""
        if self._open:
            self._user = acceptor(self)

    def send(self, octets: bytes, stream: int, ppid: int = NGAP_PPID) -> None:
        """Queue one message for the other end; nothing happens once the association is lost."""
        if self._open:
            other, message = self._other, bytes(octets)
            self._deliver(lambda: other.receive(message, stream, ppid))

    def close(self) -> None:
        """End the association; the other end is told after what was sent before."""
        if self._open:
            self._open = False
            other = self._other
            self._deliver(lambda: other.lose("closed by the peer"))

    def fail(self, reason: str) -> None:
        """Lose the association at both ends at once, as a broken path does."""
        self._other.lose(reason)
        self.lose(reason)

    def receive(self, octets: bytes, stream: int, ppid: int) -> None:
        """Hand a message to the user."""
        if self._open and self._user is not None:
            self._user.received(octets, stream, ppid)

    def lose(self, reason: str) -> None:
        """Tell the user, once, that the association is gone."""
        if self._open:
            self._open = False
            if self._user is not None:
                self._user.lost(reason)


def associate(
    client: Acceptor,
    server: Acceptor,
    deliver: Delivery,
    *,
    names: tuple[str, str] = ("local", "local"),
    streams: int = OUTBOUND_STREAMS,
) -> tuple[LocalAssociation, LocalAssociation]:
    """Join two users named client and server; their acceptors are called from the loop, the server's first."""
    near = LocalAssociation(deliver, names[1], streams)
    far = LocalAssociation(deliver, names[0], streams)
    near.join(far)
    far.join(near)
    deliver(lambda: far.open(server))
    deliver(lambda: near.open(client))
    return near, far


class LocalPort:
    """A datagram port of a `LocalNetwork`."""

    __slots__ = ("_network", "address", "user")

    def __init__(self, network: LocalNetwork, address: Address) -> None:
        self._network = network
        self.address = address
        self.user: DatagramUser | None = None

    def send(self, octets: bytes, destination: Address) -> None:
        """Queue one datagram; it is lost where nobody is bound to its destination."""
        self._network.carry(bytes(octets), self.address, destination)

    def close(self) -> None:
        """Let go of the address."""
        self._network.unbind(self)


class LocalNetwork:
    """Datagram ports that reach each other in this process by address."""

    __slots__ = ("_deliver", "_ports")

    def __init__(self, deliver: Delivery) -> None:
        self._deliver = deliver
        self._ports: dict[Address, LocalPort] = {}

    def bind(self, address: Address, acceptor: DatagramAcceptor) -> LocalPort:
        """Bind an address, and ask `acceptor` at once for the port's user."""
        if address in self._ports:
            raise Unusable(f"{address[0]}:{address[1]} is in use in this process")
        port = self._ports[address] = LocalPort(self, address)
        port.user = acceptor(port)
        return port

    def unbind(self, port: LocalPort) -> None:
        """Free a port's address."""
        self._ports.pop(port.address, None)

    def carry(self, octets: bytes, source: Address, destination: Address) -> None:
        """Queue one datagram."""
        self._deliver(lambda: self._arrive(octets, source, destination))

    def _arrive(self, octets: bytes, source: Address, destination: Address) -> None:
        port = self._ports.get(destination)
        if port is not None and port.user is not None:
            port.user.received(octets, source)
