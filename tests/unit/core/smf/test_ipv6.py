"""IPv6 and IPv4v6 sessions at the SMF (TS 23.501 5.8.2.2, TS 24.501 6.2.4, 6.4.1.3)."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.pfcp.flags import HeaderRemoval, PDNType
from freehold.core.smf import DataNetwork, SmfConfiguration
from freehold.core.smf.procedures.establishment import interface_identifier
from freehold.core.smf.state.pool import PLACES, AddressPool, printed_prefix
from freehold.core.smf.transfers import Tunnel
from freehold.services.nudm import DnnConfiguration, PduSessionType
from freehold.spec.causes import SmCause

from .world import GNB, INTERNET, World, asking

FOUR, SIX, BOTH = 1, 2, 3
POOL = IPv6Network("2001:db8::/48")
PREFIX = bytes.fromhex("20010db800000001")
ADDRESS = bytes((10, 45, 0, 2))
V6 = bytes.fromhex("20010db8000300000000000000000077")
DUAL = msgspec.structs.replace(INTERNET, pool6=POOL, dns=(*INTERNET.dns, IPv6Address("2001:db8::1")))
ALONE = msgspec.structs.replace(DUAL, pool=None)


def world(network: DataNetwork = DUAL, types: tuple[PduSessionType, ...] = ("IPV4", "IPV6", "IPV4V6"), **more: Any):
    made = World(**more)
    (place, *_) = made.smf._smf.networks
    place.__init__(network)  # type: ignore[misc] - another data network of that name
    made.udm.data["internet"] = DnnConfiguration("internet", types=types)
    return made


FIXED = {
    "IPv4v6 of both": (DUAL, ("IPV4V6",), BOTH, BOTH, None),
    "IPv4v6 where either is subscribed, not both": (DUAL, ("IPV4", "IPV6"), BOTH, FOUR, None),
    "IPv4v6 where IPv4 is subscribed": (DUAL, ("IPV4",), BOTH, FOUR, 50),
    "IPv4v6 where IPv6 is subscribed": (DUAL, ("IPV6",), BOTH, SIX, 51),
    "IPv4v6 where IPv4 is all there is": (INTERNET, ("IPV4V6",), BOTH, FOUR, 50),
    "IPv4v6 where IPv6 is all there is": (ALONE, ("IPV4V6",), BOTH, SIX, 51),
    "IPv4": (DUAL, ("IPV4V6",), FOUR, FOUR, None),
    "IPv6": (DUAL, ("IPV4V6",), SIX, SIX, None),
    "nothing asked": (DUAL, ("IPV4V6",), None, FOUR, None),
}


@pytest.mark.parametrize(("network", "types", "asked", "given", "cause"), FIXED.values(), ids=FIXED)
def test_when_a_type_is_asked_for_then_network_and_subscription_decide(network, types, asked, given, cause):
    # TS 24.501 6.4.1.3
    made = world(network, types)
    made.create(asking(pdu_session_type=asked))
    accept = made.amf.n1
    assert (accept.selected_pdu_session_type, accept.cause) == (given, cause)
    address = accept.pdu_address
    assert (address.pdu_session_type, address.ipv4 is not None) == (given, given in {FOUR, BOTH})
    assert (address.interface_identifier is not None) is (given in {SIX, BOTH})


REFUSED = {
    "IPv6 of IPv4 alone": (INTERNET, ("IPV4V6",), SIX, 50),
    "IPv4 of IPv6 alone": (ALONE, ("IPV4V6",), FOUR, 51),
    "IPv6 where IPv4 is subscribed": (DUAL, ("IPV4",), SIX, 50),
    "IPv4 where IPv6 is subscribed": (DUAL, ("IPV6",), FOUR, 51),
    "nothing in common": (ALONE, ("IPV4",), BOTH, 50),
    "the same the other way": (INTERNET, ("IPV6",), BOTH, 51),
    "Ethernet": (DUAL, ("IPV4V6",), 5, 28),
}


@pytest.mark.parametrize(("network", "types", "asked", "cause"), REFUSED.values(), ids=REFUSED)
def test_when_a_type_cannot_be_had_then_the_cause_says_which_can(network, types, asked, cause):
    # TS 24.501 6.4.1.4.1
    _, message = world(network, types).refused(asking(pdu_session_type=asked))
    assert message.cause == cause


def test_when_a_session_is_dual_then_upf_and_gnb_are_told_so():
    made = world()
    made.active(request=asking(pdu_session_type=BOTH))
    (request,) = made.upf.took(pfcp.SessionEstablishmentRequest)
    assert request.pdn_type == PDNType.IPV4V6
    up, down = request.create_pdr
    whole = PREFIX + made.amf.n1.pdu_address.interface_identifier  # TS 29.244 8.2.62: of it the prefix counts
    assert up.pdi.ue_ip_address == (pfcp.UEIPAddress(ipv4=ADDRESS, ipv6=whole),)
    assert down.pdi.ue_ip_address == (pfcp.UEIPAddress(ipv4=ADDRESS, ipv6=whole, destination=True),)
    transfer, _ = ngap.decode_as(ngap.PDUSessionResourceSetupRequestTransfer, made.amf.transfers[0].n2_sm_info or b"")
    assert transfer is not None
    assert transfer.pdu_session_type == "ipv4v6"


def test_when_the_identifier_is_drawn_then_it_is_never_the_routers():
    def drawing(octets: bytes) -> Any:
        return SimpleNamespace(environment=SimpleNamespace(random=lambda _: octets))

    router = bytes(7) + b"\1"
    assert [interface_identifier(drawing(octets)) for octets in (bytes(8), router, bytes(7) + b"\2")] == [
        b"\xff" * 8,
        b"\xff" * 8,
        bytes(7) + b"\2",
    ]


def test_when_servers_are_asked_for_then_those_of_each_version_are_told():
    made = world()
    asked = [nas.ExtendedConfigurationOption(kind) for kind in (0x0003, 0x000D, 0x0001)]
    made.create(asking(pdu_session_type=BOTH, extended_pco=nas.ExtendedProtocolConfigurationOptions(options=asked)))
    told = [(option.identifier, len(option.contents)) for option in made.amf.n1.extended_pco.options]
    assert told == [(0x0003, 16), (0x000D, 4), (0x000D, 4)]


def test_when_a_prefix_is_fixed_then_nobody_else_gets_it():
    made = world()
    made.udm.data["internet"] = DnnConfiguration("internet", types=("IPV6",), static_ipv6="2001:db8:0:7::/64")
    made.create(asking(pdu_session_type=SIX))
    assert printed_prefix(made.session.ipv6.prefix) == "2001:db8:0:7::/64"
    made.create(asking(2, pdu_session_type=SIX), session=2)
    assert made.amf.n1.cause == SmCause.INSUFFICIENT_RESOURCES


def test_when_a_session_ends_then_its_prefix_is_free_again():
    made = world()
    made.active(request=asking(pdu_session_type=BOTH))
    (network, *_) = made.smf._smf.networks
    assert (network.pool.taken, network.pool6.taken) == (1, 1)
    assert network.used == 1 / network.pool.capacity
    made.from_ue("1", nas.PduSessionReleaseRequest(1, 9))
    made.update("1", n1_sm_message=nas.encode(nas.PduSessionReleaseComplete(1, 9)))
    made.wait(60)
    assert (network.pool.taken, network.pool6.taken) == (0, 0)


@pytest.mark.parametrize(
    ("n3", "uplink", "choose", "removal"),
    [
        ("ipv6", V6, pfcp.FTEID(choose_ipv6=True), HeaderRemoval.GTPU_UDP_IPV6),
        ("ipv4v6", ADDRESS + V6, pfcp.FTEID(choose_ipv4=True, choose_ipv6=True), HeaderRemoval.GTPU_UDP_IP),
    ],
)
@pytest.mark.parametrize("gnb", [GNB.address, V6, GNB.address + V6], ids=["IPv4", "IPv6", "both"])
def test_when_n3_has_ipv6_then_the_tunnel_is_of_a_version_both_have(n3, uplink, choose, removal, gnb):
    # TS 29.244 8.2.3, 8.2.56, 8.2.64; TS 38.414 5.3
    made = world(n3=n3)

    def establish(message: pfcp.SessionEstablishmentRequest) -> pfcp.Message:
        f_teid = pfcp.FTEID(9, ipv4=uplink[:4] if len(uplink) == 20 else None, ipv6=uplink[-16:])
        created = (pfcp.CreatedPDR(1, local_f_teid=f_teid),)
        made.upf.sessions[9] = message.cp_f_seid.seid
        return pfcp.SessionEstablishmentResponse(
            made.upf.node, 1, up_f_seid=pfcp.FSEID(9, ipv4=bytes(4)), created_pdr=created
        )

    made.upf.script[pfcp.SessionEstablishmentRequest] = establish
    reference = made.create(asking(pdu_session_type=BOTH))
    made.set_up(reference, Tunnel(gnb, 0x77))
    (request,) = made.upf.took(pfcp.SessionEstablishmentRequest)
    assert (request.create_pdr[0].pdi.local_f_teid, request.create_pdr[0].outer_header_removal.description) == (
        choose,
        removal,
    )
    transfer, _ = ngap.decode_as(ngap.PDUSessionResourceSetupRequestTransfer, made.amf.transfers[0].n2_sm_info or b"")
    assert transfer.ul_ngu_up_tnl_information[1].transport_layer_address == (
        int.from_bytes(uplink, "big"),
        8 * len(uplink),
    )
    (change,) = made.upf.took(pfcp.SessionModificationRequest)
    creation = change.update_far[0].update_forwarding_parameters.outer_header_creation
    ipv4 = gnb[:4] if len(gnb) != 16 and (n3 == "ipv4v6" or len(gnb) == 4) else None
    ipv6 = V6 if len(gnb) >= 16 else None
    assert (creation.ipv4, creation.ipv6) == (ipv4, ipv6)
    assert (creation.gtpu_ipv4, creation.gtpu_ipv6) == (ipv4 is not None, ipv6 is not None)


def test_when_prefixes_are_taken_then_the_first_is_the_data_networks():
    pool = AddressPool(IPv6Network("2001:db8::/62"))
    taken = [pool.take() for _ in range(4)]
    assert [prefix and printed_prefix(prefix) for prefix in taken] == [
        "2001:db8:0:1::/64",
        "2001:db8:0:2::/64",
        "2001:db8:0:3::/64",
        None,
    ]
    assert pool.capacity == 3


def test_when_a_static_prefix_is_far_away_then_memory_does_not_grow():
    pool = AddressPool(IPv6Network("2001::/16"))
    base = int(IPv6Address("2001::")) >> 64
    far = base + PLACES + 5
    assert (pool.take_static(far), pool.take_static(far), pool.take_static(base)) == (True, False, False)
    assert len(pool._used) == 1
    pool.give_back(far)
    assert pool.take_static(far)


def test_when_a_data_network_has_no_addresses_then_the_smf_does_not_start():
    for network, complaint in (
        (DataNetwork("internet"), "neither pool nor pool6"),
        (DataNetwork("internet", pool6=IPv6Network("2001:db8::/64")), "has no room"),
    ):
        assert any(complaint in fault for fault in SmfConfiguration(networks=(network,)).faults())
