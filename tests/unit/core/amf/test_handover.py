"""N2 based handover (TS 23.502 4.9.1.3, TS 38.413 8.4.1 to 8.4.3, 8.4.5 to 8.4.7), also where it fails."""

import msgspec
import pytest

from amfkit.harness import CONFIGURATION, PLMN, SLICE_SD, World, from_smf
from amfkit.mobility import path_switch_request
from freehold.codecs import nas, ngap
from freehold.services.errors import ServiceError

CONTAINER, ANSWER = b"\x01source to target", b"\x02target to source"
REQUIRED = ngap.HandoverRequiredTransfer()
ADMITTED = ngap.HandoverRequestAcknowledgeTransfer(
    dl_ngu_up_tnl_information=(
        "gTPTunnel",
        ngap.GTPTunnel(transport_layer_address=(0x0A000002, 32), gtp_teid=b"\0\0\0\2"),
    ),
    qos_flow_setup_response_list=[ngap.QosFlowItemWithDataForwarding(qos_flow_identifier=1)],
)
REFUSED = ngap.HandoverResourceAllocationUnsuccessfulTransfer(cause=("radioNetwork", "radio-resources-not-available"))
MODIFY = ngap.encode_value(ngap.PDUSessionResourceModifyRequestTransfer())
CAUSE = ("radioNetwork", "handover-desirable-for-radio-reason")


def required(ue, target, sessions=(1,), *, number=None, tac=1, **changes):
    node = ngap.TargetRANNodeID(
        global_ran_node_id=(
            "globalGNB-ID",
            ngap.GlobalGNBID(plmn_identity=PLMN.octets, gnb_id=("gNB-ID", (number or target.number, 22))),
        ),
        selected_tai=ngap.TAI(plmn_identity=PLMN.octets, tac=tac.to_bytes(3, "big")),
    )
    message = ngap.HandoverRequired(
        **ue.ids(),
        handover_type="intra5gs",
        cause=CAUSE,
        target_id=("targetRANNodeID", node),
        pdu_session_resource_list_ho_rqd=[
            ngap.PDUSessionResourceItemHORqd(pdu_session_id=each, handover_required_transfer=REQUIRED)
            for each in sessions
        ],
        source_to_target_transparent_container=CONTAINER,
    )
    return msgspec.structs.replace(message, **changes)


def admit(target, request, ran_id=7, sessions=(1,), failed=()):
    """The target sets up some sessions, and not others."""
    target.send(
        ngap.HandoverRequestAcknowledge(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=ran_id,
            pdu_session_resource_admitted_list=[
                ngap.PDUSessionResourceAdmittedItem(pdu_session_id=each, handover_request_acknowledge_transfer=ADMITTED)
                for each in sessions
            ],
            pdu_session_resource_failed_to_setup_list_ho_ack=[
                ngap.PDUSessionResourceFailedToSetupItemHOAck(
                    pdu_session_id=each, handover_resource_allocation_unsuccessful_transfer=REFUSED
                )
                for each in failed
            ]
            or None,
            target_to_source_transparent_container=ANSWER,
        ),
        1,
    )


def notify(target, request, ran_id=7):
    ids = {"amf_ue_ngap_id": request.amf_ue_ngap_id, "ran_ue_ngap_id": ran_id}
    target.send(ngap.HandoverNotify(**ids, user_location_information=target.location()), 1)


def commanded(ue, target, sessions=(1,), **changes):
    """Up to HANDOVER COMMAND: what the target was asked, what the source was told."""
    ue.gnb.send(required(ue, target, sessions, **changes), 1)
    request = target.next(ngap.HandoverRequest)
    admit(target, request, sessions=sessions)
    return request, ue.gnb.next(ngap.HandoverCommand)


def hand_over(ue, target, sessions=(1,)):
    """The whole procedure; the terminal is at the target afterwards."""
    source = ue.gnb
    request, _ = commanded(ue, target, sessions)
    notify(target, request)
    release = source.next(ngap.UEContextReleaseCommand)
    source.send(ngap.UEContextReleaseComplete(**ue.ids()), 1)
    ue.gnb, ue.ran_id, ue.amf_id = target, 7, request.amf_ue_ngap_id
    return request, release


def told(world, *keys):
    """What the SMF was asked, in its order."""
    asked = [each[2] for each in world.smf.asked if each[0] == "update_sm_context"]
    return [each.ho_state or each.n2_sm_info_type or each.up_cnx_state for each in asked][-len(keys) :] == list(keys)


def refused(ue, message, cause):
    ue.gnb.send(message, 1)
    failure = ue.gnb.next(ngap.HandoverPreparationFailure)
    assert failure.cause == ("radioNetwork", cause)
    assert (failure.amf_ue_ngap_id, failure.ran_ue_ngap_id) == (ue.amf_id, ue.ran_id)


def stays(world, ue):
    """The terminal goes on where it was, and nothing is left of the handover."""
    assert next(world.amf.ues()).gnb == f"gnb{ue.gnb.number}"
    ue.establish(5, "ims")
    assert world.baseline()["connections"] == 1


@pytest.fixture
def world():
    return World()


@pytest.fixture
def ue(world):
    terminal = world.terminal(world.gnb())
    terminal.register()
    terminal.establish()
    return terminal


def test_when_the_target_admits_it_then_the_terminal_and_its_sessions_are_there_under_a_fresh_key(world, ue):
    target = world.gnb()
    request, command = commanded(ue, target)
    assert request.source_to_target_transparent_container == CONTAINER
    assert request.amf_ue_ngap_id != ue.amf_id
    assert [each.pdu_session_id for each in request.pdu_session_resource_setup_list_ho_req] == [1]
    assert request.ue_security_capabilities == ue.context.ue_security_capabilities
    hop = ue.security.nh(ue.security.kgnb(0))
    assert request.security_context.next_hop_chaining_count == 1
    assert request.security_context.next_hop_nh == (int.from_bytes(hop, "big"), 256)
    assert command.target_to_source_transparent_container == ANSWER
    assert [each.pdu_session_id for each in command.pdu_session_resource_handover_list] == [1]
    assert told(world, "PREPARING", "PREPARED")
    assert next(world.amf.ues()).gnb == "gnb1"
    notify(target, request)
    assert told(world, "COMPLETED")
    release = ue.gnb.next(ngap.UEContextReleaseCommand)
    assert release.cause == ("radioNetwork", "successful-handover")
    assert release.ue_ngap_ids[1].amf_ue_ngap_id == ue.amf_id
    ue.gnb.send(ngap.UEContextReleaseComplete(**ue.ids()), 1)
    ue.gnb, ue.ran_id, ue.amf_id = target, 7, request.amf_ue_ngap_id
    stays(world, ue)
    counted = world.environment.counted
    assert counted("amf.n2_handover_req") == counted("amf.n2_handover_succ") == 1


def test_when_the_terminal_goes_to_and_fro_then_the_keys_form_a_chain(world, ue):
    first, second = ue.gnb, world.gnb()
    hop = ue.security.kgnb(0)
    for count, target in enumerate([second, first] * 5, 1):
        hop = ue.security.nh(hop)
        request, _ = hand_over(ue, target)
        assert request.security_context.next_hop_nh[0] == int.from_bytes(hop, "big")
        assert request.security_context.next_hop_chaining_count == count % 8
    assert world.baseline()["connections"] == 1


def test_when_the_keys_were_renewed_meanwhile_then_each_target_gets_the_new_one_until_the_terminal_is_there():
    world = World(security=msgspec.structs.replace(CONFIGURATION.security, authenticate_always=True))
    ue, targets = world.terminal(world.gnb()), [world.gnb(), world.gnb(), world.gnb()]
    ue.register()
    ue.establish()
    ue.renew_keys()
    kgnb = ue.security.kgnb(0)
    ue.gnb.send(required(ue, targets[0]), 1)
    request = targets[0].next(ngap.HandoverRequest)
    targets[0].send(ngap.HandoverFailure(amf_ue_ngap_id=request.amf_ue_ngap_id, cause=CAUSE), 1)
    ue.gnb.next(ngap.HandoverPreparationFailure)
    again, _ = hand_over(ue, targets[1])
    for each in (request, again):  # TS 33.501 6.9.2.3.3
        assert each.new_security_context_ind == "true"
        assert each.security_context.next_hop_chaining_count == 0
        assert each.security_context.next_hop_nh[0] == int.from_bytes(kgnb, "big")
    after, _ = hand_over(ue, targets[2])
    assert after.new_security_context_ind is None
    assert after.security_context.next_hop_chaining_count == 1
    assert after.security_context.next_hop_nh[0] == int.from_bytes(ue.security.nh(kgnb), "big")


def test_when_another_key_came_into_use_on_the_way_then_the_arrival_leaves_it_for_the_next_target():
    # TS 33.501 6.9.4.4: the answer to a command that was sent again comes between HANDOVER COMMAND and HANDOVER NOTIFY
    world = World(security=msgspec.structs.replace(CONFIGURATION.security, authenticate_always=True))
    ue, first, second, third = world.terminal(world.gnb()), world.gnb(), world.gnb(), world.gnb()
    ue.register()
    ue.establish()
    ue.request = ue.registration_request(kind=2, ksi=0)
    ue.tell(ue.request)
    ue.authenticate()
    ue.command()
    world.run_for(6.1)
    ue.command_again()
    ue.complete()
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    request, _ = commanded(ue, first)
    assert request.security_context.next_hop_nh[0] == int.from_bytes(ue.security.kgnb(0), "big")
    ue.complete()
    notify(first, request)
    ue.gnb.next(ngap.UEContextReleaseCommand)
    ue.gnb.send(ngap.UEContextReleaseComplete(**ue.ids()), 1)
    ue.gnb, ue.ran_id, ue.amf_id = first, 7, request.amf_ue_ngap_id
    again, _ = hand_over(ue, second)
    assert again.new_security_context_ind == "true"
    assert again.security_context.next_hop_nh[0] == int.from_bytes(ue.security.kgnb(2), "big")
    after, _ = hand_over(ue, third)
    assert after.new_security_context_ind is None


def test_when_the_terminal_registers_at_the_target_then_its_nas_goes_on(world, ue):
    hand_over(ue, world.gnb())
    ue.tell(ue.registration_request(kind=2, ksi=0))
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    ue.go_idle()


def test_when_the_target_takes_some_sessions_then_the_others_are_left_behind(world, ue):
    ue.establish(2, "ims")
    source, target = ue.gnb, world.gnb()
    source.send(required(ue, target, (1, 2)), 1)
    request = target.next(ngap.HandoverRequest)
    admit(target, request, sessions=(1,), failed=(2,))
    command = source.next(ngap.HandoverCommand)
    assert [each.pdu_session_id for each in command.pdu_session_resource_to_release_list_ho_cmd] == [2]
    notify(target, request)
    assert {each.pdu_session_id: each.active for each in next(world.amf.ues()).sessions} == {1: True, 2: False}
    assert told(world, "HANDOVER_RES_ALLOC_FAIL", "PREPARED", "COMPLETED", "COMPLETED")


def test_when_an_smf_does_not_say_what_became_of_its_session_then_it_is_deactivated(world, ue):
    ue.establish(2, "ims")
    source, target = ue.gnb, world.gnb()
    source.send(required(ue, target, (1, 2)), 1)
    request = target.next(ngap.HandoverRequest)
    admit(target, request, sessions=(1, 2))
    source.next(ngap.HandoverCommand)
    world.smf.forgets.add(2)
    notify(target, request)
    assert {each.pdu_session_id: each.active for each in next(world.amf.ues()).sessions} == {1: True, 2: False}
    assert told(world, "COMPLETED", "COMPLETED", "DEACTIVATED")


def test_when_the_source_tells_its_counts_then_the_target_gets_them(world, ue):
    target = world.gnb()
    request, _ = commanded(ue, target)
    counts = ngap.RANStatusTransferTransparentContainer(
        drbs_subject_to_status_transfer_list=[
            ngap.DRBsSubjectToStatusTransferItem(
                drb_id=1,
                drb_status_ul=(
                    "dRBStatusUL12",
                    ngap.DRBStatusUL12(ul_count_value=ngap.COUNTValueForPDCPSN12(pdcp_sn12=5, hfn_pdcp_sn12=0)),
                ),
                drb_status_dl=(
                    "dRBStatusDL12",
                    ngap.DRBStatusDL12(dl_count_value=ngap.COUNTValueForPDCPSN12(pdcp_sn12=6, hfn_pdcp_sn12=0)),
                ),
            )
        ]
    )
    ue.gnb.send(ngap.UplinkRANStatusTransfer(**ue.ids(), ran_status_transfer_transparent_container=counts), 1)
    status = target.next(ngap.DownlinkRANStatusTransfer)
    assert (status.amf_ue_ngap_id, status.ran_ue_ngap_id) == (request.amf_ue_ngap_id, 7)
    assert status.ran_status_transfer_transparent_container == counts


def test_when_an_smf_speaks_meanwhile_then_it_waits_for_the_target(world, ue):
    source, target = ue.gnb, world.gnb()
    request, _ = commanded(ue, target)
    from_smf(world, ue, n1_sm_message=b"\x2e\x01\x00\xcb", n2_sm_info=MODIFY, n2_sm_info_type="PDU_RES_MOD_REQ")
    source.nothing()
    target.nothing()
    notify(target, request)
    target.next(ngap.PDUSessionResourceModifyRequest)


# --- not prepared ----------
@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"number": 99}, "unknown-targetID"),
        ({"number": 1}, "ho-target-not-allowed"),
        ({"tac": 77}, "ho-target-not-allowed"),
        ({"handover_type": "fivegs-to-eps"}, "ho-target-not-allowed"),
        ({"sessions": (9,)}, "ho-target-not-allowed"),
    ],
)
def test_when_the_terminal_cannot_go_there_then_it_stays(world, ue, changes, cause):
    target = world.gnb()
    refused(ue, required(ue, target, **changes), cause)
    target.nothing()
    stays(world, ue)
    assert world.event("handover-failed").unmet.rule == "handover"


def test_when_the_target_lacks_the_slice_then_it_stays(world, ue):
    target = world.gnb(slices=(SLICE_SD,))
    refused(ue, required(ue, target), "ho-target-not-allowed")
    stays(world, ue)


def test_when_the_smf_does_not_prepare_it_then_it_stays(world, ue):
    target = world.gnb()
    world.smf.fail["update_sm_context"] = ServiceError(409, "REQUEST_REJECTED_UNSPECIFIED")
    refused(ue, required(ue, target), "ho-target-not-allowed")
    world.smf.fail.clear()
    stays(world, ue)


def test_when_the_terminal_has_no_context_yet_then_it_fails(world):
    ue = world.terminal(world.gnb())
    ue.start()
    ue.challenge()
    refused(ue, required(ue, world.gnb()), "interaction-with-other-procedure")


def test_when_it_is_asked_for_twice_then_the_second_fails_and_the_first_goes_on(world, ue):
    source, target = ue.gnb, world.gnb()
    request, _ = commanded(ue, target)
    refused(ue, required(ue, target), "interaction-with-other-procedure")
    notify(target, request)
    source.next(ngap.UEContextReleaseCommand)
    assert next(world.amf.ues()).gnb == "gnb2"


def test_when_the_target_refuses_then_it_stays_and_the_smf_takes_it_back(world, ue):
    target = world.gnb()
    ue.gnb.send(required(ue, target), 1)
    request = target.next(ngap.HandoverRequest)
    target.send(ngap.HandoverFailure(amf_ue_ngap_id=request.amf_ue_ngap_id, cause=CAUSE), 1)
    failure = ue.gnb.next(ngap.HandoverPreparationFailure)
    assert failure.cause == ("radioNetwork", "ho-failure-in-target-5GC-ngran-node-or-target-system")
    assert told(world, "PREPARING", "CANCELLED")
    target.nothing()
    stays(world, ue)


def test_when_the_target_admits_no_session_then_it_stays_and_the_target_frees_it(world, ue):
    target = world.gnb()
    world.smf.COMMAND = None
    ue.gnb.send(required(ue, target), 1)
    admit(target, target.next(ngap.HandoverRequest))
    ue.gnb.next(ngap.HandoverPreparationFailure)
    release = target.next(ngap.UEContextReleaseCommand)
    assert release.cause == ("radioNetwork", "handover-cancelled")
    ids = release.ue_ngap_ids[1]
    target.send(ngap.UEContextReleaseComplete(amf_ue_ngap_id=ids.amf_ue_ngap_id, ran_ue_ngap_id=7), 1)
    stays(world, ue)


def test_when_the_target_is_silent_then_it_stays_and_a_late_answer_is_released(world, ue):
    target = world.gnb()
    ue.gnb.send(required(ue, target), 1)
    request = target.next(ngap.HandoverRequest)
    world.run_for(11)
    ue.gnb.next(ngap.HandoverPreparationFailure)
    release = target.next(ngap.UEContextReleaseCommand)
    assert release.ue_ngap_ids == ("aMF-UE-NGAP-ID", request.amf_ue_ngap_id)
    admit(target, request)
    target.send(ngap.UEContextReleaseComplete(amf_ue_ngap_id=request.amf_ue_ngap_id, ran_ue_ngap_id=7), 1)
    stays(world, ue)


def test_when_the_target_is_lost_then_it_stays(world, ue):
    target = world.gnb()
    ue.gnb.send(required(ue, target), 1)
    target.lose()
    ue.gnb.next(ngap.HandoverPreparationFailure)
    stays(world, ue)


# --- not executed ----------
def test_when_the_source_cancels_then_the_target_frees_it_and_the_terminal_stays(world, ue):
    target = world.gnb()
    request, _ = commanded(ue, target)
    ue.gnb.send(ngap.HandoverCancel(**ue.ids(), cause=("radioNetwork", "tngrelocoverall-expiry")), 1)
    ue.gnb.next(ngap.HandoverCancelAcknowledge)
    target.next(ngap.UEContextReleaseCommand)
    assert told(world, "PREPARED", "CANCELLED")
    notify(target, request)  # too late
    target.send(ngap.UEContextReleaseComplete(amf_ue_ngap_id=request.amf_ue_ngap_id, ran_ue_ngap_id=7), 1)
    stays(world, ue)


def test_when_nothing_is_under_way_then_a_cancel_is_acknowledged(world, ue):
    ue.gnb.send(ngap.HandoverCancel(**ue.ids(), cause=CAUSE), 1)
    ue.gnb.next(ngap.HandoverCancelAcknowledge)
    stays(world, ue)


def test_when_the_terminal_never_arrives_then_the_target_frees_it_and_the_source_keeps_it(world, ue):
    target = world.gnb()
    request, _ = commanded(ue, target)
    world.run_for(11)
    target.next(ngap.UEContextReleaseCommand)
    ue.gnb.nothing()
    target.send(ngap.UEContextReleaseComplete(amf_ue_ngap_id=request.amf_ue_ngap_id, ran_ue_ngap_id=7), 1)
    stays(world, ue)


def test_when_the_source_gives_the_terminal_up_then_nothing_is_left(world, ue):
    target = world.gnb()
    commanded(ue, target)
    ue.gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "radio-connection-with-ue-lost")), 1)
    ue.gnb.next(ngap.UEContextReleaseCommand)
    ue.gnb.send(ngap.UEContextReleaseComplete(**ue.ids()), 1)
    target.next(ngap.UEContextReleaseCommand)
    world.run_for(11)
    assert world.baseline()["connections"] == 0
    assert next(world.amf.ues()).cm_state == "CM-IDLE"


def test_when_the_source_is_lost_then_the_target_frees_it(world, ue):
    target = world.gnb()
    commanded(ue, target)
    ue.gnb.lose()
    target.next(ngap.UEContextReleaseCommand)
    world.run_for(11)
    assert world.baseline()["connections"] == 0


def test_when_the_target_releases_it_before_the_arrival_then_the_handover_is_over(world, ue):
    target = world.gnb()
    request, _ = commanded(ue, target)
    ids = {"amf_ue_ngap_id": request.amf_ue_ngap_id, "ran_ue_ngap_id": 7}
    target.send(ngap.UEContextReleaseRequest(**ids, cause=CAUSE), 1)
    target.next(ngap.UEContextReleaseCommand)
    target.send(ngap.UEContextReleaseComplete(**ids), 1)
    stays(world, ue)


# --- hostile ----------
def test_when_another_gnb_answers_for_the_target_then_it_is_told_and_nothing_moves(world, ue):
    source, target, stranger = ue.gnb, world.gnb(), world.gnb()
    source.send(required(ue, target), 1)
    request = target.next(ngap.HandoverRequest)
    admit(stranger, request)
    stranger.next(ngap.ErrorIndication)
    notify(stranger, request)
    stranger.next(ngap.ErrorIndication)
    admit(target, request)
    source.next(ngap.HandoverCommand)


def test_when_the_target_names_a_terminal_it_has_then_that_one_is_not_disturbed(world, ue):
    target = world.gnb()
    other = world.terminal(target, 2)
    other.register()
    other.establish()
    ue.gnb.send(required(ue, target), 1)
    admit(target, target.next(ngap.HandoverRequest), ran_id=other.ran_id)
    target.next(ngap.ErrorIndication)
    ue.gnb.next(ngap.HandoverPreparationFailure)
    target.next(ngap.UEContextReleaseCommand)
    other.establish(2, "ims")


def test_when_the_arrival_comes_before_the_command_then_nothing_moves(world, ue):
    target = world.gnb()
    ue.gnb.send(required(ue, target), 1)
    request = target.next(ngap.HandoverRequest)
    notify(target, request)
    assert next(world.amf.ues()).gnb == "gnb1"
    admit(target, request)
    ue.gnb.next(ngap.HandoverCommand)


def test_when_the_target_asks_for_a_path_switch_meanwhile_then_it_fails(world, ue):
    target = world.gnb()
    commanded(ue, target)
    target.send(path_switch_request(ue, target), 1)
    target.next(ngap.PathSwitchRequestFailure)
