"""PDU session resources (TS 38.413 8.2.1, 8.2.2, 8.2.3, 9.3.4)."""

from __future__ import annotations

import msgspec
import pytest

from freehold.codecs import ngap
from freehold.services.access import Tunnel
from freehold.services.air import Bearer
from freehold.spec.identities import SNssai
from freehold.stack.ngap_values import tunnel, tunnel_of
from rankit import Scene, context_setup, flow, session_setup, setup_transfer


def protect(integrity, confidentiality):
    rate = "bitrate64kbs" if integrity != "not-needed" else None
    return ngap.SecurityIndication(
        integrity_protection_indication=integrity,
        confidentiality_protection_indication=confidentiality,
        maximum_integrity_protected_data_rate_ul=rate,
    )


def modify(ran_id, number=5, **transfer):
    return ngap.PDUSessionResourceModifyRequest(
        amf_ue_ngap_id=7,
        ran_ue_ngap_id=ran_id,
        pdu_session_resource_modify_list_mod_req=[
            ngap.PDUSessionResourceModifyItemModReq(
                pdu_session_id=number,
                nas_pdu=b"modified",
                pdu_session_resource_modify_request_transfer=ngap.PDUSessionResourceModifyRequestTransfer(**transfer),
            )
        ],
    )


def release(ran_id, *numbers, nas=None):
    transfer = ngap.PDUSessionResourceReleaseCommandTransfer(cause=("nas", "normal-release"))
    return ngap.PDUSessionResourceReleaseCommand(
        amf_ue_ngap_id=7,
        ran_ue_ngap_id=ran_id,
        nas_pdu=nas,
        pdu_session_resource_to_release_list_rel_cmd=[
            ngap.PDUSessionResourceToReleaseItemRelCmd(
                pdu_session_id=number, pdu_session_resource_release_command_transfer=transfer
            )
            for number in numbers
        ],
    )


def refused(scene, ran_id, transfer):
    """The cause for which one session was refused."""
    scene.amf.say(session_setup(7, ran_id, (5, transfer)))
    response = scene.amf.expect(ngap.PDUSessionResourceSetupResponse)
    assert response.pdu_session_resource_setup_list_su_res is None
    (item,) = response.pdu_session_resource_failed_to_setup_list_su_res
    assert item.pdu_session_id == 5
    return item.pdu_session_resource_setup_unsuccessful_transfer.cause


def test_when_a_session_is_set_up_then_both_tunnels_are_known_and_the_terminal_gets_bearer_and_nas():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    scene.amf.say(session_setup(7, ran_id, (5, setup_transfer(flows=(flow(9), flow(3)))), nas=b"also this"))
    response = scene.amf.expect(ngap.PDUSessionResourceSetupResponse)
    (item,) = response.pdu_session_resource_setup_list_su_res
    information = item.pdu_session_resource_setup_response_transfer.dl_qos_flow_per_tnl_information
    assert tunnel_of(information.up_transport_layer_information) == Tunnel("192.0.2.10", 0x9001)
    assert [flow.qos_flow_identifier for flow in information.associated_qos_flow_list] == [9, 3]
    assert scene.plane.bearers == {1: (Tunnel("192.0.2.20", 0x1000), 9)}
    assert terminal.added == [Bearer(5, 1, (9, 3))]
    assert terminal.nas == [b"also this", b"accept 5"]


def test_when_sessions_come_with_the_context_then_they_are_answered_there():
    scene = Scene()
    terminal, ran_id = scene.connected(7, capability=b"")
    scene.amf.say(context_setup(7, ran_id, sessions=(1, 2), nas=b"service accept"))
    response = scene.amf.expect(ngap.InitialContextSetupResponse)
    assert [item.pdu_session_id for item in response.pdu_session_resource_setup_list_cxt_res] == [1, 2]
    assert terminal.nas == [b"service accept", b"session 1", b"session 2"]
    assert len(scene.plane.bearers) == 2


def test_when_the_slice_is_not_offered_then_the_context_stands_and_its_session_fails():
    scene = Scene()
    terminal, ran_id = scene.connected(7, capability=b"")
    scene.amf.say(context_setup(7, ran_id, sessions=(1,), value=SNssai(1, 0)))
    response = scene.amf.expect(ngap.InitialContextSetupResponse)
    assert response.pdu_session_resource_setup_list_cxt_res is None
    (item,) = response.pdu_session_resource_failed_to_setup_list_cxt_res
    transfer = item.pdu_session_resource_setup_unsuccessful_transfer
    assert transfer.cause == ("radioNetwork", "slice-not-supported")
    assert terminal.nas == []
    assert "slice 1-000000 is none of this gNB's" in scene.environment.emitted("session-refused")[0].text


@pytest.mark.parametrize(
    ("transfer", "cause"),
    [
        (setup_transfer(flows=(flow(1), flow(1))), ("radioNetwork", "multiple-qos-flow-ID-instances")),
        (setup_transfer(ambr=False), ("protocol", "semantic-error")),
        (setup_transfer(kind="unstructured"), ("radioNetwork", "unspecified")),
        (setup_transfer(peer=Tunnel("0.0.0.0", 1)), ("transport", "transport-resource-unavailable")),
        (
            setup_transfer(security=protect("required", "not-needed")),
            ("radioNetwork", "up-integrity-protection-not-possible"),
        ),
        (
            setup_transfer(security=protect("not-needed", "required")),
            ("radioNetwork", "up-confidentiality-protection-not-possible"),
        ),
        (b"\xff\xff\xff", ("protocol", "transfer-syntax-error")),
    ],
    ids=["two flows of one id", "no ambr", "unstructured", "no address", "integrity", "confidentiality", "damaged"],
)
def test_when_a_session_cannot_be_had_then_its_cause_says_why_and_nothing_is_left(transfer, cause):
    scene = Scene()
    terminal, ran_id = scene.established(7)
    assert refused(scene, ran_id, transfer) == cause
    assert (scene.plane.bearers, terminal.added, terminal.nas) == ({}, [], [])


COMBINATION = ("radioNetwork", "invalid-qos-combination")
BURST = ngap.Dynamic5QIDescriptor(
    priority_level_qos=1,
    packet_delay_budget=1,
    packet_error_rate=ngap.PacketErrorRate(per_scalar=1, per_exponent=6),
    delay_critical="delay-critical",
)


def dynamic(qfi, characteristics):
    asked = flow(qfi)
    parameters = msgspec.structs.replace(
        asked.qos_flow_level_qos_parameters, qos_characteristics=("dynamic5QI", characteristics)
    )
    return msgspec.structs.replace(asked, qos_flow_level_qos_parameters=parameters)


# TS 38.413 8.2.1.4
@pytest.mark.parametrize("lacking", [flow(2, five_qi=1), dynamic(2, BURST)], ids=["no guaranteed rate", "no burst"])
def test_when_a_flow_lacks_what_its_characteristics_ask_for_then_it_alone_fails(lacking):
    scene = Scene()
    terminal, ran_id = scene.established(7)
    scene.amf.say(session_setup(7, ran_id, (5, setup_transfer(flows=(flow(1), lacking)))))
    (item,) = scene.amf.expect(ngap.PDUSessionResourceSetupResponse).pdu_session_resource_setup_list_su_res
    said = item.pdu_session_resource_setup_response_transfer
    there = said.dl_qos_flow_per_tnl_information.associated_qos_flow_list
    assert [one.qos_flow_identifier for one in there] == [1]
    assert [(one.qos_flow_identifier, one.cause) for one in said.qos_flow_failed_to_setup_list] == [(2, COMBINATION)]
    assert terminal.added == [Bearer(5, 1, (1,))]


def test_when_no_flow_has_what_it_asks_for_then_the_session_fails():
    scene = Scene()
    _, ran_id = scene.established(7)
    assert refused(scene, ran_id, setup_transfer(flows=(flow(1, five_qi=1),))) == COMBINATION
    assert scene.plane.bearers == {}


def test_when_a_delay_critical_flow_says_its_burst_then_it_is_set_up():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    whole = dynamic(2, msgspec.structs.replace(BURST, maximum_data_burst_volume=255))
    scene.amf.say(session_setup(7, ran_id, (5, setup_transfer(flows=(flow(1), whole)))))
    scene.amf.expect(ngap.PDUSessionResourceSetupResponse)
    assert terminal.added == [Bearer(5, 1, (1, 2))]


# TS 38.413 8.2.3.4
def test_when_a_flow_is_to_come_and_to_go_or_lacks_something_then_it_fails_and_stays_what_it_was():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(5,))
    lacking = flow(7, five_qi=1).qos_flow_level_qos_parameters
    scene.amf.say(
        modify(
            ran_id,
            qos_flow_add_or_modify_request_list=[
                ngap.QosFlowAddOrModifyRequestItem(qos_flow_identifier=1),
                ngap.QosFlowAddOrModifyRequestItem(qos_flow_identifier=6),
                ngap.QosFlowAddOrModifyRequestItem(qos_flow_identifier=7, qos_flow_level_qos_parameters=lacking),
            ],
            qos_flow_to_release_list=[
                ngap.QosFlowWithCauseItem(qos_flow_identifier=1, cause=("nas", "normal-release"))
            ],
        )
    )
    (item,) = scene.amf.expect(ngap.PDUSessionResourceModifyResponse).pdu_session_resource_modify_list_mod_res
    said = item.pdu_session_resource_modify_response_transfer
    assert [one.qos_flow_identifier for one in said.qos_flow_add_or_modify_response_list] == [6]
    failed = [(one.qos_flow_identifier, one.cause) for one in said.qos_flow_failed_to_add_or_modify_list]
    assert failed == [(1, COMBINATION), (7, COMBINATION)]
    assert terminal.added[-1] == Bearer(5, 1, (1, 6))


def test_when_protection_is_preferred_then_the_answer_says_that_there_is_none():
    scene = Scene()
    _, ran_id = scene.established(7)
    scene.amf.say(session_setup(7, ran_id, (5, setup_transfer(security=protect("preferred", "preferred")))))
    (item,) = scene.amf.expect(ngap.PDUSessionResourceSetupResponse).pdu_session_resource_setup_list_su_res
    result = item.pdu_session_resource_setup_response_transfer.security_result
    assert (result.integrity_protection_result, result.confidentiality_protection_result) == (
        "not-performed",
        "not-performed",
    )


def test_when_a_gbr_flow_stands_alone_then_no_session_ambr_is_needed():
    rates = {f"{what}_flow_bit_rate_{way}": 10**6 for what in ("maximum", "guaranteed") for way in ("dl", "ul")}
    scene = Scene()
    _, ran_id = scene.established(7)
    transfer = setup_transfer(flows=(flow(1, gbr=ngap.GBRQosInformation(**rates)),), ambr=False)
    scene.amf.say(session_setup(7, ran_id, (5, transfer)))
    assert scene.amf.expect(ngap.PDUSessionResourceSetupResponse).pdu_session_resource_setup_list_su_res


def test_when_an_id_comes_twice_or_is_there_already_then_it_fails_and_the_others_stand():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(1,))
    items = [(number, setup_transfer()) for number in (1, 2, 3, 3)]
    scene.amf.say(session_setup(7, ran_id, *items))
    response = scene.amf.expect(ngap.PDUSessionResourceSetupResponse)
    assert [item.pdu_session_id for item in response.pdu_session_resource_setup_list_su_res] == [2]
    failed = response.pdu_session_resource_failed_to_setup_list_su_res
    assert [item.pdu_session_id for item in failed] == [1, 3, 3]
    causes = {item.pdu_session_resource_setup_unsuccessful_transfer.cause for item in failed}
    assert causes == {("radioNetwork", "multiple-PDU-session-ID-instances")}
    assert len(scene.plane.bearers) == 2
    assert terminal.nas == [b"accept 2"]


@pytest.mark.parametrize("number", [0, 16, 33, 255])
def test_when_an_id_is_reserved_then_it_fails_and_the_others_stand(number):  # TS 24.007 11.2.3.1b
    scene = Scene()
    _, ran_id = scene.established(7)
    scene.amf.say(session_setup(7, ran_id, (number, setup_transfer()), (2, setup_transfer())))
    response = scene.amf.expect(ngap.PDUSessionResourceSetupResponse)
    assert [item.pdu_session_id for item in response.pdu_session_resource_setup_list_su_res] == [2]
    (failed,) = response.pdu_session_resource_failed_to_setup_list_su_res
    cause = failed.pdu_session_resource_setup_unsuccessful_transfer.cause
    assert (failed.pdu_session_id, cause) == (number, ("radioNetwork", "unknown-PDU-session-ID"))


def test_when_a_session_is_modified_then_tunnel_and_flows_change():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(5,))
    moved = ngap.ULNGUUPTNLModifyItem(
        ul_ngu_up_tnl_information=tunnel(Tunnel("192.0.2.30", 0x2000)),
        dl_ngu_up_tnl_information=tunnel(Tunnel("192.0.2.10", 0x9001)),
    )
    scene.amf.say(
        modify(
            ran_id,
            ul_ngu_up_tnl_modify_list=[moved],
            qos_flow_add_or_modify_request_list=[ngap.QosFlowAddOrModifyRequestItem(qos_flow_identifier=6)],
            qos_flow_to_release_list=[
                ngap.QosFlowWithCauseItem(qos_flow_identifier=1, cause=("nas", "normal-release"))
            ],
        )
    )
    (item,) = scene.amf.expect(ngap.PDUSessionResourceModifyResponse).pdu_session_resource_modify_list_mod_res
    added = item.pdu_session_resource_modify_response_transfer.qos_flow_add_or_modify_response_list
    assert [flow.qos_flow_identifier for flow in added] == [6]
    assert scene.plane.bearers == {1: (Tunnel("192.0.2.30", 0x2000), 6)}
    assert terminal.added[-1] == Bearer(5, 1, (6,))
    assert terminal.nas == [b"modified"]


def test_when_a_modification_cannot_be_had_then_the_session_stays_as_it_was():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(5,))
    gone = [ngap.QosFlowWithCauseItem(qos_flow_identifier=1, cause=("nas", "normal-release"))]
    twice = [ngap.QosFlowAddOrModifyRequestItem(qos_flow_identifier=6)] * 2
    for message, cause in (
        (modify(ran_id, 9), "unknown-PDU-session-ID"),
        (modify(ran_id, qos_flow_to_release_list=gone), "invalid-qos-combination"),
        (modify(ran_id, qos_flow_add_or_modify_request_list=twice), "multiple-qos-flow-ID-instances"),
    ):
        scene.amf.say(message)
        response = scene.amf.expect(ngap.PDUSessionResourceModifyResponse)
        (item,) = response.pdu_session_resource_failed_to_modify_list_mod_res
        transfer = item.pdu_session_resource_modify_unsuccessful_transfer
        assert transfer.cause == ("radioNetwork", cause)
    assert scene.plane.bearers == {1: (Tunnel("192.0.2.20", 0x1000), 1)}
    assert (len(terminal.added), terminal.nas) == (1, [])


def test_when_a_session_is_released_then_its_bearer_goes_and_nas_arrives():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(5, 6))
    scene.amf.say(release(ran_id, 5, nas=b"release command"))
    response = scene.amf.expect(ngap.PDUSessionResourceReleaseResponse)
    assert [item.pdu_session_id for item in response.pdu_session_resource_released_list_rel_res] == [5]
    assert list(scene.plane.bearers) == [2]
    assert (terminal.removed, terminal.nas) == ([5], [b"release command"])


def test_when_a_session_to_release_is_unknown_then_it_is_answered_as_released():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    scene.amf.say(release(ran_id, 5, 5))
    response = scene.amf.expect(ngap.PDUSessionResourceReleaseResponse)
    assert [item.pdu_session_id for item in response.pdu_session_resource_released_list_rel_res] == [5]
    assert terminal.removed == []


def test_when_the_upf_does_not_know_a_tunnel_then_that_session_alone_goes_and_the_amf_is_notified():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(5, 6))
    scene.plane.tunnel_lost(1)
    notify = scene.amf.expect(ngap.PDUSessionResourceNotify)
    assert (notify.amf_ue_ngap_id, notify.ran_ue_ngap_id) == (7, ran_id)
    (item,) = notify.pdu_session_resource_released_list_not
    transfer = item.pdu_session_resource_notify_released_transfer
    assert (item.pdu_session_id, transfer.user_plane_error_indicator) == (5, "gTP-U-error-indication-received")
    assert (terminal.removed, list(scene.plane.bearers)) == ([5], [2])
    scene.plane.tunnel_lost(1)
    scene.plane.tunnel_lost(99)
    scene.amf.silent()


def test_when_there_is_no_context_yet_then_a_session_is_a_logical_error():
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    scene.amf.say(session_setup(7, ran_id, (5, setup_transfer())))
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause == ("protocol", "message-not-compatible-with-receiver-state")
    assert (indication.amf_ue_ngap_id, indication.ran_ue_ngap_id) == (7, ran_id)
    assert indication.criticality_diagnostics.procedure_code == ngap.PDUSessionResourceSetupRequest.procedure_code
    assert (scene.plane.bearers, terminal.nas, terminal.releases) == ({}, [], 0)


@pytest.mark.parametrize(
    ("address", "bits", "text"),
    [
        (0xC0000214, 32, "192.0.2.20"),
        (0x20010DB8 << 96 | 1, 128, "2001:db8::1"),
        (0xC0000214 << 128 | 1, 160, "192.0.2.20"),
    ],
)
def test_when_a_tunnel_has_addresses_then_ipv4_is_preferred(address, bits, text):
    value = ("gTPTunnel", ngap.GTPTunnel(transport_layer_address=(address, bits), gtp_teid=b"\0\0\0\1"))
    assert tunnel_of(value) == Tunnel(text, 1)


def test_when_a_tunnel_has_both_addresses_then_the_gnbs_own_version_counts():
    both = 0xC0000214 << 128 | 0x20010DB8 << 96 | 1
    value = ("gTPTunnel", ngap.GTPTunnel(transport_layer_address=(both, 160), gtp_teid=b"\0\0\0\1"))
    assert tunnel_of(value, "fd03::10") == Tunnel("2001:db8::1", 1)
    assert tunnel_of(value, "192.0.2.10") == Tunnel("192.0.2.20", 1)


def test_when_a_tunnel_address_has_an_odd_length_then_the_session_fails():
    scene = Scene()
    _, ran_id = scene.established(7)
    odd = ("gTPTunnel", ngap.GTPTunnel(transport_layer_address=(5, 7), gtp_teid=b"\0\0\0\1"))
    transfer = ngap.PDUSessionResourceSetupRequestTransfer(
        ul_ngu_up_tnl_information=odd,
        pdu_session_type="ipv4",
        qos_flow_setup_request_list=[flow()],
        pdu_session_aggregate_maximum_bit_rate=setup_transfer().pdu_session_aggregate_maximum_bit_rate,
    )
    assert refused(scene, ran_id, transfer) == ("transport", "transport-resource-unavailable")
