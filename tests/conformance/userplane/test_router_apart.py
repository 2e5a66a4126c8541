"""Our SMF as the router of IPv6 links through our own UPF, on real sockets of N3 and N4-u (TS 29.244 5.3)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest

from freehold.codecs import gtpu, ndp, pfcp
from freehold.core.smf import DataNetwork, rules
from freehold.core.smf.router import GTPU_PORT, Router
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.session import Ipv6, SmContext, SmIdentity, Terms
from freehold.core.smf.state.session import Tunnel as End
from freehold.core.smf.state.upf import Upf as KnownUpf
from freehold.core.upf import Upf, UpfSettings
from freehold.net.userplane import PlaneSettings, UserPlane, bind_n3
from freehold.procedure import Driver
from freehold.services.access import PingResult, Tunnel
from freehold.services.datagram import Address
from freehold.services.npcf import SmPolicyDecision
from freehold.services.nudm import Ambr, Arp
from freehold.sim.clock import VirtualEnvironment
from freehold.spec import counters
from freehold.spec.identities import SNssai, Supi
from freehold.spec.timers import Timers
from ndpkit import neighbour_solicitation, solicitation

pytestmark = pytest.mark.xdist_group("n3")

# Addresses of this process alone: tests run side by side.
NET = f"127.{192 + (os.getpid() >> 8) % 32}.{os.getpid() % 256}"
UPF, SMF, GNB, STRANGER = (f"{NET}.{host}" for host in (1, 2, 10, 66))
POOL = IPv6Network("2001:db8::/48")
PREFIX = int(IPv6Address("2001:db8:0:5::")) >> 64
IDENTIFIER = bytes(7) + b"\x77"
NODE = pfcp.NodeID(ipv4=IPv4Address(SMF).packed)


class Place:
    """An SMF's router, a UPF that it drives by the messages of its rules, and a gNB with one terminal."""

    address: Address = (UPF, 8805)

    def __init__(self, stack: ExitStack) -> None:
        self.environment = VirtualEnvironment()
        self.plane = UserPlane()
        stack.callback(self.plane.close)
        self.upf_plane = self.plane.add_upf(PlaneSettings(UPF), b"0123456789abcdef", stack.enter_context(bind_n3(UPF)))
        instance = self.upf_plane.add_instance("internet", [(str(POOL.network_address), POOL.prefixlen)])
        self.upf_plane.attach_network(instance, "2001:db8::1")
        driver = Driver("UPF", self.environment, Timers())
        self.upf = Upf(driver, self, self.upf_plane, UpfSettings(UPF, (SMF,)))
        self.gnb = self.plane.add_access(GNB, 7, stack.enter_context(bind_n3(GNB)))
        self.port = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.port.bind((SMF, GTPU_PORT))
        self.port.setblocking(False)
        self.heard: list[bytes] = []
        known = KnownUpf((UPF, 8805))
        self.router = Router("SMF", IPv4Address(SMF), (known,), self.environment)
        self.router.port = N4u(self.port)
        network = Network(DataNetwork("internet", pool6=POOL))
        identity = SmIdentity(1, Supi("imsi-001010000000001"), 1, SNssai(1))
        self.session = SmContext(identity, network, None, known, Terms(0, pdu_session_type=2))  # type: ignore[arg-type]
        self.session.ipv6 = Ipv6(PREFIX, IDENTIFIER)
        self.session.policy = SmPolicyDecision(Ambr(10**9, 10**9), 9, Arp())
        self.addressed: list[str | None] = []
        self.now = 0.0
        self.sequence = 0

    # --- N4 -------------------------------------------------------------------------------------------
    def send(self, octets: bytes, _: Address) -> None:
        self.answer = pfcp.decode(octets)

    def ask(self, message: pfcp.Message, seid: int | None = None) -> pfcp.Message:
        self.sequence += 1
        self.upf.received(pfcp.encode(message, self.sequence, seid), (SMF, 8805))
        assert self.answer.message is not None
        assert getattr(self.answer.message, "cause", None) == 1
        return self.answer.message

    def establish(self, *, apart: bool = True) -> None:
        """What the SMF does up to the gNB's answer; the router is there, or else the UPF."""
        self.ask(pfcp.AssociationSetupRequest(NODE, 1))
        plane, n4u = self.session.user_plane, self.router.join(self.session) if apart else None
        request = rules.establishment(self.session, NODE, pfcp.FSEID(9, ipv4=NODE.ipv4), 10**9, n4u=n4u)
        response = self.ask(request, 0)
        assert isinstance(response, pfcp.SessionEstablishmentResponse)
        assert response.up_f_seid is not None
        plane.remote_seid, plane.uplink = response.up_f_seid.seid, rules.tunnel_of(response)
        far = rules.tunnel_of(response, rules.ADVERTISEMENTS)
        assert (plane.link is not None, far is not None, plane.uplink is not None) == (apart, apart, True)
        if far is not None:
            self.router.lead(plane.link, far)

    def connect(self) -> None:
        """The gNB has the session, and the UPF hears of it."""
        plane = self.session.user_plane
        self.bearer, here = self.gnb.add_bearer(Tunnel(UPF, plane.uplink.teid), rules.DEFAULT_FLOW)
        plane.downlink = End(IPv4Address(GNB).packed, here.teid)
        self.ask(rules.forward_downlink(self.session, plane.downlink), plane.remote_seid)

    def terminal(self) -> None:
        """The terminal of the bearer; it solicits, and makes an address of what it is told."""
        self.gnb.link(1, int.from_bytes(IDENTIFIER, "big"), 1400, self.addressed.append)
        self.gnb.bind(1, self.bearer)

    # --- time -------------------------------------------------------------------------------------------
    def poll(self, seconds: float = 0.01) -> None:
        """Let everything that was sent arrive, everywhere."""
        for _ in range(6):
            self.now += seconds / 6
            self.plane.poll(self.now)
            while octets := self._next():
                self.heard.append(octets[0])
                self.router.received(*octets)

    def _next(self) -> tuple[bytes, Address] | None:
        try:
            return self.port.recvfrom(2000)
        except BlockingIOError:
            return None

    def said(self, packet: bytes) -> list[gtpu.Message]:
        """What the gNB is sent for a terminal's packet."""
        self.plane.fabric.tap(True)
        self.plane.fabric.take_tap()
        container = gtpu.UlPduSessionInformation(qfi=rules.DEFAULT_FLOW)
        teid = self.session.user_plane.uplink.teid
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            port.bind((GNB, 0))
            port.sendto(gtpu.encode(gtpu.GPdu(teid=teid, payload=packet, extensions=(container,))), (UPF, GTPU_PORT))
            self.poll()
        sent = [octets for _, source, to, octets in self.plane.fabric.take_tap() if (source[0], to[0]) == (UPF, GNB)]
        return [gtpu.decode(octets).message for octets in sent]

    def counted(self, name: str) -> int:
        return self.upf_plane.counters()[name]


class N4u:
    """A datagram port over a socket that a test reads."""

    address: Address = (SMF, GTPU_PORT)

    def __init__(self, port: socket.socket) -> None:
        self._port = port

    def send(self, octets: bytes, destination: Address) -> None:
        self._port.sendto(octets, destination)


@pytest.fixture
def place() -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(stack)


def test_when_our_smf_is_the_router_then_our_upf_says_nothing_and_the_terminal_hears_the_smf(place):
    place.establish()
    place.connect()
    place.terminal()
    place.poll()
    assert place.addressed == [str(IPv6Address(PREFIX << 64 | 0x77))]
    assert place.environment.counts[counters.ROUTER_ADVERTISEMENT, ""] == 1
    (asked,) = [gtpu.decode(octets).message for octets in place.heard]
    assert ndp.solicitation(asked.payload) == ndp.Solicitation(IPv6Address("fe80::77").packed)
    assert place.counted("solicitation") == 0
    results: list[PingResult] = []
    place.gnb.ping(1, "2001:db8::1", 56, results.append)
    place.poll()
    assert [result.octets for result in results] == [56]


def test_when_our_smf_advertises_unasked_then_it_goes_to_the_terminal_and_from_nobody_else(place):
    place.establish()
    place.connect()
    place.plane.fabric.tap(True)
    place.router.advertise(place.session)
    place.poll()
    here = place.session.user_plane.downlink.teid
    sent = [(target, octets) for _, source, target, octets in place.plane.fabric.take_tap() if source[0] == UPF]
    assert [target[0] for target, _ in sent] == [GNB]
    message = gtpu.decode(sent[0][1]).message
    assert (message.teid, message.container.qfi) == (here, rules.DEFAULT_FLOW)
    assert message.payload == ndp.advertisement(PREFIX.to_bytes(8, "big"), 1400)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        forger.bind((STRANGER, 0))
        far = place.session.user_plane.link.far
        forger.sendto(gtpu.encode(gtpu.GPdu(teid=far.teid, payload=message.payload)), (UPF, GTPU_PORT))
        place.poll()
    assert [target for _, source, target, _ in place.plane.fabric.take_tap() if source[0] == UPF] == []
    assert place.counted("drop_outer_source") == 1


@pytest.mark.parametrize("apart", [True, False], ids=["the SMF", "the UPF"])
def test_when_a_terminal_looks_for_its_router_then_whoever_it_is_says_the_same_and_nobody_else_does(place, apart):
    # RFC 4861 7.2.4, ADR 28
    place.establish(apart=apart)
    place.connect()
    place.poll()  # a UPF advertises at once
    asked = ndp.Solicitation(IPv6Address("fe80::77").packed, neighbour=True)
    packets = [neighbour_solicitation(asked.source, to=to) for to in (ndp.ROUTER, ndp.SOLICITED_NODE)]
    for number, packet in enumerate(packets, 1):
        (answer,) = place.said(packet)
        assert answer.teid == place.session.user_plane.downlink.teid
        assert answer.payload == ndp.neighbour_advertisement(asked)
        place.environment.clock.run_until(2.0 * number)
    assert [gtpu.decode(octets).message.payload for octets in place.heard] == (packets if apart else [])
    assert place.counted("solicitation") == (0 if apart else len(packets))


def test_when_a_terminal_lies_about_its_source_then_the_smf_hears_nothing(place):
    place.establish()
    place.connect()
    uplink = place.session.user_plane.uplink
    forged = solicitation(IPv6Address("2001:db8:0:6::1").packed)
    place.plane.fabric.tap(True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind((GNB, 0))
        container = gtpu.UlPduSessionInformation(qfi=rules.DEFAULT_FLOW)
        for packet in (forged, solicitation(IPv6Address("fe80::77").packed)):
            message = gtpu.GPdu(teid=uplink.teid, payload=packet, extensions=(container,))
            port.sendto(gtpu.encode(message), (UPF, GTPU_PORT))
        place.poll()
    assert len(place.heard) == 1
    assert place.counted("drop_inner_source") == 1
