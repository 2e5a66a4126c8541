"""The SMF as the router of IPv6 links whose UPF only carries: N4-u (TS 23.501 5.8.2.2.3, TS 29.244 5.3, ADR 28)."""

from __future__ import annotations

import shutil
from ipaddress import IPv4Address, IPv6Address, ip_address
from random import Random
from typing import Any

import msgspec
import pytest

from freehold.codecs import gtpu, nas, ndp, pfcp
from freehold.codecs.pfcp.flags import ApplyAction, HeaderRemoval, Interface
from freehold.core.smf import router
from freehold.core.smf.procedures.advertising import AT_A_TIME
from freehold.core.smf.state.session import SmState, Tunnel
from freehold.manage.capture import CaptureWriter
from freehold.procedure.ladder import ends_of, render
from freehold.procedure.tap import Record
from freehold.services.datagram import Address
from freehold.spec import counters
from freehold.spec.errors import Bug
from freehold.spec.identities import Supi
from interopkit import tshark
from ndpkit import LINK_LOCAL, neighbour_solicitation, solicitation

from .test_ipv6 import DUAL, world
from .world import INTERNET, OTHER, UPF, World, asking

FOUR, SIX, BOTH = 1, 2, 3
OURS = IPv4Address("10.0.0.9")
FAR = bytes((192, 0, 2, 1))
FAR_TEID = 0xFA0
AT_FAR: Address = ("192.0.2.1", 2152)
STRANGER: Address = ("192.0.2.66", 2152)


class N4u:
    """The port of N4-u: what our SMF sends there."""

    address: Address = (str(OURS), 2152)

    def __init__(self) -> None:
        self.sent: list[tuple[Any, Address]] = []

    def send(self, octets: bytes, destination: Address) -> None:
        decoded = gtpu.decode(octets)
        assert decoded.faults == ()
        self.sent.append((decoded.message, destination))

    def take(self) -> list[tuple[Any, Address]]:
        taken, self.sent = self.sent, []
        return taken


class Site:
    """An SMF that is the router, its UPF that gives tunnels for that, and the port between them."""

    def __init__(self, *, gives: bool = True, address: IPv4Address | IPv6Address = OURS) -> None:
        self.world = world(DUAL, n4u=address)
        self.world.upf.script[pfcp.SessionEstablishmentRequest] = self.establish
        self.port = N4u()
        self.router = self.world.smf.open_n4u(self.port)
        self.gives = gives
        self.world.settle()

    def establish(self, message: pfcp.SessionEstablishmentRequest) -> pfcp.Message:
        answer: Any = self.world.upf.establish(message)
        number = len(self.world.upf.sessions)
        far = pfcp.FTEID(teid=FAR_TEID + number, ipv4=FAR, ipv6=FAR + bytes(12))
        made = [pfcp.CreatedPDR(pdr.pdr_id, local_f_teid=far) for pdr in message.create_pdr if pdr.pdr_id == 3]
        return msgspec.structs.replace(answer, created_pdr=(*answer.created_pdr, *(made if self.gives else ())))

    def active(self, kind: int = BOTH, **changes: Any) -> Any:
        """A connected session."""
        self.world.set_up(self.world.create(asking(pdu_session_type=kind), **changes))
        return self.world.smf.sessions[-1]

    def hear(self, octets: bytes, source: Address = AT_FAR) -> list[tuple[Any, Address]]:
        """One datagram on N4-u; what is said to it."""
        self.port.take()
        self.router.received(octets, source)
        return self.port.take()

    def solicit(self, session: Any, packet: bytes, source: Address = AT_FAR) -> list[tuple[Any, Address]]:
        return self.hear(gtpu.encode(gtpu.GPdu(teid=session.user_plane.link.teid, payload=packet)), source)

    def counted(self, name: str) -> dict[str, int]:
        return {label: count for (one, label), count in self.world.environment.counts.items() if one == name}


def own_address(session: Any) -> bytes:
    return bytes.fromhex("fe80") + bytes(6) + session.ipv6.interface_identifier


def told(sent: list[tuple[Any, Address]]) -> bytes:
    """The one advertisement that was sent to the UPF's tunnel."""
    ((message, destination),) = sent
    assert (destination, message.teid, message.extensions) == (AT_FAR, FAR_TEID + 1, ())
    return message.payload


# --- N4 ---------------------------------------------------------------------------------------------
def test_when_the_smf_is_the_router_then_the_upf_leads_solicitations_here_and_advertisements_away():
    # TS 29.244 5.3.1, 5.3.2
    made = Site()
    made.world.create(asking(pdu_session_type=BOTH))
    (request,) = made.world.upf.took(pfcp.SessionEstablishmentRequest)
    up, _, down, asks = request.create_pdr
    teid = made.world.session.user_plane.link.teid
    assert asks.pdi.source_interface == Interface.ACCESS
    # TS 29.244 8.2.5
    assert [one.flow_description for one in asks.pdi.sdf_filter] == [
        b"permit out 58 from ff02::2/128 to assigned",
        b"permit out 58 from fe80::1/128 to assigned",
        b"permit out 58 from ff02::1:ff00:1/128 to assigned",
    ]
    assert asks.pdi.local_f_teid == up.pdi.local_f_teid == pfcp.FTEID(choose_ipv4=True, choose_id=1)
    assert asks.precedence < 10 < up.precedence
    assert (down.pdi.source_interface, down.pdi.local_f_teid) == (
        Interface.CP_FUNCTION,
        pfcp.FTEID(choose_ipv4=True),
    )
    assert (down.far_id, down.outer_header_removal.description) == (2, HeaderRemoval.GTPU_UDP_IPV4)
    (far,) = (far for far in request.create_far if far.far_id == asks.far_id)
    assert (far.apply_action, far.forwarding_parameters) == (
        ApplyAction.FORW,
        pfcp.ForwardingParameters(
            Interface.CP_FUNCTION,
            outer_header_creation=pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=teid, ipv4=OURS.packed),
        ),
    )


def test_when_n4u_is_of_ipv6_then_so_are_both_its_ends():
    made = Site(address=IPv6Address("2001:db8::9"))
    session = made.active()
    (request,) = made.world.upf.took(pfcp.SessionEstablishmentRequest)
    assert request.create_pdr[2].pdi.local_f_teid == pfcp.FTEID(choose_ipv6=True)
    assert request.create_far[2].forwarding_parameters.outer_header_creation.ipv6 == IPv6Address("2001:db8::9").packed
    far = str(ip_address(FAR + bytes(12)))
    ((message, destination),) = made.solicit(session, solicitation(own_address(session)), (far, 2152))
    assert (destination, message.teid) == ((far, 2152), FAR_TEID + 1)


@pytest.mark.parametrize(("n4u", "kind"), [(None, BOTH), (OURS, FOUR)], ids=["no N4-u", "IPv4 alone"])
def test_when_there_is_nothing_to_advertise_then_the_upf_has_no_rule_for_it(n4u, kind):
    made = world(DUAL, n4u=n4u)
    made.active(request=asking(pdu_session_type=kind))
    (request,) = made.upf.took(pfcp.SessionEstablishmentRequest)
    assert ([pdr.pdr_id for pdr in request.create_pdr], [far.far_id for far in request.create_far]) == ([1, 2], [1, 2])
    assert request.create_pdr[0].pdi.local_f_teid == pfcp.FTEID(choose_ipv4=True)
    assert made.session.user_plane.link is None


def test_when_the_upf_gives_no_tunnel_then_the_session_stands_and_the_operator_is_told():
    made = Site(gives=False)
    session = made.active()
    assert session.state is SmState.ACTIVE
    assert [event.clause for event in made.world.environment.events if event.name == "no-router"] == ["TS 29.244 5.3.1"]
    assert (made.port.take(), made.solicit(session, solicitation(), UPF)) == ([], [])


def test_when_n4u_is_opened_without_an_address_then_it_is_a_mistake_of_ours():
    with pytest.raises(Bug):
        World().smf.open_n4u(N4u())


# --- what a terminal hears ----------------------------------------------------------------------------
def test_when_a_session_stands_then_its_terminal_is_told_its_prefix_unasked():
    # TS 23.502 4.3.2.2.1 step 19
    made = Site()
    session = made.active()
    assert told(made.port.take()) == ndp.advertisement(session.ipv6.address[:8], INTERNET.mtu)
    assert made.counted(counters.ROUTER_ADVERTISEMENT) == {"": 1}


def test_when_a_terminal_solicits_then_it_alone_is_answered():
    # RFC 4861 6.2.6
    made = Site()
    session = made.active()
    prefix, source = session.ipv6.address[:8], own_address(session)
    assert told(made.solicit(session, solicitation(source))) == ndp.advertisement(prefix, 1400, source)
    made.world.wait(2)
    assert told(made.solicit(session, solicitation(ndp.UNSPECIFIED))) == ndp.advertisement(prefix, 1400)
    made.world.wait(2)
    glob = prefix + bytes(7) + b"\x99"
    assert told(made.solicit(session, solicitation(glob), UPF)) == ndp.advertisement(prefix, 1400, glob)


def test_when_a_terminal_looks_for_its_router_then_it_is_there():
    # RFC 4861 7.2.4
    made = Site()
    session = made.active()
    source = own_address(session)
    for to in (ndp.SOLICITED_NODE, ndp.ROUTER):
        answer = told(made.solicit(session, neighbour_solicitation(source, to=to)))
        assert answer == ndp.neighbour_advertisement(ndp.Solicitation(source, neighbour=True))
        made.world.wait(2)
    taken = told(made.solicit(session, neighbour_solicitation(ndp.UNSPECIFIED)))
    assert (taken[24:40], taken[44]) == (ndp.ALL_NODES, ndp.IS_ROUTER), "its address is nobody else's"
    assert made.counted(counters.ROUTER_ADVERTISEMENT) == {"": 1}, "the unasked one"


def test_when_a_terminal_was_idle_then_it_hears_of_its_router_again_and_is_not_paged_for_it():
    made = Site()
    session = made.active()
    made.port.take()
    made.world.update("1", up_cnx_state="DEACTIVATED")
    made.world.wait(3 * 21600)
    assert (made.port.take(), made.solicit(session, solicitation())) == ([], [])
    made.world.wait(2)
    assert made.solicit(session, neighbour_solicitation()) == []
    made.world.update("1", up_cnx_state="ACTIVATING")
    made.world.set_up("1")
    assert told(made.port.take())


def test_when_a_router_s_lifetime_would_end_then_every_connected_terminal_heard_of_it_before():
    # RFC 4861 6.2.4
    made = Site()
    made.active()
    made.port.take()
    made.world.wait(ndp.LIFETIME)
    assert len(made.port.take()) == ndp.LIFETIME // 21600


def test_when_the_mtu_changes_then_terminals_of_that_data_network_hear_of_it():
    made = Site()
    session = made.active()
    made.port.take()
    networks = [network.configuration for network in made.world.smf.networks]
    made.world.smf.reconfigure(tuple(networks))
    made.world.settle()
    assert made.port.take() == []
    changed = [msgspec.structs.replace(one, mtu=1300) if one.dnn == "internet" else one for one in networks]
    made.world.smf.reconfigure(tuple(changed))
    made.world.settle()
    assert told(made.port.take()) == ndp.advertisement(session.ipv6.address[:8], 1300)


def test_when_many_are_to_hear_then_there_are_pauses():
    made = Site()
    first = made.active()
    made.port.take()
    contexts = made.world.smf._smf.contexts
    contexts._by_number.update({1000 + number: first for number in range(AT_A_TIME)})
    made.world.wait(21600)
    assert len(made.port.take()) == AT_A_TIME
    made.world.wait(1)
    assert len(made.port.take()) == 1


# --- the tap --------------------------------------------------------------------------------------------
def watched(made: Site, whose: frozenset[Supi] | None = None) -> list[Record]:
    """What crosses N4-u from now on."""
    seen: list[Record] = []
    made.world.environment.tap.listen(lambda one: seen.append(one) if one.interface == "N4-u" else None, whose=whose)
    return seen


def test_when_somebody_watches_then_what_passes_n4u_is_on_the_tap():
    made = Site()
    seen = watched(made)
    session = made.active()
    made.solicit(session, solicitation())
    made.world.wait(2)
    made.solicit(session, neighbour_solicitation())
    assert [(one.name, one.clause, *ends_of(one)) for one in seen] == [
        ("RouterAdvertisement", "RFC 4861 4.2", "SMF", "UPF"),
        ("RouterSolicitation", "RFC 4861 4.1", "UPF", "SMF"),
        ("RouterAdvertisement", "RFC 4861 4.2", "SMF", "UPF"),
        ("NeighborSolicitation", "RFC 4861 4.3", "UPF", "SMF"),
        ("NeighborAdvertisement", "RFC 4861 4.4", "SMF", "UPF"),
    ]
    assert {(one.subject, one.about) for one in seen} == {(str(session), session.about)}
    assert (seen[1].source, seen[1].target) == ("192.0.2.1:2152", f"{made.world.smf._smf.driver.name} {OURS}:2152")
    assert [gtpu.decode(one.octets).message for one in seen] == [one.value for one in seen]
    assert "5  N4-u NeighborAdvertisement" in render(seen)


@pytest.mark.interop
def test_when_an_analyser_reads_what_passes_n4u_then_it_is_what_it_should_be(tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    made = Site()
    seen = watched(made)
    session = made.active()
    made.solicit(session, solicitation(own_address(session)))
    made.world.wait(2)
    made.solicit(session, neighbour_solicitation(own_address(session)))
    made.hear(gtpu.encode(gtpu.EchoRequest(sequence=7)))
    capture = tmp_path / "n4u.pcapng"
    with capture.open("wb") as file:
        writer = CaptureWriter(file)
        for record in seen:
            writer.record(record)
    assert tshark.malformed(capture) == []
    rows = tshark.fields(capture, "frame.interface_name", "udp.dstport", "gtp.message", "icmpv6.type")
    assert rows == [
        ["N4-u", "2152", "0xff", "134"],
        ["N4-u", "2152", "0xff", "133"],
        ["N4-u", "2152", "0xff", "134"],
        ["N4-u", "2152", "0xff", "135"],
        ["N4-u", "2152", "0xff", "136"],
        ["N4-u", "2152", "0x01", ""],
        ["N4-u", "2152", "0x02", ""],
    ]
    assert tshark.count(capture, "icmpv6.checksum.status") == {"1": 5}


def test_when_one_terminal_is_followed_then_the_link_of_another_is_not_on_the_tap():
    made = Site()
    mine, other = made.active(), made.active(supi=OTHER)
    seen = watched(made, frozenset((mine.about,)))
    made.solicit(other, solicitation())
    assert seen == []
    made.solicit(mine, solicitation())
    assert {one.about for one in seen} == {mine.about}
    assert len(seen) == 2


def test_when_a_packet_is_refused_then_it_is_seen_and_what_nobody_reads_is_not():
    made = Site()
    session = made.active()
    seen = watched(made)
    made.solicit(session, solicitation(), STRANGER)
    made.hear(b"\x30\xff")
    assert seen == []
    made.solicit(session, bytes(100))
    made.hear(gtpu.encode(gtpu.GPdu(teid=session.user_plane.link.teid ^ 1, payload=solicitation())))
    made.hear(gtpu.encode(gtpu.EchoRequest(sequence=7)))
    assert [(one.name, one.about) for one in seen] == [
        ("GPdu", session.about),
        ("RouterSolicitation", None),
        ("EchoRequest", None),
        ("EchoResponse", None),
    ]
    assert "Echo" not in render(seen), "it only shows that the other end lives"


# --- hostile input --------------------------------------------------------------------------------------
def test_when_a_stranger_speaks_then_nothing_is_read():
    made = Site()
    session = made.active()
    echo = gtpu.encode(gtpu.EchoRequest(sequence=7))
    assert (made.hear(echo, STRANGER), made.solicit(session, solicitation(), STRANGER)) == ([], [])
    assert made.counted(counters.PROTOCOL_FAULT) == {"N4-u from an unknown peer": 2}
    assert made.solicit(session, solicitation()) != []


def test_when_a_upf_asks_for_an_echo_then_it_is_answered_where_it_asked_from():
    made = Site()
    made.active()
    ((message, destination),) = made.hear(gtpu.encode(gtpu.EchoRequest(sequence=7)), ("192.0.2.1", 40000))
    assert (message, destination) == (gtpu.EchoResponse(sequence=7), ("192.0.2.1", 40000))


WRONG = {
    "no tunnel": (lambda s: gtpu.GPdu(teid=s.user_plane.link.teid ^ 1, payload=solicitation()), "of no tunnel"),
    "TEID 0": (lambda s: gtpu.GPdu(teid=0, payload=solicitation()), "of no tunnel"),
    "a forged source": (
        lambda s: gtpu.GPdu(teid=s.user_plane.link.teid, payload=solicitation(IPv6Address("2001:db8:f::1").packed)),
        "without a solicitation of the link",
    ),
    "the router's own address": (
        lambda s: gtpu.GPdu(teid=s.user_plane.link.teid, payload=solicitation(ndp.ROUTER)),
        "without a solicitation of the link",
    ),
    "another neighbour": (
        lambda s: gtpu.GPdu(teid=s.user_plane.link.teid, payload=neighbour_solicitation(target=LINK_LOCAL)),
        "without a solicitation of the link",
    ),
    "a neighbour's forged source": (
        lambda s: gtpu.GPdu(
            teid=s.user_plane.link.teid, payload=neighbour_solicitation(IPv6Address("2001:db8:f::1").packed)
        ),
        "without a solicitation of the link",
    ),
    "another packet": (
        lambda s: gtpu.GPdu(teid=s.user_plane.link.teid, payload=bytes(100)),
        "without a solicitation of the link",
    ),
    "an end marker": (lambda s: gtpu.EndMarker(teid=s.user_plane.link.teid), "of a type that has no meaning here"),
    "an error indication": (
        lambda s: gtpu.ErrorIndication(teid=0, tunnel_endpoint_identifier_data_i=FAR_TEID + 1, gtp_u_peer_address=FAR),
        "of a type that has no meaning here",
    ),
}


@pytest.mark.parametrize(("make", "label"), WRONG.values(), ids=WRONG)
def test_when_a_datagram_is_not_right_then_it_is_dropped_and_counted(make, label):
    made = Site()
    session = made.active()
    assert made.hear(gtpu.encode(make(session))) == []
    assert made.counted(counters.PROTOCOL_FAULT) == {f"N4-u {label}": 1}
    assert made.solicit(session, solicitation()) != []


def test_when_another_upf_speaks_of_a_session_then_it_is_not_its_tunnel():
    made = Site()
    session = made.active()
    made.active(supi=OTHER)
    other = made.world.smf.sessions[-1]
    made.router.lead(other.user_plane.link, Tunnel(bytes((192, 0, 2, 2)), 9))
    assert made.solicit(session, solicitation(), ("192.0.2.2", 2152)) == []
    assert made.counted(counters.PROTOCOL_FAULT) == {"N4-u of another peer's tunnel": 1}


def test_when_a_terminal_solicits_without_end_then_it_is_answered_once_a_second_and_others_are_not_held_up():
    made = Site()
    flooding, other = made.active(), made.active(supi=OTHER)
    assert sum(len(made.solicit(flooding, solicitation())) for _ in range(100)) == 1
    assert len(made.solicit(other, solicitation())) == 1
    assert made.counted(counters.N4U_RATE_EXCEEDED) == {"192.0.2.1": 99}
    made.world.wait(1)
    assert len(made.solicit(flooding, solicitation())) == 1


def test_when_a_upf_floods_then_what_exceeds_its_rate_is_not_read():
    made = Site()
    made.active()
    for _ in range(router.A_SECOND + 50):
        made.hear(b"")
    assert made.counted(counters.N4U_RATE_EXCEEDED) == {"192.0.2.1": 50}
    assert sum(made.counted(counters.PROTOCOL_FAULT).values()) == router.A_SECOND


def test_when_upfs_name_addresses_without_end_then_only_so_many_are_known():
    made = Site()
    session = made.active()
    for number in range(500):
        made.router.lead(session.user_plane.link, Tunnel(bytes((198, 51, number >> 8, number & 255)), 5))
    assert len(made.router._pace) == router.MOST_ENDS
    assert UPF[0] in made.router._pace


@pytest.mark.parametrize("asking", [solicitation(), neighbour_solicitation()], ids=["router", "neighbour"])
def test_when_octets_are_damaged_then_nothing_breaks_and_the_session_stays(asking):
    made = Site()
    session = made.active()
    made.world.environment.tap.listen(lambda _: None)
    random, whole = Random(28), gtpu.encode(gtpu.GPdu(teid=session.user_plane.link.teid, payload=asking))
    for _ in range(3000):
        octets = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            octets[random.randrange(len(octets))] = random.getrandbits(8)
        made.hear(bytes(octets[: random.randint(0, len(octets))]))
        made.world.wait(0.01)
    assert session.state is SmState.ACTIVE
    assert [event for event in made.world.environment.events if event.name == "bug"] == []
    made.world.wait(2)
    assert len(made.solicit(session, solicitation())) == 1


# --- the end ----------------------------------------------------------------------------------------------
def test_when_a_session_ends_then_so_does_its_tunnel():
    made = Site()
    session = made.active()
    teid = session.user_plane.link.teid
    made.world.from_ue("1", nas.PduSessionReleaseRequest(1, 9))
    assert made.solicit(session, solicitation()) == [], "no prefix is advertised that somebody else may get"
    made.world.update("1", n1_sm_message=nas.encode(nas.PduSessionReleaseComplete(1, 9)))
    made.world.wait(60)
    assert made.world.smf.sessions == ()
    made.hear(gtpu.encode(gtpu.GPdu(teid=teid, payload=solicitation())))
    assert made.router._links == {}
    assert made.counted(counters.PROTOCOL_FAULT)["N4-u of no tunnel"] == 1


def test_when_the_smf_stops_then_it_advertises_no_more():
    made = Site()
    made.active()
    made.port.take()
    made.world.smf.stop()
    made.world.wait(21600)
    assert made.port.take() == []


class Drawing:
    """Draws what a test says."""

    def __init__(self, *drawn: int) -> None:
        self.drawn = [number.to_bytes(4, "big") for number in reversed(drawn)]

    def random(self, octets: int) -> bytes:
        assert octets == 4
        return self.drawn.pop()


def test_when_teids_are_drawn_then_none_is_zero_and_none_is_taken_twice():
    made = Site()
    sessions = made.active(), made.active(supi=OTHER)
    made.router._links.clear()
    made.router._environment = Drawing(0, 7, 7, 8)
    assert [made.router.join(session).teid for session in sessions] == [7, 8]
