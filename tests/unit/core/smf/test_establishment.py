"""PDU session establishment (TS 23.502 4.3.2.2.1, TS 24.501 6.4.1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.pfcp.flags import ApplyAction, Interface
from freehold.core.smf.transfers import Tunnel
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.services.nudm import Ambr, Arp, DnnConfiguration
from freehold.spec import counters
from freehold.spec.identities import SNssai

from .world import GNB, N3, OTHER, SMF, SUPI, UpfDouble, World, asking, carried_out, response

FIRST = bytes((10, 45, 0, 2))


def gone(world: World) -> bool:
    """Nothing is left of any session, here or elsewhere."""
    return (
        not world.smf.sessions
        and not world.upf.sessions
        and not world.udm.registered
        and world.smf._smf.networks[0].pool.taken == 0
    )


def test_when_a_ue_asks_for_a_session_then_the_steps_come_in_their_order() -> None:
    # TS 23.502 4.3.2.2.1
    world = World()
    reference = world.create()  # 3, 5
    assert world.udm.registered == {(SUPI, 1)}  # 4
    establishment = world.upf.requests[-1]  # 10
    assert isinstance(establishment, pfcp.SessionEstablishmentRequest)
    (transfer,) = world.amf.transfers  # 11
    assert (transfer.pdu_session_id, transfer.slice, transfer.n2_sm_info_type) == (1, SNssai(1), "PDU_RES_SETUP_REQ")
    assert world.session.up_cnx_state == "DEACTIVATED"
    answered = world.set_up(reference)  # 15-17
    assert answered.n1_sm_message is None
    assert isinstance(world.upf.requests[-1], pfcp.SessionModificationRequest)  # 16
    assert world.session.up_cnx_state == "ACTIVATED"
    assert len(world.amf.transfers) == 1


def test_when_a_session_is_accepted_then_the_ue_is_told_everything_it_insists_on() -> None:
    # interworking item 10; TS 24.501 8.3.2
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", session_ambr=Ambr(10_000_000, 2_000_000_000))
    world.create(asking(1, 77))
    accept = world.amf.n1
    assert isinstance(accept, nas.PduSessionEstablishmentAccept)
    assert (accept.pdu_session_identity, accept.pti) == (1, 77)
    assert (accept.selected_pdu_session_type, accept.selected_ssc_mode, accept.cause) == (1, 1, None)
    assert accept.pdu_address == nas.PduAddress(1, ipv4=FIRST)
    assert accept.session_ambr.uplink.bits_per_second == 10_000_000
    assert accept.session_ambr.downlink.bits_per_second >= 2_000_000_000
    (rule,) = accept.authorized_qos_rules
    assert (rule.identifier, rule.default, rule.precedence, rule.qfi) == (1, True, 255, 1)
    assert [part.kind for part in rule.packet_filters[0].components] == [nas.MATCH_ALL]  # type: ignore[union-attr]
    (flow,) = accept.authorized_qos_flow_descriptions or []
    assert (flow.qfi, flow.parameter(nas.FIVE_QI)) == (1, 9)
    assert accept.snssai == nas.SNssaiElement(SNssai(1))
    assert accept.dnn == "internet"
    assert accept.mapped_eps_bearer_contexts is None
    assert accept.always_on is None
    assert accept.extended_pco is None


def test_when_the_5qi_is_the_qfi_then_no_flow_description_is_needed() -> None:
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", five_qi=1)
    world.create()
    assert world.amf.n1.authorized_qos_flow_descriptions is None


def test_when_the_gnb_is_asked_for_resources_then_it_gets_tunnel_flow_and_priority() -> None:
    # interworking item 17; TS 38.413 9.3.4.1
    world = World()
    world.udm.data["internet"] = DnnConfiguration(
        "internet", five_qi=7, arp=Arp(2, may_preempt=True, preemptable=False), session_ambr=Ambr(1000, 2000)
    )
    world.create()
    transfer, faults = ngap.decode_as(
        ngap.PDUSessionResourceSetupRequestTransfer, world.amf.transfers[0].n2_sm_info or b""
    )
    assert faults == ()
    assert transfer is not None
    tunnel = transfer.ul_ngu_up_tnl_information[1]
    assert isinstance(tunnel, ngap.GTPTunnel)
    assert tunnel.transport_layer_address == (int.from_bytes(N3, "big"), 32)
    ambr = transfer.pdu_session_aggregate_maximum_bit_rate
    assert ambr is not None
    assert (ambr.pdu_session_aggregate_maximum_bit_rate_ul, ambr.pdu_session_aggregate_maximum_bit_rate_dl) == (
        1000,
        2000,
    )
    (item,) = transfer.qos_flow_setup_request_list
    assert item.qos_flow_identifier == 1
    quality = item.qos_flow_level_qos_parameters
    assert quality.qos_characteristics[1] == ngap.NonDynamic5QIDescriptor(five_qi=7)
    assert msgspec.structs.astuple(quality.allocation_and_retention_priority)[:3] == (
        2,
        "may-trigger-pre-emption",
        "not-pre-emptable",
    )
    security = transfer.security_indication
    assert security is not None
    assert security.integrity_protection_indication == "not-needed"
    assert world.amf.transfers[0].arp_priority == 2


def test_when_the_upf_gets_the_session_then_packets_wait_until_the_gnb_has_its_tunnel() -> None:
    # TS 23.502 4.3.2.2.1 steps 10a and 16a
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", session_ambr=Ambr(1001, 2_000_000))
    reference = world.create()
    (request,) = world.upf.took(pfcp.SessionEstablishmentRequest)
    assert request.cp_f_seid.ipv4 == bytes(map(int, SMF[0].split(".")))
    up, down = request.create_pdr
    assert up.pdi.source_interface == Interface.ACCESS
    assert up.pdi.local_f_teid == pfcp.FTEID(choose_ipv4=True)
    assert up.pdi.ue_ip_address == (pfcp.UEIPAddress(ipv4=FIRST),)
    assert up.outer_header_removal is not None
    assert down.pdi.ue_ip_address == (pfcp.UEIPAddress(ipv4=FIRST, destination=True),)
    assert down.pdi.network_instance == b"\x08internet"  # TS 23.003 9.1
    assert [far.apply_action for far in request.create_far] == [ApplyAction.FORW, ApplyAction.BUFF]
    (qer,) = request.create_qer
    assert qer.mbr == pfcp.MBR(2, 2000)  # kbit/s, rounded up
    world.set_up(reference)
    (change,) = world.upf.took(pfcp.SessionModificationRequest)
    (far,) = change.update_far
    assert far.apply_action == ApplyAction.FORW
    assert far.update_forwarding_parameters is not None
    created = far.update_forwarding_parameters.outer_header_creation
    assert created == pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=GNB.teid, ipv4=GNB.address)


@pytest.mark.parametrize(("asked", "told"), [(None, None), (1, None), (3, 50)])
def test_when_ipv4_can_be_had_then_it_is_given_with_the_cause_the_ue_expects(
    asked: int | None, told: int | None
) -> None:
    # interworking item 9; TS 24.501 6.4.1.3
    world = World()
    world.create(asking(pdu_session_type=asked))
    assert (world.amf.n1.selected_pdu_session_type, world.amf.n1.cause) == (1, told)


@pytest.mark.parametrize(
    ("asked", "allowed", "answer"),
    [(None, True, None), (True, True, True), (False, True, False), (True, False, False)],
)
def test_when_always_on_is_asked_then_it_is_answered(asked: bool | None, allowed: bool, answer: bool | None) -> None:
    # TS 24.501 6.4.1.3
    world = World(always_on=allowed)
    world.create(asking(always_on_requested=asked))
    assert world.amf.n1.always_on is answer


REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "IPv6 alone": ({"pdu_session_type": 2}, {}, 50),
    "unstructured": ({"pdu_session_type": 4}, {}, 28),
    "Ethernet": ({"pdu_session_type": 5}, {}, 50),
    "a type to come": ({"pdu_session_type": 7}, {}, 28),
    "SSC mode 3": ({"ssc_mode": 3}, {}, 68),
    "unknown DNN": ({}, {"dnn": "nowhere"}, 27),
    "DNN of another slice": ({}, {"dnn": "ims"}, 70),
    "nothing to hand over": ({}, {"request_type": "EXISTING_PDU_SESSION"}, 54),
}


@pytest.mark.parametrize(("request_changes", "data", "cause"), REFUSALS.values(), ids=REFUSALS)
def test_when_a_session_cannot_be_had_then_the_cause_says_why(
    request_changes: dict[str, Any], data: dict[str, Any], cause: int
) -> None:
    # TS 24.501 6.4.1.4
    world = World()
    error, message = world.refused(asking(1, 9, **request_changes), **data)
    assert isinstance(message, nas.PduSessionEstablishmentReject)
    assert (message.cause, message.pti, message.pdu_session_identity) == (cause, 9, 1)
    assert error.status >= 400
    assert gone(world)
    assert world.amf.transfers == []
    (event,) = world.environment.emitted("session-refused")
    assert event.subject == "imsi-...0001 session 1"
    assert world.environment.counts[counters.SESSION_FAILURE, f"5GSM #{cause}"] == 1


def test_when_the_ssc_mode_is_refused_then_the_allowed_ones_are_told() -> None:
    # TS 24.501 6.4.1.4.1
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", ssc_modes=(2, 3))
    _, message = world.refused(asking(ssc_mode=1))
    assert message.allowed_ssc_modes == nas.AllowedSscModes(ssc3=True, ssc2=True)
    world.create(asking(ssc_mode=3))
    assert world.amf.n1.selected_ssc_mode == 3
    world.create(asking(2), session=2)
    assert world.amf.n1.selected_ssc_mode == 2


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ServiceError(404, "DATA_NOT_FOUND"), 33),
        (ServiceError(404, "USER_NOT_FOUND"), 29),
        (ServiceError(500, "SYSTEM_FAILURE"), 38),
    ],
)
def test_when_the_subscription_says_no_then_the_cause_is_that_of_the_table(error: ServiceError, cause: int) -> None:
    # TS 29.524 4.3
    world = World()
    world.udm.error = error
    assert world.refused()[1].cause == cause


def test_when_only_ipv6_is_subscribed_then_the_ue_is_told() -> None:
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", types=("IPV6",))
    assert world.refused()[1].cause == 51


def test_when_no_upf_is_associated_then_the_network_has_failed() -> None:
    world = World()
    world.smf._smf.upfs[0].associated = False
    error, message = world.refused()
    assert (error.status, message.cause) == (504, 38)


def test_when_no_amf_is_known_then_the_request_fails_without_a_session() -> None:
    world = World()
    world.nrf.found = ()
    error, message = world.refused()
    assert (error.application_error, message) == ("TARGET_NF_NOT_FOUND", None)
    assert gone(world)


# --- after the admission -------------------------------------------------------------------------
def refused_later(world: World, cause: int) -> None:
    """The reject came by N1N2MessageTransfer, the AMF forgets the context (TS 23.502 4.3.2.2.1 step 20)."""
    message = world.amf.n1
    assert isinstance(message, nas.PduSessionEstablishmentReject)
    assert (message.cause, message.pti) == (cause, 5)
    assert world.amf.gone == [(SUPI, 1, "1")]
    assert gone(world)


def test_when_no_address_is_left_then_67_comes_later() -> None:
    world = World()
    for number in range(1, 6):
        world.create(asking(number), session=number, dnn="ims", slice_=SNssai(2))
    assert {session.address for session in world.smf.sessions} == {0x0A2E0002 + n for n in range(5)}
    _, pool = (network.pool for network in world.smf._smf.networks)
    assert pool.taken == pool.capacity == 5
    world.create(asking(6), session=6, dnn="ims", slice_=SNssai(2))
    message = world.amf.n1
    assert (message.pdu_session_identity, message.cause) == (6, 67)
    assert len(world.smf.sessions) == 5


def test_when_the_address_is_static_then_the_ue_gets_it_and_nobody_else_does() -> None:
    # P03
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", static_ipv4="10.45.0.2")
    world.create()
    assert world.amf.n1.pdu_address.ipv4 == FIRST
    world.create(supi=OTHER)
    assert (world.amf.n1.cause, world.amf.gone) == (26, [(OTHER, 1, "2")])
    world.udm.data["internet"] = DnnConfiguration("internet")
    world.create(asking(2), session=2)
    assert world.amf.n1.pdu_address.ipv4 == bytes((10, 45, 0, 3))


@pytest.mark.parametrize(("cause", "expected"), [(64, 38), (73, 38), (74, 26), (75, 26)])
def test_when_the_upf_refuses_then_the_ue_hears_of_it(cause: int, expected: int) -> None:
    world = World()
    world.upf.script[pfcp.SessionEstablishmentRequest] = lambda _: pfcp.SessionEstablishmentResponse(
        world.upf.node, cause
    )
    world.create()
    refused_later(world, expected)
    assert world.environment.counts[counters.N4_SESSION_FAILURE, f"cause {cause}"] == 1


def test_when_the_upf_accepts_without_a_tunnel_then_its_session_is_deleted_again() -> None:
    world = World()

    def without(message: Any) -> pfcp.Message:
        return msgspec.structs.replace(world.upf.establish(message), created_pdr=())

    world.upf.script[pfcp.SessionEstablishmentRequest] = without
    world.create()
    refused_later(world, 38)
    assert len(world.upf.took(pfcp.SessionDeletionRequest)) == 1


def test_when_the_upf_is_silent_then_the_request_is_repeated_and_given_up() -> None:
    # TS 29.244 6.4
    world = World(timers={"PFCP-T1": 3})
    world.upf.script[pfcp.SessionEstablishmentRequest] = lambda _: None
    world.create()
    world.wait(8.9)
    assert len(world.upf.took(pfcp.SessionEstablishmentRequest)) == 3
    assert world.amf.transfers == []
    world.wait(3.2)
    assert len(world.upf.took(pfcp.SessionEstablishmentRequest)) == 4
    refused_later(world, 38)


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        ("PDU_RES_SETUP_FAIL", None),
        ("PDU_RES_SETUP_RSP", response(flows=(2,))),
    ],
)
def test_when_the_gnb_has_no_resources_then_the_session_is_refused_and_taken_back(
    kind: str, octets: bytes | None
) -> None:
    # interworking item 17
    world = World()
    reference = world.create()
    cause = ("radioNetwork", "radio-resources-not-available")
    failed = ngap.PDUSessionResourceSetupUnsuccessfulTransfer(cause=cause)  # type: ignore[arg-type]
    world.update(reference, n2_sm_info=octets or ngap.encode_value(failed), n2_sm_info_type=kind)
    refused_later(world, 26)


@pytest.mark.parametrize("octets", [b"", b"\xff" * 9, response(Tunnel(bytes(4), 5)), response(Tunnel(b"\1", 5))])
def test_when_the_gnbs_answer_cannot_be_used_then_it_is_refused_and_the_wait_goes_on(octets: bytes) -> None:
    # G08
    world = World()
    reference = world.create()
    with pytest.raises(ServiceError, match="N2_SM_ERROR"):
        world.update(reference, n2_sm_info=octets, n2_sm_info_type="PDU_RES_SETUP_RSP")
    assert world.environment.counts[counters.PROTOCOL_FAULT, "N2 SM information"] == 1
    assert world.set_up(reference).n1_sm_message is None
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_the_gnb_never_answers_then_the_session_is_taken_back() -> None:
    world = World()
    world.create()
    world.wait(10.1)
    refused_later(world, 38)


def test_when_the_upf_does_not_take_the_gnbs_tunnel_then_the_session_is_taken_back() -> None:
    world = World()
    world.upf.script[pfcp.SessionModificationRequest] = lambda _: pfcp.SessionModificationResponse(73)
    reference = world.create()
    world.set_up(reference)
    refused_later(world, 38)


def test_when_the_amf_has_lost_the_ue_then_nothing_is_left() -> None:
    world = World()
    world.amf.error = ServiceError(404, "CONTEXT_NOT_FOUND")
    world.create()
    assert gone(world)


def test_when_the_pcf_refuses_then_the_ue_is_told() -> None:
    world = World()

    async def denied(_: object) -> Any:
        raise ServiceError(403, "POLICY_CONTEXT_DENIED")

    world.pcf.create_sm_policy = denied  # type: ignore[method-assign]
    world.create()
    refused_later(world, 38)


def test_when_the_gnb_answers_before_it_is_waited_for_then_its_answer_is_kept() -> None:
    world = World()
    early: list[Any] = []

    async def at_once(supi: object, data: object) -> str:
        early.append(world.caller.perform(world_set_up(world)))
        return "N1_N2_TRANSFER_INITIATED"

    world.amf.n1_n2_message_transfer = at_once  # type: ignore[method-assign,assignment]
    world.create()
    assert early[0].settled
    assert world.session.up_cnx_state == "ACTIVATED"


def world_set_up(world: World) -> Any:
    data = SmContextUpdateData(n2_sm_info=response(), n2_sm_info_type="PDU_RES_SETUP_RSP")
    return carried_out(world.smf.update_sm_context("1", data))


# --- duplicates -----------------------------------------------------------------------------------
def test_when_the_identity_is_in_use_then_the_old_session_goes_and_the_new_one_comes() -> None:
    # interworking item 12; TS 24.501 6.4.1.7
    world = World()
    old = world.active()
    (session,) = world.upf.sessions
    new = world.create(asking(1, 6))
    assert new != old
    assert session not in world.upf.sessions
    assert [s.reference for s in world.smf.sessions] == [new]
    assert world.amf.n1.pti == 6
    assert world.udm.registered == {(SUPI, 1)}
    with pytest.raises(ServiceError, match="CONTEXT_NOT_FOUND"):
        world.update(old, up_cnx_state="ACTIVATING")
    world.set_up(new)
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_the_same_request_comes_again_at_once_then_only_one_session_is_left() -> None:
    # T3580 on the UE's side
    world = World()
    world.upf.script[pfcp.SessionEstablishmentRequest] = lambda _: None
    world.create()
    world.upf.script.clear()
    world.create()
    assert len(world.smf.sessions) == len(world.upf.sessions) == 1
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


def test_when_the_session_is_given_up_before_the_upf_answers_then_its_session_is_deleted() -> None:
    world = World()
    late: list[Any] = []

    def later(message: Any) -> None:
        late.append(message)

    world.upf.script[pfcp.SessionEstablishmentRequest] = later
    reference = world.create()
    world.call(world.smf.release_sm_context(reference))
    assert not world.smf.sessions
    world.upf.script.clear()
    world.wait(3.1)  # T1: the request is repeated, and answered now
    assert len(world.upf.took(pfcp.SessionDeletionRequest)) == 1
    assert gone(world)


# --- the UE's message ---------------------------------------------------------------------------
def octets(session: int = 1, pti: int = 5) -> bytes:
    return nas.encode(asking(session, pti))


IGNORED = {
    "PTI 255": octets(pti=255),
    "identity 0": octets(session=0),
    "identity 16": octets(session=16),
    "identity 255": octets(session=255),
    "empty": b"",
    "too short": b"\x2e\x01\x05",
    "5GMM": bytes.fromhex("7e0046"),
}


@pytest.mark.parametrize("message", IGNORED.values(), ids=IGNORED)
def test_when_the_clause_says_to_ignore_the_message_then_the_ue_hears_nothing(message: bytes) -> None:
    # TS 24.501 7.2.1, 7.3.1, 7.3.2 (N14)
    world = World()
    error, answer = world.refused(message)
    assert (error.status, answer) == (400, None)
    assert gone(world)


STATUS = {
    "PTI 0": (octets(pti=0), 81),
    "another identity": (octets(session=2), 43),
    "no request": (nas.encode(nas.PduSessionReleaseRequest(1, 5)), 98),
    "unknown type": (bytes.fromhex("2e0105f0"), 97),
}


@pytest.mark.parametrize(("message", "cause"), STATUS.values(), ids=STATUS)
def test_when_the_message_fits_no_procedure_then_5gsm_status_says_so(message: bytes, cause: int) -> None:
    # TS 24.501 7.3.1, 7.3.2, 7.4
    world = World()
    _, answer = world.refused(message)
    assert isinstance(answer, nas.SmStatus)
    assert (answer.cause, answer.pdu_session_identity) == (cause, 1)


def test_when_a_mandatory_part_is_missing_then_the_request_is_rejected_with_96() -> None:
    # TS 24.501 7.5.1
    _, answer = World().refused(octets()[:4])
    assert isinstance(answer, nas.PduSessionEstablishmentReject)
    assert (answer.cause, answer.pti) == (96, 5)


def test_when_an_optional_part_is_damaged_then_the_session_is_set_up_without_it() -> None:
    # N13: a damaged extended PCO; TS 24.501 7.6, 7.7.1
    world = World()
    world.create(octets() + bytes.fromhex("7b000480000dff"))
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


# --- many -----------------------------------------------------------------------------------------
def test_when_many_sessions_come_and_go_then_addresses_and_seids_differ_and_return() -> None:
    world = World()
    references = [world.create(asking(n), session=n) for n in range(1, 16)]
    assert len({session.address for session in world.smf.sessions}) == 15
    assert len({request.cp_f_seid.seid for request in world.upf.took(pfcp.SessionEstablishmentRequest)}) == 15
    for reference in references:
        world.set_up(reference)
        world.call(world.smf.release_sm_context(reference))
    assert gone(world)


ROUTES = ("192.168.1.0/24", "2001:db8:9::/48")


def test_when_networks_stand_behind_the_ue_then_both_rules_name_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # TS 23.501 5.6.14
    monkeypatch.setattr(UpfDouble, "features", 0x2010)  # FTUP and FRRT: TS 29.244 8.2.25
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", framed_routes=ROUTES)
    world.create()
    (request,) = world.upf.took(pfcp.SessionEstablishmentRequest)
    for rule in request.create_pdr:
        assert (rule.pdi.framed_route, rule.pdi.framed_ipv6_route) == (ROUTES[:1], ROUTES[1:])


def test_when_the_upf_serves_no_framed_routes_then_the_session_is_set_up_without_and_the_operator_told() -> None:
    # TS 29.244 5.16
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", framed_routes=ROUTES)
    world.create()
    (request,) = world.upf.took(pfcp.SessionEstablishmentRequest)
    assert [rule.pdi.framed_route for rule in request.create_pdr] == [(), ()]
    assert "framed-routes" in {event.name.removeprefix("smf.") for event in world.environment.events}
