"""What a script holds of a network: terminals and sessions whose methods are awaited."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from freehold.app.sockets import EthernetSocket, TcpSocket, UdpSocket
from freehold.codecs.nas import PduSessionType
from freehold.net.access import AccessPlane
from freehold.net.tap import TapInterface
from freehold.net.tun import TerminalTun
from freehold.procedure import Signal
from freehold.services.access import PingResult
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Bug
from freehold.spec.identities import Guti, SNssai, Supi
from freehold.ue.state.mobility import Granted
from freehold.ue.state.session import Session
from freehold.ue.terminal import Terminal

if TYPE_CHECKING:
    from freehold.app.radio import Interface, Radio
    from freehold.app.world import World
    from freehold.ran.cu_cp.gnb import Gnb


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """IP octets that a session carried, without any tunnel's headers."""

    uplink: int
    downlink: int


class PduSession:
    """A PDU session of a script's terminal: addresses to ping from and open sockets on."""

    def __init__(self, world: World, plane: AccessPlane, session: Session, gateways: tuple[str, ...]) -> None:
        self._world = world
        self._plane = plane
        self._session = session
        own = [gateway for gateway in gateways if self.ip6 or ":" not in gateway]
        self.gateway = next((gateway for gateway in own if self.ip or ":" in gateway), "")
        """The data network's own address, of IPv4 where the session has that."""
        self.gateway6 = next((gateway for gateway in own if ":" in gateway), "")
        self.interface = ""
        """The interface of the host that is this session, where there is one."""
        """The same of IPv6; empty where the session has none."""

    def of(self, session: Session | None) -> bool:
        """Whether this is that session of the terminal."""
        return self._session is session

    @property
    def identity(self) -> int:
        """The PDU session identity, 1..15."""
        return self._session.identity

    @property
    def ip(self) -> str:
        """The terminal's IPv4 address in this session."""
        return self._session.address or ""

    @property
    def ip6(self) -> str:
        """The terminal's IPv6 address in this session: the advertised prefix with its interface identifier."""
        return self._session.ipv6 or ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address it has, IPv4 first."""
        return tuple(address for address in (self.ip, self.ip6) if address)

    @property
    def dnn(self) -> str:
        """Its data network, as the network named it."""
        return (self._session.granted.dnn if self._session.granted else None) or self._session.dnn or ""

    @property
    def kind(self) -> str:
        """Its PDU session type (TS 24.501 9.11.4.11): ipv4, ipv6, ipv4v6, ethernet."""
        granted = self._session.granted
        return PduSessionType(granted.pdu_session_type).name.lower() if granted is not None else ""

    @property
    def ethernet(self) -> bool:
        """Whether it carries frames, and has no address."""
        return self._session.granted is not None and self._session.granted.ethernet

    @property
    def dns(self) -> tuple[str, ...]:
        """Name servers that the network told."""
        return self._session.granted.dns if self._session.granted else ()

    @property
    def mtu(self) -> int:
        """The link MTU in octets."""
        return self._session.granted.mtu if self._session.granted else 0

    @property
    def active(self) -> bool:
        """Whether its user plane has a bearer now."""
        return self._session.bearer is not None

    @property
    def traffic(self) -> Traffic:
        """What it carried so far, in octets of packets or frames."""
        return Traffic(*self._plane.octets(self._session.number))

    async def ping(self, destination: str | None = None, size: int = 56) -> PingResult:
        """One echo request to `destination` (the data network itself by default) and its reply, or none in 1 s."""
        done: Signal[PingResult] = Signal()
        self._plane.ping(self._session.number, destination or self.gateway, size, done.set)
        return await self._world.wait(done)

    async def tcp_connect(self, host: str, port: int) -> TcpSocket:
        """A TCP connection from the terminal's address; ConnectionError where it is refused."""
        return await TcpSocket.connect(self._world, self._plane, self._session.number, host, port)

    @contextlib.contextmanager
    def tun(self, name: str = "fhue%d") -> Iterator[str]:
        """The name of an interface that is this session, for programs of the host; needs root and real time.

        It is a TAP without an address where the session carries frames.
        """
        interface = TapInterface(name, self.mtu) if self.ethernet else TerminalTun(self.addresses, self.mtu, name)
        try:
            self._plane.attach_tun(self._session.number, interface)
            try:
                self.interface = interface.name
                yield interface.name
            finally:
                self.interface = ""
                self._plane.detach_tun(self._session.number)
        finally:
            interface.close()

    def frames(self) -> EthernetSocket:
        """A socket that sends and gets the frames of this session; ValueError where it carries packets."""
        return EthernetSocket(self._world, self._plane, self._session.number)

    def udp(self, port: int = 0) -> UdpSocket:
        """A UDP socket on the terminal's address; port 0 takes a free one."""
        return UdpSocket(self._world, self._plane, self._session.number, port)


class UserEquipment:
    """A terminal with its subscription, as a script uses it; a refusal raises `freehold.ue.errors.Refused`."""

    def __init__(self, world: World, terminal: Terminal, subscriber: Subscriber, plane: AccessPlane) -> None:
        self._world = world
        self._plane = plane
        self.terminal = terminal
        self.subscriber = subscriber
        self._sessions: dict[int, PduSession] = {}
        self.gateways: dict[str, tuple[str, ...]] = {}
        """The own addresses of each data network, the first one's first."""
        self.radio: Radio | None = None
        """Where gNBs can hand it over."""
        self.ethernet: frozenset[str] = frozenset()
        """Data networks whose sessions carry frames."""

    def __repr__(self) -> str:
        return f"<{self.terminal} {self.supi}>"

    @property
    def supi(self) -> Supi:
        """The permanent identity; masked where it is printed."""
        return self.subscriber.supi

    @property
    def sessions(self) -> dict[int, PduSession]:
        """The sessions it has, by identity; those that the network or the terminal gave up are not among them."""
        held = self.terminal.sessions.context.sessions
        return {identity: one for identity, one in self._sessions.items() if one.of(held.get(identity))}

    @property
    def guti(self) -> Guti | None:
        """The temporary identity the network gave."""
        return self.terminal.usim.guti

    @property
    def registered(self) -> bool:
        """Whether it is registered."""
        return self.terminal.mm.registered

    @property
    def idle(self) -> bool:
        """Whether it has no signalling connection."""
        return self.terminal.link.connection is None

    async def register(self, *, follow_on: bool = True) -> Granted:
        """Register, or update the registration: what the network granted."""
        return await self._world.wait(self.terminal.register(follow_on=follow_on))

    async def pdu_session(
        self, dnn: str | None = None, slice_: SNssai | None = None, kind: PduSessionType | None = None
    ) -> PduSession:
        """Open a PDU session and wait for its user plane and, where it has IPv6, for its address.

        It is of the type that the data network has addresses for, unless another is asked for.
        """
        asked = kind or self._type(dnn)
        session = await self._world.wait(self.terminal.pdu_session(dnn, slice_, asked))
        if session.granted is not None and session.granted.interface_identifier is not None:
            await self._world.wait(session.configured)
        gateways = self._gateways(session.granted.dnn if session.granted else None)
        made = self._sessions[session.identity] = PduSession(self._world, self._plane, session, gateways)
        return made

    def _gateways(self, dnn: str | None) -> tuple[str, ...]:
        if dnn in self.ethernet:
            return ()
        return self.gateways.get(dnn or "") or next(iter(self.gateways.values()), ())

    def _type(self, dnn: str | None) -> PduSessionType:
        if (dnn or next(iter(self.gateways), "")) in self.ethernet:
            return PduSessionType.ETHERNET
        versions = {":" in gateway for gateway in self._gateways(dnn)}
        both = PduSessionType.IPV4V6 if versions == {False, True} else PduSessionType.IPV6
        return both if True in versions else PduSessionType.IPV4

    async def release(self, session: PduSession) -> None:
        """Release a PDU session."""
        await self._world.wait(self.terminal.release_session(session.identity))
        self._sessions.pop(session.identity, None)

    async def handover(self, gnb: Gnb, interface: Interface = "xn") -> None:
        """Be handed over to another gNB, over Xn or by way of the AMF (`n2`); sessions and sockets go along.

        NgapReject, TimerExpired, PeerError or Aborted says why the terminal stays where it was.
        """
        if self.radio is None:
            raise Bug("a terminal without a radio cannot be handed over")
        await self.radio.hand_over(self.terminal, gnb, interface)

    async def service_request(self) -> None:
        """Leave idle mode."""
        await self._world.wait(self.terminal.service_request())

    async def go_idle(self) -> None:
        """Have the gNB release the connection, and wait until it is released."""
        released: Signal[None] = Signal()
        self.terminal.after_release(functools.partial(released.set, None))
        self.terminal.go_idle()
        await self._world.wait(released)

    async def released(self) -> None:
        """Wait until there is no signalling connection."""
        gone: Signal[None] = Signal()
        self.terminal.after_release(functools.partial(gone.set, None))
        await self._world.wait(gone)

    async def deregister(self, *, switch_off: bool = False) -> None:
        """Deregister; with `switch_off` without waiting for the network's answer."""
        await self._world.wait(self.terminal.deregister(switch_off=switch_off))
        self._sessions.clear()
