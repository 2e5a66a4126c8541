"""A hostile gNB at the far end of Xn: the answer of TS 38.423 10, one counted event, and nobody else notices."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from asn1kit.pdu import Ie, take_apart
from freehold.codecs import ngap, xnap
from freehold.ran.state.machines import Stage
from rankit import Scene, downlink
from rankit.xn import ELSEWHERE, OtherGnb, handover_request

SOURCE = 73
"""The IE id of Source NG-RAN node UE XnAP ID (TS 38.423 9.3.7)."""
CAUSE = ("radioNetwork", "unspecified")


class Stand:
    """A gNB with a bystander, and another gNB that misbehaves."""

    def __init__(self, timers=None, **of_peer):
        self.scene = Scene(timers=timers)
        self.bystander, self.bystander_id = self.scene.established(500, sessions=(9,))
        self.peer = OtherGnb(self.scene, **of_peer)
        self.before = self.peer.faults()[0]

    def check(self, faults=1, ues=1):
        """So many faults, each counted and told once; the bystander goes on, and nothing else is there."""
        counted, told = self.peer.faults()
        assert (counted - self.before, told - self.before) == (faults, faults)
        assert not self.scene.environment.emitted("bug")
        self.peer.silent()
        self.scene.amf.silent()
        self.scene.amf.say(downlink(500, self.bystander_id, b"still here"))
        assert (self.bystander.nas, self.bystander.releases) == ([b"still here"], 0)
        assert len(self.scene.gnb.contexts.ues) == ues

    def indicated(self, *cause, **identities):
        """ERROR INDICATION with a cause, and the identities of the UE it is about."""
        said = self.peer.expect(xnap.ErrorIndication)
        assert said.cause == cause
        assert (said.old_ng_ran_node_ue_xnap_id, said.new_ng_ran_node_ue_xnap_id) == (
            identities.get("old"),
            identities.get("new"),
        )
        return said.criticality_diagnostics


@pytest.fixture
def stand():
    return Stand()


def with_ies(message, change):
    pdu = take_apart(xnap.encode(message))
    return pdu.with_ies(change([*pdu.ies]))


# --- octets (TS 38.413 10.2, 10.3) -----------------------------------------------------------------------
@pytest.mark.parametrize("octets", [b"", b"\0", b"\xff" * 40, b"\x20\x11\x00\x7f"])
def test_when_octets_are_no_pdu_then_a_transfer_syntax_error_is_indicated(stand, octets):
    stand.peer.shout(octets)
    assert stand.indicated("protocol", "transfer-syntax-error") is None
    stand.check()


def test_when_a_procedure_is_unknown_then_its_criticality_says_the_answer(stand):
    for criticality, cause in ((0, "abstract-syntax-error-reject"), (0x80, "abstract-syntax-error-ignore-and-notify")):
        stand.peer.shout(bytes([0, 200, criticality, 3, 0, 0, 0]))
        notes = stand.indicated("protocol", cause)
        assert (notes.procedure_code, notes.triggering_message) == (200, "initiating-message")
    stand.check(faults=2)


def test_when_an_unknown_procedure_is_to_be_ignored_then_nothing_is_said(stand):
    stand.peer.shout(bytes([0, 200, 0x40, 3, 0, 0, 0]))
    stand.check()


@pytest.mark.parametrize("criticality", ["reject", "notify"])
def test_when_an_element_is_unknown_then_its_criticality_is_heeded(stand, criticality):
    request = handover_request(stand.scene.gnb)
    stand.peer.shout(with_ies(request, lambda ies: [*ies, Ie(9999, criticality, b"\0")]))
    if criticality == "reject":
        said = stand.peer.expect(xnap.HandoverPreparationFailure)
        assert said.cause == ("protocol", "abstract-syntax-error-reject")
        assert said.source_ng_ran_node_ue_xnap_id == request.source_ng_ran_node_ue_xnap_id
        (item,) = said.criticality_diagnostics.ies_criticality_diagnostics
        assert (item.ie_id, item.ie_criticality, item.type_of_error) == (9999, "reject", "not-understood")
        stand.check()
    else:
        stand.peer.expect(xnap.HandoverRequestAcknowledge)
        notes = stand.indicated(
            "protocol", "abstract-syntax-error-ignore-and-notify", old=request.source_ng_ran_node_ue_xnap_id
        )
        assert [item.ie_id for item in notes.ies_criticality_diagnostics] == [9999]
        stand.check(ues=2)


def test_when_an_element_that_may_be_ignored_is_unknown_then_it_is(stand):
    stand.peer.shout(with_ies(handover_request(stand.scene.gnb), lambda ies: [*ies, Ie(9999, "ignore", b"\0")]))
    stand.peer.expect(xnap.HandoverRequestAcknowledge)
    stand.check(faults=0, ues=2)


def test_when_mandatory_elements_are_missing_then_the_preparation_fails_with_each_of_them(stand):
    request = handover_request(stand.scene.gnb)
    missing = [ie.id for ie in take_apart(xnap.encode(request)).ies if ie.criticality == "reject" and ie.id != SOURCE]
    stand.peer.shout(with_ies(request, lambda ies: [ie for ie in ies if ie.id not in missing]))
    said = stand.peer.expect(xnap.HandoverPreparationFailure)
    items = said.criticality_diagnostics.ies_criticality_diagnostics
    assert {(item.ie_id, item.type_of_error) for item in items} == {(each, "missing") for each in missing}
    stand.check()


def test_when_the_identity_of_the_source_is_missing_then_an_error_is_indicated_instead(stand):
    request = handover_request(stand.scene.gnb)
    stand.peer.shout(with_ies(request, lambda ies: [ie for ie in ies if ie.id != SOURCE]))
    notes = stand.indicated("protocol", "abstract-syntax-error-reject")
    assert [item.ie_id for item in notes.ies_criticality_diagnostics] == [SOURCE]
    stand.check()


@pytest.mark.parametrize("change", ["twice", "in another order"])
def test_when_elements_come_twice_or_in_another_order_then_the_message_is_falsely_constructed(stand, change):
    request = handover_request(stand.scene.gnb)
    stand.peer.shout(with_ies(request, lambda ies: [ies[0], *ies] if change == "twice" else ies[::-1]))
    said = stand.peer.expect(xnap.HandoverPreparationFailure)
    assert said.cause == ("protocol", "abstract-syntax-error-falsely-constructed-message")
    stand.check()


def test_when_a_setup_lacks_everything_then_it_fails(stand):
    stand.peer.shout(with_ies(stand.peer.setup_request(), lambda _: []))
    said = stand.peer.expect(xnap.XnSetupFailure)
    assert said.cause == ("protocol", "abstract-syntax-error-reject")
    stand.check()


def test_when_an_answer_is_faulty_then_no_message_answers_it(stand):
    response = xnap.HandoverPreparationFailure(source_ng_ran_node_ue_xnap_id=1, cause=CAUSE)
    stand.peer.shout(with_ies(response, lambda _: []))
    stand.check()


# --- the other gNB out of turn (TS 38.423 8.4.1, 10.4, 10.6) ---------------------------------------------
def test_when_anything_comes_before_the_setup_then_it_does_not_fit_the_state():
    stand = Stand(set_up=False)
    request = handover_request(stand.scene.gnb)
    stand.peer.say(request)
    cause = "protocol", "message-not-compatible-with-receiver-state"
    stand.indicated(*cause, old=request.source_ng_ran_node_ue_xnap_id)
    stand.check()


def test_when_xn_is_set_up_twice_then_what_was_prepared_is_gone_and_xn_goes_on(stand):
    request = handover_request(stand.scene.gnb)
    stand.peer.say(request)
    stand.peer.expect(xnap.HandoverRequestAcknowledge)
    stand.peer.say(stand.peer.setup_request())
    stand.peer.expect(xnap.XnSetupResponse)
    assert len(stand.scene.gnb.contexts.ues) == 1
    stand.peer.say(request)
    stand.peer.expect(xnap.HandoverRequestAcknowledge)
    stand.check(faults=0, ues=2)


@pytest.mark.parametrize("number", [0, 1, 77, 0xFFFFFFFF])
def test_when_identities_are_of_no_ue_then_the_other_gnb_hears_that(stand, number):
    unknown = "radioNetwork", "unknown-local-NG-RAN-node-UE-XnAP-ID"
    ids = {"source_ng_ran_node_ue_xnap_id": number, "target_ng_ran_node_ue_xnap_id": number}
    stand.peer.say(xnap.SNStatusTransfer(**ids, drbs_subject_to_status_transfer_list=[status()]))
    stand.indicated(*unknown, old=number, new=number)
    stand.peer.say(xnap.UEContextRelease(**ids))
    stand.indicated(*unknown, old=number, new=number)
    stand.peer.say(xnap.HandoverPreparationFailure(source_ng_ran_node_ue_xnap_id=number, cause=CAUSE))
    stand.peer.say(xnap.HandoverCancel(source_ng_ran_node_ue_xnap_id=number, cause=CAUSE))  # 8.2.3.3: ignored
    stand.check(faults=3)


def status():
    empty = xnap.COUNTPDCPSN18(pdcp_sn18=0, hfn_pdcp_sn18=0)
    return xnap.DRBsSubjectToStatusTransferItem(
        drb_id=1,
        pdcp_status_transfer_ul=("pdcp-sn-18bits", xnap.DRBBStatusTransfer18bitsSN(count_value=empty)),
        pdcp_status_transfer_dl=("pdcp-sn-18bits", xnap.DRBBStatusTransfer18bitsSN(count_value=empty)),
    )


def test_when_the_ue_is_of_another_gnb_then_a_stranger_neither_cancels_nor_releases_nor_counts_it(stand):
    request = handover_request(stand.scene.gnb)
    stand.peer.say(request)
    named = stand.peer.expect(xnap.HandoverRequestAcknowledge).target_ng_ran_node_ue_xnap_id
    stranger = OtherGnb(stand.scene)
    source = request.source_ng_ran_node_ue_xnap_id
    ids = {"source_ng_ran_node_ue_xnap_id": source, "target_ng_ran_node_ue_xnap_id": named}
    stranger.say(xnap.HandoverCancel(**ids, cause=CAUSE))
    stranger.say(xnap.SNStatusTransfer(**ids, drbs_subject_to_status_transfer_list=[status()]))
    stranger.expect(xnap.ErrorIndication)
    stranger.say(xnap.UEContextRelease(**ids))
    stranger.expect(xnap.ErrorIndication)
    assert stand.scene.gnb.contexts.ues[named].stage is Stage.ARRIVING
    stand.peer.say(xnap.HandoverCancel(source_ng_ran_node_ue_xnap_id=source, cause=CAUSE))
    stand.check(faults=2)


def test_when_the_release_comes_before_the_handover_then_the_terminal_stays(stand):
    terminal, ran_id = stand.scene.established(7, sessions=(1,))
    stand.scene.gnb.hand_over(terminal.connection, ELSEWHERE.neighbour, stand.peer.link)
    stand.peer.expect(xnap.HandoverRequest)
    ids = {"source_ng_ran_node_ue_xnap_id": ran_id, "target_ng_ran_node_ue_xnap_id": 1}
    stand.peer.say(xnap.UEContextRelease(**ids))
    stand.indicated("protocol", "message-not-compatible-with-receiver-state", old=ran_id, new=1)
    assert terminal.releases == 0
    stand.check(ues=2)


def test_when_the_acknowledge_brings_nonsense_then_the_handover_is_cancelled_and_the_terminal_hears_nothing(stand):
    terminal, ran_id = stand.scene.established(7, sessions=(1,))
    stand.scene.gnb.hand_over(terminal.connection, ELSEWHERE.neighbour, stand.peer.link)
    stand.peer.expect(xnap.HandoverRequest)
    info = xnap.PDUSessionResourceAdmittedInfo(qos_flows_admitted_list=[xnap.QoSFlowsAdmittedItem(qfi=1)])
    stand.peer.say(
        xnap.HandoverRequestAcknowledge(
            source_ng_ran_node_ue_xnap_id=ran_id,
            target_ng_ran_node_ue_xnap_id=1,
            pdu_session_resources_admitted_list=[
                xnap.PDUSessionResourcesAdmittedItem(pdu_session_id=1, pdu_session_resource_admitted_info=info)
            ],
            target2_source_ng_ran_node_transp_container=b"nonsense",
        )
    )
    assert stand.peer.expect(xnap.HandoverCancel).cause == ("protocol", "semantic-error")
    assert (terminal.reconfigurations, terminal.releases) == ([], 0)
    stand.check(faults=0, ues=2)


def test_when_another_cell_is_asked_for_then_its_key_is_of_no_use_here(stand):
    request = handover_request(stand.scene.gnb)
    cell = replace(request.target_cell_global_id[1], nr_ci=(0xABCDEF, 36))
    stand.peer.say(replace(request, target_cell_global_id=("nr", cell)))
    said = stand.peer.expect(xnap.HandoverPreparationFailure)
    assert said.cause == ("radioNetwork", "cell-not-available")
    stand.check(faults=0)


@pytest.mark.parametrize("number", [0, 16, 33, 255])
def test_when_a_session_has_a_reserved_identity_then_it_is_not_taken(stand, number):
    # TS 24.007 11.2.3.1b; TS 38.331 6.3.2 has no bearer of that number either
    request = handover_request(stand.scene.gnb)
    context = request.ue_context_info_ho_request
    (session,) = context.pdu_session_resources_to_be_setup_list
    sessions = [replace(session, pdu_session_id=number)]
    context = replace(context, pdu_session_resources_to_be_setup_list=sessions)
    stand.peer.say(replace(request, ue_context_info_ho_request=context))
    said = stand.peer.expect(xnap.HandoverPreparationFailure)
    assert said.cause == ("radioNetwork", "unknown-PDU-session-ID")
    stand.check(faults=0)


def test_when_the_keys_are_of_nobody_then_nobody_comes_and_no_path_is_switched():
    stand = Stand(timers={"TXnRELOCoverall": 5})
    request = handover_request(stand.scene.gnb)
    context = request.ue_context_info_ho_request
    foreign = replace(context.security_information, key_ng_ran_star=(0, 256))
    stand.peer.say(replace(request, ue_context_info_ho_request=replace(context, security_information=foreign)))
    named = stand.peer.expect(xnap.HandoverRequestAcknowledge).target_ng_ran_node_ue_xnap_id
    stand.scene.environment.run_for(6)
    assert named not in stand.scene.gnb.contexts.ues
    stand.check(faults=0)


def test_when_a_procedure_is_not_served_then_its_criticality_says_the_answer(stand):
    stand.peer.say(
        xnap.ResetRequest(reset_request_type_info=("fullReset", xnap.ResetRequestTypeInfoFull()), cause=CAUSE)
    )
    stand.indicated("protocol", "abstract-syntax-error-reject")
    stand.check()


def test_when_the_other_gnb_indicates_an_error_then_it_is_told_and_never_answered(stand):
    for message in (xnap.ErrorIndication(cause=CAUSE), xnap.ErrorIndication(), xnap.ErrorIndication(cause=None)):
        stand.peer.say(message)
    stand.check(faults=3)


def test_when_an_answer_comes_that_nobody_waits_for_then_it_is_counted_and_not_answered(stand):
    stand.peer.say(xnap.XnSetupFailure(cause=CAUSE))
    stand.check()


def test_when_the_amf_of_the_request_is_unknown_then_the_preparation_fails(stand):
    request = handover_request(stand.scene.gnb)
    stand.peer.say(replace(request, guami=replace(request.guami, amf_pointer=(9, 6))))
    assert stand.peer.expect(xnap.HandoverPreparationFailure).cause == ("radioNetwork", "unknown-GUAMI-ID")
    stand.check(faults=0)


def test_when_the_peer_goes_away_then_what_it_prepared_goes_too(stand):
    stand.peer.say(handover_request(stand.scene.gnb))
    stand.peer.expect(xnap.HandoverRequestAcknowledge)
    stand.peer.user.lost("reset")
    assert ngap.UEContextReleaseRequest not in {type(message) for message, *_ in stand.scene.amf.sent}
    stand.check(faults=0)
