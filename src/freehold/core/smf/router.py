"""The SMF as the router of IPv6 links that its UPF only carries: N4-u (TS 23.501 5.8.2.2.3, TS 29.244 5.3, ADR 28)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from freehold.codecs import gtpu, ndp
from freehold.core.smf.state.link import Link
from freehold.core.smf.state.session import Ipv6, SmContext, Tunnel
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Environment, Record
from freehold.procedure.tap import about
from freehold.services.datagram import Address, DatagramPort
from freehold.spec import counters
from freehold.stack.pace import Bucket

GTPU_PORT: Final = 2152  # TS 29.281 4.4.2
A_SECOND: Final = 1000
"""Datagrams of one UPF that are read."""
MOST_ENDS: Final = 64
"""Addresses that UPFs may be known by; nothing is read that comes from a further one."""
LINK_LOCAL: Final = bytes.fromhex("fe80") + bytes(6)


class Router:
    """The end of N4-u of an SMF of that name: a `DatagramUser`. It answers solicitations of its sessions and advertises
    their prefixes.

    UPFs may say something, from their address of N4 or one that a tunnel of theirs has; everything else is counted.
    """

    port: DatagramPort
    """Where N4-u is; there is one once it is open."""

    __slots__ = ("_environment", "_links", "_name", "_pace", "address", "port")

    def __init__(
        self, name: str, address: IPv4Address | IPv6Address, upfs: Iterable[Upf], environment: Environment
    ) -> None:
        self.address = address
        self._name = name
        self._environment = environment
        self._links: dict[int, Link] = {}
        self._pace = {upf.address[0]: Bucket(A_SECOND) for upf in upfs}

    # --- links ------------------------------------------------------------------------------
    def join(self, session: SmContext) -> Tunnel:
        """Be the router of a session's link; our end of its tunnel, whose TEID nobody guesses (TS 29.244 5.3.1)."""
        teid = 0
        while not teid or teid in self._links:
            teid = int.from_bytes(self._environment.random(4), "big")
        self._links[teid] = session.user_plane.link = Link(session, teid)
        return Tunnel(self.address.packed, teid)

    def lead(self, link: Link, far: Tunnel) -> None:
        """The UPF told its end of a tunnel: it may send from there."""
        link.far = far
        for octets in (far.ipv4, far.ipv6):
            if octets is not None and len(self._pace) < MOST_ENDS:
                self._pace.setdefault(str(ip_address(octets)), Bucket(A_SECOND))

    def leave(self, session: SmContext) -> None:
        """A session is over, and its link; harmless where there is none."""
        link, session.user_plane.link = session.user_plane.link, None
        if link is not None:
            self._links.pop(link.teid, None)

    # --- what it says -----------------------------------------------------------------------
    def advertise(self, session: SmContext, destination: bytes = ndp.ALL_NODES) -> None:
        """Tell a connected terminal its prefix (TS 23.502 4.3.2.2.1 step 19); one that is idle is not paged for it."""
        far, ipv6 = _way(session), session.ipv6
        if far is not None and ipv6 is not None:
            mtu = session.network.configuration.mtu
            self._tell(session, far, ndp.advertisement(ipv6.address[:8], mtu, destination))
            self._environment.count(counters.ROUTER_ADVERTISEMENT)

    def _tell(self, session: SmContext, far: Tunnel, packet: bytes) -> None:
        octets = far.ipv4 if self.address.version == 4 else far.ipv6
        if octets is not None:
            self._send(gtpu.GPdu(teid=far.teid, payload=packet), (str(ip_address(octets)), GTPU_PORT), session)

    def _send(self, message: gtpu.Message, to: Address, session: SmContext | None = None) -> None:
        octets = gtpu.encode(message)
        self._watch("out", to, message, octets, session)
        self.port.send(octets, to)

    # --- what it hears ----------------------------------------------------------------------
    def received(self, octets: bytes, source: Address) -> None:
        """One datagram came on N4-u."""
        bucket = self._pace.get(source[0])
        if bucket is None:
            self._fault("from an unknown peer")
        elif not bucket.allows(self._environment.now()):
            self._environment.count(counters.N4U_RATE_EXCEEDED, source[0])
        else:
            self._read(octets, source)

    def _read(self, octets: bytes, source: Address) -> None:
        decoded = gtpu.decode(octets)
        for fault in decoded.faults:
            self._fault(fault.reason)
        message = None if decoded.faults else decoded.message
        if message is None:
            return
        link = self._links.get(message.teid) if isinstance(message, gtpu.GPdu) else None
        self._watch("in", source, message, octets, None if link is None else link.session)
        if isinstance(message, gtpu.EchoRequest):
            # TS 29.281 7.2.2: from the port that was asked to the one that asks
            self._send(gtpu.EchoResponse(sequence=message.sequence), source)
        elif not isinstance(message, gtpu.GPdu):
            self._fault("of a type that has no meaning here")
        elif link is None or not _from(link, source):
            self._fault("of no tunnel" if link is None else "of another peer's tunnel")
        else:
            self._packet(link, message.payload, source)

    def _packet(self, link: Link, packet: bytes, source: Address) -> None:
        """A terminal's packet: a solicitation of its own link is answered, nothing else is."""
        ipv6, asked = link.session.ipv6, ndp.solicitation(packet)
        if ipv6 is None or asked is None or not _of_link(asked.source, ipv6):
            self._fault("without a solicitation of the link")
        elif not link.answers.allows(self._environment.now()):
            self._environment.count(counters.N4U_RATE_EXCEEDED, source[0])
        else:
            self._answer(link.session, asked)

    def _answer(self, session: SmContext, asked: ndp.Solicitation) -> None:
        far = _way(session)
        if not asked.neighbour:
            # RFC 4861 6.2.6
            self.advertise(session, ndp.ALL_NODES if asked.source == ndp.UNSPECIFIED else asked.source)
        elif far is not None:
            # RFC 4861 7.2.4
            self._tell(session, far, ndp.neighbour_advertisement(asked))

    def _watch(self, way: str, peer: Address, message: gtpu.Message, octets: bytes, session: SmContext | None) -> None:
        """Put a message on the tap, under the name of the packet in it where that is one of the link's."""
        tap = self._environment.tap
        if not tap.active or not tap.wants(session):
            return
        own = self.port.address
        ends = (f"{self._name} {own[0]}:{own[1]}", f"{peer[0]}:{peer[1]}")
        source, target = ends if way == "out" else ends[::-1]
        name, clause = ndp.named(message.payload) if isinstance(message, gtpu.GPdu) else ("", "")
        tap.record(
            Record(
                self._environment.now(),
                "N4-u",
                source,
                target,
                name or type(message).__name__,
                clause,
                octets=octets,
                value=message,
                subject="" if session is None else str(session),
                about=about(session),
            )
        )

    def _fault(self, reason: str) -> None:
        self._environment.count(counters.PROTOCOL_FAULT, f"N4-u {reason}")


def _way(session: SmContext) -> Tunnel | None:
    """Where to send what is for a terminal; None while it is not connected."""
    link, connected = session.user_plane.link, session.user_plane.downlink is not None
    return link.far if link is not None and connected else None


def _from(link: Link, source: Address) -> bool:
    """Whether a datagram comes from the UPF that has the session."""
    ends = () if link.far is None else (link.far.ipv4, link.far.ipv6)
    return source[0] == link.session.user_plane.upf.address[0] or ip_address(source[0]).packed in ends


def _of_link(source: bytes, ipv6: Ipv6) -> bool:
    """Whether a packet with that source may be of the terminal's own link (RFC 4291 2.5.6)."""
    return source != ndp.ROUTER and (source == ndp.UNSPECIFIED or source[:8] in {LINK_LOCAL, ipv6.address[:8]})
