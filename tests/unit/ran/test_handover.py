"""A gNB as source and target of handovers over N2, between a scripted AMF and scripted terminals (TS 38.413 8.4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.rankit import (
    AREA,
    CONFIGURATION,
    GUAMI,
    K_GNB,
    PLMN,
    SLICE,
    UPF,
    Scene,
    ScriptedTerminal,
    guami,
    session_setup,
    setup_transfer,
    slice_,
)

from freehold.codecs import ngap
from freehold.crypto.handover import NextHop, initial_chain
from freehold.ran.configuration import GnbConfiguration, Neighbour
from freehold.ran.cu_cp import mobility
from freehold.ran.cu_cp.xn_values import request_of, session_to_set_up
from freehold.ran.state.machines import Stage
from freehold.spec.errors import Aborted, PeerError, TimerExpired
from freehold.spec.identities import GnbId, Ncgi, Tai
from freehold.stack import rrc_handover
from freehold.stack.ngap_faults import NgapReject
from freehold.stack.ngap_values import nr_cgi, tunnel

TO = Neighbour("gnb-2", GnbId(PLMN, 2, 22), Tai(PLMN, 1), Ncgi(PLMN, 2 << 14 | 1), 2, CONFIGURATION.arfcn)
NH = bytes(range(100, 132))
CAPABILITIES = ngap.UESecurityCapabilities(
    nr_encryption_algorithms=(0b1110 << 12, 16),
    nr_integrity_protection_algorithms=(0b1110 << 12, 16),
    eutra_encryption_algorithms=(0, 16),
    eutra_integrity_protection_algorithms=(0, 16),
)


def source(sessions=(1,)):
    """A terminal with sessions, and a handover of it that was begun."""
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=sessions)
    signal = scene.gnb.hand_over(terminal.connection, TO)
    return scene, terminal, ran_id, signal


def command(ran_id, container=None, sessions=(1,), forwarding=True):
    target = replace_target()
    inner = rrc_handover.handover_command(target) if container is None else container
    transparent = ngap.TargetNGRANNodeToSourceNGRANNodeTransparentContainer(rrc_container=inner)
    where = tunnel(UPF) if forwarding else None
    return ngap.HandoverCommand(
        amf_ue_ngap_id=7,
        ran_ue_ngap_id=ran_id,
        handover_type="intra5gs",
        pdu_session_resource_handover_list=[
            ngap.PDUSessionResourceHandoverItem(
                pdu_session_id=number,
                handover_command_transfer=ngap.HandoverCommandTransfer(dl_forwarding_up_tnl_information=where),
            )
            for number in sessions
        ],
        target_to_source_transparent_container=ngap.encode_value(transparent),
    )


def replace_target(**changes):
    bearers = (rrc_handover.DataBearer(1, 1, (1,)),)
    return replace(rrc_handover.Sync(2, TO.arfcn, 17, 1, 2, 2, bearers), **changes)


def release(ran_id, cause="successful-handover"):
    pair = ngap.UENGAPIDPair(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id)
    return ngap.UEContextReleaseCommand(ue_ngap_ids=("uE-NGAP-ID-pair", pair), cause=("radioNetwork", cause))


# --- source ------------------------------------------------------------------------------------------
def test_when_a_terminal_is_handed_over_then_the_source_tells_all_it_has_and_forwards_until_the_end_marker():
    scene, terminal, ran_id, signal = source((1, 2))
    required = scene.amf.expect(ngap.HandoverRequired)
    assert [item.pdu_session_id for item in required.pdu_session_resource_list_ho_rqd] == [1, 2]
    assert required.target_id[1].global_ran_node_id[1].gnb_id == ("gNB-ID", (2, 22))
    container, faults = ngap.decode_as(
        ngap.SourceNGRANNodeToTargetNGRANNodeTransparentContainer, required.source_to_target_transparent_container
    )
    assert faults == ()
    assert container.target_cell_id == ("nR-CGI", nr_cgi(TO.cell))
    scene.plane.counted[1] = (5, 1 << 18 | 6)
    scene.amf.say(command(ran_id))
    status = scene.amf.expect(ngap.UplinkRANStatusTransfer).ran_status_transfer_transparent_container
    (item,) = status.drbs_subject_to_status_transfer_list
    assert item.drb_id == 1
    assert item.drb_status_ul[1].ul_count_value == ngap.COUNTValueForPDCPSN18(pdcp_sn18=5, hfn_pdcp_sn18=0)
    assert item.drb_status_dl[1].dl_count_value == ngap.COUNTValueForPDCPSN18(pdcp_sn18=6, hfn_pdcp_sn18=1)
    assert rrc_handover.read_sync(terminal.reconfigurations[0]) == replace_target()
    assert scene.plane.forwarded == {1: UPF}
    scene.amf.say(ngap.DownlinkNASTransport(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, nas_pdu=b"late"))
    assert terminal.nas == []
    lost = scene.amf.expect(ngap.NASNonDeliveryIndication)
    assert lost.cause == ("radioNetwork", "ng-intra-system-handover-triggered")
    scene.amf.say(release(ran_id))
    scene.amf.expect(ngap.UEContextReleaseComplete)
    assert signal.result() is None
    assert (scene.gnb.contexts.ues, terminal.releases) == ({}, 0)
    assert set(scene.plane.bearers) == {1}  # its packets are passed on
    scene.plane.end_marker(1)
    assert scene.plane.bearers == {}


def test_when_no_end_marker_comes_then_the_source_forwards_for_a_while_only():
    scene, _, ran_id, _ = source()
    scene.amf.say(command(ran_id))
    scene.amf.say(release(ran_id))
    assert set(scene.plane.bearers) == {1}
    scene.environment.run_for(2)
    assert scene.plane.bearers == {}


def test_when_the_end_marker_comes_before_the_release_then_nothing_lingers():
    scene, _, ran_id, _ = source()
    scene.amf.say(command(ran_id))
    scene.plane.end_marker(1)
    scene.amf.say(release(ran_id))
    assert scene.plane.bearers == {}


def test_when_the_amf_prepares_nothing_then_the_terminal_stays_with_its_cause_told():
    scene, terminal, ran_id, signal = source()
    scene.amf.expect(ngap.HandoverRequired)
    cause = ("radioNetwork", "no-radio-resources-available-in-target-cell")
    scene.amf.say(ngap.HandoverPreparationFailure(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, cause=cause))
    with pytest.raises(NgapReject) as refused:
        signal.result()
    assert refused.value.ngap_cause == cause
    scene.amf.silent()
    assert terminal.reconfigurations == []
    assert scene.gnb.contexts.ues[ran_id].stage is Stage.ESTABLISHED
    assert scene.environment.counts["MM.HoPrepInterFail", cause[1]] == 1


def test_when_the_amf_does_not_answer_then_the_source_cancels_once_tngrelocprep_expires():
    scene, _, ran_id, signal = source()
    scene.amf.expect(ngap.HandoverRequired)
    scene.environment.run_for(16)
    cancel = scene.amf.expect(ngap.HandoverCancel)
    assert cancel.cause == ("radioNetwork", "tngrelocprep-expiry")
    scene.amf.say(ngap.HandoverCancelAcknowledge(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id))
    with pytest.raises(TimerExpired):
        signal.result()
    assert scene.faults() == (0, 0)


def test_when_the_amf_never_releases_then_the_source_asks_for_it_once_tngrelocoverall_expires():
    scene, _, ran_id, signal = source()
    scene.amf.say(command(ran_id))
    scene.amf.sent.clear()
    scene.environment.run_for(21)
    assert scene.amf.expect(ngap.UEContextReleaseRequest).cause == ("radioNetwork", "tngrelocoverall-expiry")
    with pytest.raises(TimerExpired):
        signal.result()


@pytest.mark.parametrize("container", [b"", b"\xff" * 20, rrc_handover.handover_preparation()])
def test_when_the_targets_container_is_none_then_the_handover_is_cancelled_and_the_terminal_hears_nothing(container):
    scene, terminal, ran_id, signal = source()
    scene.amf.expect(ngap.HandoverRequired)
    scene.amf.say(command(ran_id, container))
    scene.amf.expect(ngap.HandoverCancel)
    assert terminal.reconfigurations == []
    with pytest.raises(PeerError):
        signal.result()


def test_when_the_command_names_a_session_that_is_none_then_the_handover_is_cancelled():
    scene, terminal, ran_id, _ = source()
    scene.amf.expect(ngap.HandoverRequired)
    scene.amf.say(command(ran_id, sessions=(1, 9)))
    scene.amf.expect(ngap.HandoverCancel)
    assert terminal.reconfigurations == []


def test_when_the_command_names_another_ue_then_it_is_a_fault_and_the_preparation_goes_on():
    scene, terminal, ran_id, _ = source()
    scene.amf.expect(ngap.HandoverRequired)
    scene.amf.say(replace(command(ran_id), amf_ue_ngap_id=8))
    assert scene.faults()[0] == 1
    assert terminal.reconfigurations == []
    scene.amf.say(command(ran_id))
    assert len(terminal.reconfigurations) == 1


def test_when_the_amf_begins_something_for_a_session_meanwhile_then_the_handover_gives_way():
    scene, _, ran_id, signal = source()
    scene.amf.expect(ngap.HandoverRequired)
    scene.amf.say(release_of(ran_id, 9))
    assert scene.amf.expect(ngap.HandoverCancel).cause == ("radioNetwork", "interaction-with-other-procedure")
    scene.amf.expect(ngap.PDUSessionResourceReleaseResponse)
    with pytest.raises(Aborted):
        signal.result()


def test_when_sessions_change_after_the_terminal_left_then_the_amf_hears_that_it_is_on_its_way():
    # TS 38.413 8.2.1.2, 8.2.2.2, 8.2.3.2: each is answered, and nothing is told to the terminal
    scene, terminal, ran_id, _ = source((1, 2))
    scene.amf.say(command(ran_id, sessions=(1, 2)))
    scene.amf.sent.clear()
    cause = ("radioNetwork", "ng-intra-system-handover-triggered")
    terminal.added.clear()

    scene.amf.say(session_setup(7, ran_id, (3, setup_transfer())))
    answer = scene.amf.expect(ngap.PDUSessionResourceSetupResponse)
    assert answer.pdu_session_resource_setup_list_su_res is None
    (failed,) = answer.pdu_session_resource_failed_to_setup_list_su_res
    assert failed.pdu_session_resource_setup_unsuccessful_transfer.cause == cause

    change = ngap.PDUSessionResourceModifyItemModReq(
        pdu_session_id=2, pdu_session_resource_modify_request_transfer=ngap.PDUSessionResourceModifyRequestTransfer()
    )
    scene.amf.say(
        ngap.PDUSessionResourceModifyRequest(
            amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, pdu_session_resource_modify_list_mod_req=[change]
        )
    )
    answer = scene.amf.expect(ngap.PDUSessionResourceModifyResponse)
    (failed,) = answer.pdu_session_resource_failed_to_modify_list_mod_res
    assert failed.pdu_session_resource_modify_unsuccessful_transfer.cause == cause

    scene.amf.say(release_of(ran_id, 1, nas=b"released"))
    assert scene.amf.expect(ngap.NASNonDeliveryIndication).cause == cause
    answer = scene.amf.expect(ngap.PDUSessionResourceReleaseResponse)
    assert [item.pdu_session_id for item in answer.pdu_session_resource_released_list_rel_res] == [1]
    assert set(scene.gnb.contexts.ues[ran_id].sessions) == {2}
    assert (terminal.added, terminal.removed, terminal.nas, scene.faults()) == ([], [], [], (0, 0))


def release_of(ran_id, number, nas=None):
    item = ngap.PDUSessionResourceToReleaseItemRelCmd(
        pdu_session_id=number,
        pdu_session_resource_release_command_transfer=ngap.PDUSessionResourceReleaseCommandTransfer(
            cause=("nas", "normal-release")
        ),
    )
    return ngap.PDUSessionResourceReleaseCommand(
        amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, nas_pdu=nas, pdu_session_resource_to_release_list_rel_cmd=[item]
    )


def test_when_a_handover_runs_then_a_second_one_is_not_begun():
    scene, terminal, _, _ = source()
    scene.amf.expect(ngap.HandoverRequired)
    again = scene.gnb.hand_over(terminal.connection, TO)
    with pytest.raises(Aborted):
        again.result()
    scene.amf.silent()


def test_when_nothing_is_forwarded_then_the_source_keeps_no_bearer():
    scene, _, ran_id, _ = source()
    scene.amf.say(command(ran_id, forwarding=False))
    assert scene.plane.forwarded == {}
    scene.amf.say(release(ran_id))
    assert scene.plane.bearers == {}


# --- target ------------------------------------------------------------------------------------------
def request(amf_id=70, sessions=(1,), cell=None, capabilities=CAPABILITIES, offered=SLICE, ncc=3, rekeyed=None):
    proposed = ngap.QosFlowInformationItem(qos_flow_identifier=1, dl_forwarding="dl-forwarding-proposed")
    container = ngap.SourceNGRANNodeToTargetNGRANNodeTransparentContainer(
        rrc_container=rrc_handover.handover_preparation(),
        pdu_session_resource_information_list=[
            ngap.PDUSessionResourceInformationItem(pdu_session_id=number, qos_flow_information_list=[proposed])
            for number in sessions
        ],
        target_cell_id=("nR-CGI", nr_cgi(cell or CONFIGURATION.cell)),
        ue_history_information=[
            ngap.LastVisitedCellItem(
                last_visited_cell_information=(
                    "nGRANCell",
                    ngap.LastVisitedNGRANCellInformation(
                        global_cell_id=("nR-CGI", nr_cgi(TO.cell)),
                        cell_type=ngap.CellType(cell_size="small"),
                        time_ue_stayed_in_cell=1,
                    ),
                )
            )
        ],
    )
    return ngap.HandoverRequest(
        amf_ue_ngap_id=amf_id,
        handover_type="intra5gs",
        cause=("radioNetwork", "handover-desirable-for-radio-reason"),
        ue_aggregate_maximum_bit_rate=ngap.UEAggregateMaximumBitRate(
            ue_aggregate_maximum_bit_rate_dl=1, ue_aggregate_maximum_bit_rate_ul=1
        ),
        ue_security_capabilities=capabilities,
        security_context=ngap.SecurityContext(
            next_hop_chaining_count=ncc, next_hop_nh=(int.from_bytes(NH, "big"), 256)
        ),
        new_security_context_ind=rekeyed,
        pdu_session_resource_setup_list_ho_req=[
            ngap.PDUSessionResourceSetupItemHOReq(
                pdu_session_id=number, s_nssai=slice_(offered), handover_request_transfer=setup_transfer()
            )
            for number in sessions
        ],
        allowed_nssai=[ngap.AllowedNSSAIItem(s_nssai=slice_(SLICE))],
        source_to_target_transparent_container=ngap.encode_value(container),
        guami=guami(GUAMI),
    )


def prepared(scene, **asked):
    """What a target answered, and the reconfiguration it made."""
    scene.amf.say(request(**asked))
    answer = scene.amf.expect(ngap.HandoverRequestAcknowledge)
    container, _ = ngap.decode_as(
        ngap.TargetNGRANNodeToSourceNGRANNodeTransparentContainer, answer.target_to_source_transparent_container
    )
    return answer, rrc_handover.read_sync(rrc_handover.reconfiguration(container.rrc_container))


def key_of(ncc=3):
    """KgNB* of the NH for the target's cell (TS 33.501 A.11)."""
    chain = initial_chain(NH).vertical(NextHop(ncc, NH), CONFIGURATION.pci, CONFIGURATION.arfcn)
    return chain.kgnb


def arrive(scene, sync, key=None):
    terminal = ScriptedTerminal()
    complete = rrc_handover.protect(key or key_of(), sync.integrity, rrc_handover.reconfiguration_complete())
    terminal.connection = scene.gnb.synchronise(terminal, sync.c_rnti, complete)
    return terminal


def test_when_a_terminal_comes_with_the_key_of_its_ncc_then_the_amf_is_told_and_its_bearers_are_there():
    scene = Scene()
    answer, sync = prepared(scene)
    assert (sync.ncc, sync.pci, sync.arfcn) == (3, CONFIGURATION.pci, CONFIGURATION.arfcn)
    (admitted,) = answer.pdu_session_resource_admitted_list
    made = admitted.handover_request_acknowledge_transfer
    assert made.dl_forwarding_up_tnl_information is not None
    assert made.qos_flow_setup_response_list[0].data_forwarding_accepted == "data-forwarding-accepted"
    terminal = arrive(scene, sync)
    assert [bearer.pdu_session_id for bearer in terminal.added] == [1]
    notify = scene.amf.expect(ngap.HandoverNotify)
    assert (notify.amf_ue_ngap_id, notify.ran_ue_ngap_id) == (70, answer.ran_ue_ngap_id)
    assert scene.gnb.contexts.ues[answer.ran_ue_ngap_id].stage is Stage.ESTABLISHED
    terminal.connection.uplink_nas(b"up")
    scene.amf.expect(ngap.UplinkNASTransport)
    scene.plane.end_marker(1)
    assert scene.plane.ended == [1]
    assert scene.gnb.contexts.ending == {}


@pytest.mark.parametrize(("rekeyed", "ncc"), [("true", 0), (None, 0), (None, 3)])
def test_when_the_amf_says_that_its_context_is_new_then_the_terminal_is_told_to_derive_from_kamf(rekeyed, ncc):
    scene = Scene()
    answer, sync = prepared(scene, ncc=ncc, rekeyed=rekeyed)  # TS 33.501 6.9.2.3.3
    assert (sync.key_set_change, sync.ncc) == (rekeyed == "true", ncc)
    assert arrive(scene, sync, key_of(ncc)).connection is not None
    assert not scene.gnb.contexts.ues[answer.ran_ue_ngap_id].security.key_set_change


@pytest.mark.parametrize("early", [True, False], ids=["before the release", "after it"])
def test_when_a_terminal_goes_on_before_its_old_path_ended_then_its_packets_follow_until_both_ended(early):
    # TS 38.300 9.2.3.2.3: two end markers come, the first one is of the path before
    scene = Scene()
    answer, sync = prepared(scene)
    terminal, ran_id = arrive(scene, sync), answer.ran_ue_ngap_id
    scene.amf.expect(ngap.HandoverNotify)
    scene.gnb.hand_over(terminal.connection, TO)
    scene.amf.expect(ngap.HandoverRequired)
    scene.amf.say(replace(command(ran_id), amf_ue_ngap_id=70))
    scene.environment.run_for(2)
    assert scene.plane.ended == []  # what is forwarded is not cut off by the supervision of its arrival
    if early:
        scene.plane.end_marker(1)
    pair = ngap.UENGAPIDPair(amf_ue_ngap_id=70, ran_ue_ngap_id=ran_id)
    scene.amf.say(replace(release(ran_id), ue_ngap_ids=("uE-NGAP-ID-pair", pair)))
    assert scene.gnb.contexts.ues == {}
    if not early:
        scene.plane.end_marker(1)
    assert set(scene.plane.bearers) == {1}
    scene.plane.end_marker(1)
    assert scene.plane.bearers == {}
    assert not scene.gnb.contexts.ending
    assert not scene.gnb.contexts.chained


def test_when_the_old_path_is_silent_then_the_target_goes_on_without_its_end_marker():
    scene = Scene()
    _, sync = prepared(scene)
    arrive(scene, sync)
    scene.environment.run_for(2)
    assert scene.plane.ended == [1]


def test_when_counts_are_told_then_the_bearers_go_on_from_them():
    scene = Scene()
    answer, _ = prepared(scene)
    count = ngap.COUNTValueForPDCPSN18(pdcp_sn18=6, hfn_pdcp_sn18=1)
    scene.amf.say(status(answer, count))
    assert scene.plane.counted == {1: (1 << 18 | 6, 1 << 18 | 6)}
    twelve = ngap.DRBStatusDL12(dl_count_value=ngap.COUNTValueForPDCPSN12(pdcp_sn12=1, hfn_pdcp_sn12=1))
    scene.amf.say(status(answer, count, ("dRBStatusDL12", twelve)))
    assert scene.faults()[0] == 1
    assert scene.plane.counted == {1: (1 << 18 | 6, 1 << 18 | 6)}


def status(answer, count, downlink=None):
    item = ngap.DRBsSubjectToStatusTransferItem(
        drb_id=1,
        drb_status_ul=("dRBStatusUL18", ngap.DRBStatusUL18(ul_count_value=count)),
        drb_status_dl=downlink or ("dRBStatusDL18", ngap.DRBStatusDL18(dl_count_value=count)),
    )
    return ngap.DownlinkRANStatusTransfer(
        amf_ue_ngap_id=70,
        ran_ue_ngap_id=answer.ran_ue_ngap_id,
        ran_status_transfer_transparent_container=ngap.RANStatusTransferTransparentContainer(
            drbs_subject_to_status_transfer_list=[item]
        ),
    )


def test_when_the_terminal_has_another_key_then_it_is_not_taken_and_the_amf_hears_of_nobody():
    scene = Scene()
    _, sync = prepared(scene)
    for key in (bytes(32), K_GNB, NH):
        assert arrive(scene, sync, key).connection is None
    assert arrive(scene, replace(sync, c_rnti=sync.c_rnti + 1)).connection is None
    scene.amf.silent()
    assert scene.environment.counts["gnb.handover_arrival_fail", "MAC-I"] == 3
    assert scene.environment.counts["gnb.handover_arrival_fail", "unknown C-RNTI"] == 1
    assert arrive(scene, sync).connection is not None


def test_when_the_terminal_never_comes_then_its_release_is_asked_for():
    scene = Scene()
    answer, _ = prepared(scene)
    scene.environment.run_for(21)
    assert scene.amf.expect(ngap.UEContextReleaseRequest).ran_ue_ngap_id == answer.ran_ue_ngap_id
    pair = ngap.UENGAPIDPair(amf_ue_ngap_id=70, ran_ue_ngap_id=answer.ran_ue_ngap_id)
    scene.amf.say(
        ngap.UEContextReleaseCommand(ue_ngap_ids=("uE-NGAP-ID-pair", pair), cause=("radioNetwork", "unspecified"))
    )
    assert (scene.gnb.contexts.ues, scene.gnb.contexts.expected, scene.plane.bearers) == ({}, {}, {})


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ({"cell": TO.cell}, ("radioNetwork", "cell-not-available")),
        ({"offered": replace(SLICE, sst=9)}, ("radioNetwork", "slice-not-supported")),
        (
            {"capabilities": replace(CAPABILITIES, nr_integrity_protection_algorithms=(0, 16))},
            ("radioNetwork", "encryption-and-or-integrity-protection-algorithms-not-supported"),
        ),
    ],
)
def test_when_a_terminal_cannot_be_taken_then_the_cause_says_why_and_nothing_stays(asked, cause):
    scene = Scene()
    scene.amf.say(request(**asked))
    failure = scene.amf.expect(ngap.HandoverFailure)
    assert (failure.amf_ue_ngap_id, failure.cause) == (70, cause)
    assert (scene.gnb.contexts.ues, scene.gnb.contexts.expected, scene.plane.bearers) == ({}, {}, {})
    assert scene.link.by_amf_id == {}


def test_when_a_request_comes_twice_under_one_identity_then_the_second_is_a_fault():
    scene = Scene()
    prepared(scene)
    scene.amf.say(request())
    scene.amf.expect(ngap.ErrorIndication)
    assert len(scene.gnb.contexts.ues) == 1


def test_when_the_association_goes_then_nothing_that_was_prepared_stays():
    scene = Scene()
    _, sync = prepared(scene)
    scene.amf.lose()
    assert (scene.gnb.contexts.ues, scene.gnb.contexts.expected, scene.plane.bearers) == ({}, {}, {})
    assert arrive(scene, sync).connection is None


# --- values ------------------------------------------------------------------------------------------
def test_when_a_count_is_taken_apart_then_it_can_be_joined_again():
    for count in (0, 1, (1 << 18) - 1, 1 << 18, (1 << 32) - 1):
        assert mobility.joined(*mobility.parts(count)) == count


def test_when_a_physical_cell_is_set_then_it_is_the_one_and_else_of_the_identity():
    assert GnbConfiguration(GnbId(PLMN, 1010, 32), (AREA,)).pci == 2
    assert GnbConfiguration(GnbId(PLMN, 1010, 32), (AREA,), physical_cell=7).neighbour.pci == 7


def test_when_a_session_goes_over_xn_then_the_target_is_asked_for_the_same():
    scene, _, ran_id, _ = source()
    session = scene.gnb.contexts.ues[ran_id].sessions[1]
    assert request_of(session_to_set_up(session, session.downlink)) == session.request


def test_when_rrc_is_something_else_then_a_terminal_follows_nothing():
    for octets in (b"", b"\x00", b"\xff" * 30, rrc_handover.reconfiguration_complete()):
        with pytest.raises(PeerError):
            rrc_handover.read_sync(octets)
