"""How downlink packets are marked, and which rules find them."""

from __future__ import annotations

import struct

import msgspec
import pytest

from freehold.codecs.pfcp import (
    CreateFAR,
    ForwardingParameters,
    OuterHeaderCreation,
    SDFFilter,
    SessionModificationRequest,
    UEIPAddress,
    UpdateFAR,
    UpdateForwardingParameters,
    UpdateQER,
)
from freehold.core.upf.compiling import compile_rules
from freehold.core.upf.state.rules import unpack
from freehold.services.userplane import SessionRules
from upfkit.world import Attached, downlink_pdr, establishment, uplink_pdr


def compiled(world: Attached) -> SessionRules:
    return compile_rules(unpack(world.upf.sessions.by_teid[world.teid].rules))


def test_when_a_qer_asks_for_reflective_qos_then_its_flow_is_marked_until_it_is_withdrawn():
    world = Attached()
    assert not compiled(world).downlink[0].reflective
    for rqi in (1, None, 0):  # TS 29.244 8.2.88; what is not named stays
        world.ask(SessionModificationRequest(update_qer=(UpdateQER(qer_id=1, rqi=rqi),)), world.seid)
        assert compiled(world).downlink[0].reflective is (rqi != 0)


def test_when_a_far_marks_the_transport_level_then_its_value_counts_under_its_mask():
    world = Attached()
    for marking, service in ((0xB8FC, 0xB8), (None, 0xB8), (0xBBFC, 0xB8), (0x00FC, 0)):  # TS 29.244 8.2.12
        world.activate(transport_level_marking=marking)
        assert compiled(world).downlink[0].service == service


def test_when_a_far_is_created_with_a_mark_then_the_rule_has_it():
    creation = OuterHeaderCreation(gtpu_ipv4=True, teid=5, ipv4=bytes((192, 0, 2, 10)))
    parameters = ForwardingParameters(0, outer_header_creation=creation, transport_level_marking=0x28FC)
    request = establishment()
    far = CreateFAR(far_id=2, apply_action=2, forwarding_parameters=parameters)
    world = Attached(create_far=(request.create_far[0], far))
    assert compiled(world).downlink[0].service == 0x28


def test_when_flows_have_marks_of_their_own_then_each_rule_has_its_and_the_session_one_tunnel():
    world = Attached()
    before = compiled(world)
    creation = OuterHeaderCreation(gtpu_ipv4=True, teid=world.tunnel.teid, ipv4=bytes((192, 0, 2, 10)))
    parameters = ForwardingParameters(0, outer_header_creation=creation, transport_level_marking=0xB8FC)
    voice = CreateFAR(far_id=110, apply_action=2, forwarding_parameters=parameters)
    assert world.ask(SessionModificationRequest(create_far=(voice,)), world.seid).cause == 1
    assert compiled(world) == before, "a rule of flows to come is no other node (ADR 6)"
    flow = downlink_pdr(pdr_id=3, precedence=10, far_id=110, sdf_filter=(SDFFilter(b"permit out 17 from any to any"),))
    assert world.ask(SessionModificationRequest(create_pdr=(flow,)), world.seid).cause == 1
    after = compiled(world)
    assert [rule.service for rule in after.downlink] == [0xB8, 0]
    assert (after.peer, {rule.peer for rule in after.downlink}) == (before.peer, {None})


def test_when_a_filter_lists_ports_then_the_rule_has_them_all():
    sdf = SDFFilter(b"permit out 17 from any 53,123 to assigned")
    world = Attached(create_pdr=(uplink_pdr(), downlink_pdr(sdf_filter=(sdf,))))
    assert [one.remote_ports for one in compiled(world).downlink[0].filters] == [(53, 53), (123, 123)]


# --- Framed routes (TS 23.501 5.6.14, TS 29.244 8.2.109) -----------------------------------------
def framed(*routes: str, ipv6: tuple[str, ...] = ()) -> dict[str, object]:
    return {"create_pdr": (uplink_pdr(), downlink_pdr(framed_route=routes, framed_ipv6_route=ipv6))}


@pytest.mark.parametrize(
    ("route", "network"),
    [
        ("192.168.1.0/24 192.168.1.1 1", ("192.168.1.0", 24)),
        ("192.168.1.9/24", ("192.168.1.0", 24)),
        ("172.20.0.0 0.0.0.0 1 2 -1", ("172.20.0.0", 16)),
        ("10.0.0.0", ("10.0.0.0", 8)),
        ("192.168.7.0", ("192.168.7.0", 24)),
    ],
)
def test_when_a_route_is_framed_then_its_network_is_the_sessions(route, network):
    assert compiled(Attached(**framed(route))).framed == (network,)


def test_when_routes_of_both_versions_are_framed_then_all_are_the_sessions_once():
    world = Attached(**framed("192.168.1.0/24", "192.168.1.0/24", ipv6=("2001:db8:9::/48 2001:db8::1 1",)))
    assert compiled(world).framed == (("192.168.1.0", 24), ("2001:db8:9::", 48))


@pytest.mark.parametrize(
    ("routes", "ipv6", "element"),
    [
        (("",), (), 153),
        (("here",), (), 153),
        (("192.168.1.0/33",), (), 153),
        (("2001:db8::/48",), (), 153),
        (("224.0.0.0/8",), (), 153),
        (("127.0.0.0/8",), (), 153),
        ((), ("10.0.0.0/8",), 155),
        ((), ("2001:db8::/129",), 155),
    ],
)
def test_when_a_framed_route_is_no_prefix_then_the_session_is_refused(routes, ipv6, element):
    world = Attached()
    fields = framed(*routes, ipv6=ipv6)
    pdrs = tuple(msgspec.structs.replace(pdr, pdr_id=pdr.pdr_id + 10) for pdr in fields["create_pdr"])
    response = world.ask(establishment(create_pdr=pdrs))
    assert (response.cause, response.offending_ie) == (69, element)


def test_when_two_sessions_frame_one_route_then_the_second_is_refused_and_the_first_keeps_it():
    world = Attached(**framed("192.168.1.0/24"))
    other = (UEIPAddress(ipv4=bytes((10, 45, 0, 3))),)
    taken = (uplink_pdr(ue_ip_address=other), downlink_pdr(ue_ip_address=other, framed_route=("192.168.1.0/24",)))
    assert world.ask(establishment(create_pdr=taken)).cause == 73
    assert world.ping()[0].octets == 56


def test_when_a_network_stands_behind_a_terminal_then_its_packets_go_there():
    world = Attached(**framed("192.168.1.0/24"))
    for destination in ("192.168.1.77", "192.168.2.77"):
        world.upf_plane.inject(world.instance, datagram("198.51.100.1", destination))
        world.poll()
    counters = world.upf_plane.counters()
    assert (counters["downlink_forwarded"], counters["drop_unknown_address"]) == (1, 1)


def datagram(source: str, destination: str) -> bytes:
    ends = b"".join(bytes(map(int, end.split("."))) for end in (source, destination))
    return struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, 17, 0) + ends + struct.pack("!HHHH", 7, 9, 8, 0)


def test_when_the_tunnel_moves_then_its_mark_stays():
    world = Attached()
    world.activate(transport_level_marking=0x28FC)
    creation = OuterHeaderCreation(gtpu_ipv4=True, teid=9, ipv4=bytes((192, 0, 2, 11)))
    update = UpdateFAR(
        far_id=2, update_forwarding_parameters=UpdateForwardingParameters(outer_header_creation=creation)
    )
    world.ask(SessionModificationRequest(update_far=(update,)), world.seid)
    assert (compiled(world).peer.teid, compiled(world).downlink[0].service) == (9, 0x28)
