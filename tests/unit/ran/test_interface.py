"""Paging, reset, error indication, overload (TS 38.413 8.5.1, 8.7.4 to 8.7.8)."""

from __future__ import annotations

import pytest

from freehold.codecs import ngap
from freehold.spec.identities import Guami, PlmnId, STmsi, Tai
from freehold.stack.ngap_values import guami
from rankit import GUAMI, PLMN, TMSI, Scene, ScriptedAmf, ScriptedTerminal, downlink, paging


# --- paging -----------------------------------------------------------------------------------
def test_when_a_camped_terminal_is_paged_then_it_hears_it():
    scene = Scene()
    terminal, other = ScriptedTerminal(), ScriptedTerminal()
    scene.gnb.camp(terminal, TMSI)
    scene.gnb.camp(other, STmsi(1, 0, 1))
    scene.amf.say(paging())
    assert (terminal.pages, other.pages) == (1, 0)


def test_when_paging_is_for_another_area_then_nobody_hears_it():
    scene = Scene()
    terminal = ScriptedTerminal()
    scene.gnb.camp(terminal, TMSI)
    scene.amf.say(paging(area=Tai(PlmnId("999", "70"), 2)))
    assert terminal.pages == 0


def test_when_a_terminal_leaves_or_changes_its_identity_then_only_the_new_one_is_heard():
    scene = Scene()
    terminal = ScriptedTerminal()
    scene.gnb.camp(terminal, TMSI)
    scene.gnb.camp(terminal, STmsi(1, 0, 2))
    scene.amf.say(paging())
    assert terminal.pages == 0
    scene.amf.say(paging(STmsi(1, 0, 2)))
    assert terminal.pages == 1
    scene.gnb.camp(terminal, None)
    scene.amf.say(paging(STmsi(1, 0, 2)))
    assert terminal.pages == 1
    assert (scene.gnb.contexts.camped, scene.gnb.contexts.terminals) == ({}, {})


def test_when_an_identity_moves_to_another_terminal_then_the_first_one_leaving_changes_nothing():
    scene = Scene()
    first, second = ScriptedTerminal(), ScriptedTerminal()
    scene.gnb.camp(first, TMSI)
    scene.gnb.camp(second, TMSI)
    scene.gnb.camp(first, None)
    scene.amf.say(paging())
    assert (first.pages, second.pages) == (0, 1)


# --- questions --------------------------------------------------------------------------------
def ask(ran_id, event="direct"):
    kind = ngap.LocationReportingRequestType(event_type=event, report_area="cell")
    return ngap.LocationReportingControl(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, location_reporting_request_type=kind)


def test_when_the_amf_asks_where_a_terminal_is_then_the_cell_is_told():
    scene = Scene()
    _, ran_id = scene.established(7)
    scene.amf.say(ask(ran_id))
    report = scene.amf.expect(ngap.LocationReport)
    assert report.user_location_information == scene.gnb.location
    assert report.location_reporting_request_type.event_type == "direct"
    scene.amf.say(ask(ran_id, "change-of-serve-cell"))
    scene.amf.silent()


def test_when_the_amf_asks_for_voice_over_ims_then_it_is_not_supported():
    scene = Scene()
    _, ran_id = scene.established(7)
    scene.amf.say(ngap.UERadioCapabilityCheckRequest(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id))
    assert scene.amf.expect(ngap.UERadioCapabilityCheckResponse).ims_voice_support_indicator == "not-supported"


def test_when_the_amf_gives_a_guami_up_then_terminals_that_know_it_go_to_another():
    scene = Scene(capacity=255)
    second = ScriptedAmf(scene.environment, guamis=(Guami(PLMN, 2, 9, 4),), name="second", capacity=255)
    scene.gnb.add_amf("second.example", second.connect)
    terminal, ran_id = scene.established(7)
    gone = [ngap.UnavailableGUAMIItem(guami=guami(GUAMI))]
    scene.amf.say(ngap.AMFStatusIndication(unavailable_guami_list=gone), stream=0)
    for _ in range(2):
        scene.terminal(registered_amf=GUAMI)
    assert len(second.sent) >= 1
    scene.amf.say(downlink(7, ran_id))
    assert (terminal.nas, terminal.releases) == ([b"down"], 0)
    assert "serves no longer as 999/70 02/001/00" in scene.environment.emitted("amf-status")[0].text


# --- reset ------------------------------------------------------------------------------------
def test_when_the_amf_resets_the_interface_then_all_its_terminals_are_released_and_no_other():
    scene = Scene()
    terminals = [scene.established(number, sessions=(1,))[0] for number in (1, 2)]
    second = ScriptedAmf(scene.environment, name="second")
    scene.gnb.add_amf("second.example", second.connect)
    other = scene.terminal()
    second.expect(ngap.InitialUEMessage)
    scene.amf.say(ngap.NGReset(cause=("misc", "om-intervention"), reset_type=("nG-Interface", "reset-all")), 0)
    acknowledge = scene.amf.expect(ngap.NGResetAcknowledge)
    assert acknowledge.ue_associated_logical_ng_connection_list is None
    assert [terminal.releases for terminal in terminals] == [1, 1]
    assert (other.releases, scene.plane.bearers, len(scene.gnb.contexts.ues)) == (0, {}, 1)
    assert scene.terminal().connection is not None


def test_when_the_amf_resets_some_terminals_then_the_acknowledgement_lists_them_as_they_came():
    scene = Scene()
    (first, first_id), (second, _), (third, third_id) = (scene.established(number) for number in (1, 2, 3))
    items = [
        ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=99),
        ngap.UEAssociatedLogicalNGConnectionItem(ran_ue_ngap_id=first_id),
        ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=2),
        ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=2, ran_ue_ngap_id=third_id),
        ngap.UEAssociatedLogicalNGConnectionItem(),
    ]
    scene.amf.say(ngap.NGReset(cause=("misc", "unspecified"), reset_type=("partOfNG-Interface", items)))
    assert scene.amf.expect(ngap.NGResetAcknowledge).ue_associated_logical_ng_connection_list == items
    assert [terminal.releases for terminal in (first, second, third)] == [1, 1, 0]


def test_when_the_gnb_resets_then_its_terminals_go_and_the_amf_is_told():
    scene = Scene()
    terminal, _ = scene.established()
    scene.gnb.reset(scene.link)
    reset = scene.amf.expect(ngap.NGReset)
    assert reset.reset_type == ("nG-Interface", "reset-all")
    assert terminal.releases == 1
    scene.amf.say(ngap.NGResetAcknowledge())
    assert scene.link.conversation.running == ()


# --- error indication -------------------------------------------------------------------------
def test_when_the_amf_does_not_know_a_terminal_then_it_is_released_without_an_answer():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(1,))
    other, _ = scene.established(8)
    scene.amf.say(
        ngap.ErrorIndication(
            amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, cause=("radioNetwork", "unknown-local-UE-NGAP-ID")
        )
    )
    scene.amf.silent()
    assert (terminal.releases, other.releases, scene.plane.bearers) == (1, 0, {})


@pytest.mark.parametrize("identified", [True, False])
def test_when_the_amf_indicates_any_other_error_then_it_is_told_and_nothing_is_answered(identified):
    scene = Scene()
    terminal, ran_id = scene.established(7)
    ids = {"amf_ue_ngap_id": 7, "ran_ue_ngap_id": ran_id} if identified else {}
    diagnosis = ngap.CriticalityDiagnostics(procedure_code=46)
    cause = ("protocol", "semantic-error")
    scene.amf.say(ngap.ErrorIndication(**ids, cause=cause, criticality_diagnostics=diagnosis))
    scene.amf.silent()
    assert terminal.releases == 0
    (event,) = scene.environment.emitted("error-indication")
    assert event.text == "amf-test indicates an error about procedure 46: protocol: semantic-error"


# --- the tap ----------------------------------------------------------------------------------
def test_when_somebody_watches_then_both_directions_are_shown_with_their_octets():
    scene = Scene()
    seen = []
    stop = scene.environment.tap.listen(seen.append)
    terminal, _ = scene.connected(7)
    terminal.connection.uplink_nas(b"up")
    scene.amf.shout(b"\xff")
    stop()
    scene.terminal()
    ends = ("gnb-test", "amf-test")
    assert [(record.name, record.source, record.target) for record in seen] == [
        ("InitialUEMessage", *ends),
        ("DownlinkNASTransport", *reversed(ends)),
        ("UplinkNASTransport", *ends),
        ("undecodable", *reversed(ends)),
        ("ErrorIndication", *ends),
    ]
    assert seen[2].octets == ngap.encode(seen[2].value)
    assert (seen[2].interface, seen[2].subject) == ("N2", "ran-ue 1")


# --- overload ---------------------------------------------------------------------------------
def overload(action=None, reduction=None):
    response = None if action is None else ("overloadAction", action)
    return ngap.OverloadStart(amf_overload_response=response, amf_traffic_load_reduction_indication=reduction)


@pytest.mark.parametrize(
    ("action", "refused", "served"),
    [
        ("reject-non-emergency-mo-dt", ["mo-Data", "mo-SMS", "mo-VoiceCall"], ["mo-Signalling", "emergency"]),
        ("reject-rrc-cr-signalling", ["mo-Data", "mo-Signalling"], ["mt-Access", "highPriorityAccess"]),
        (
            "permit-emergency-sessions-and-mobile-terminated-services-only",
            ["mo-Signalling", "highPriorityAccess"],
            ["emergency", "mt-Access"],
        ),
        (
            "permit-high-priority-sessions-and-mobile-terminated-services-only",
            ["mo-Signalling", "mo-Data"],
            ["mps-PriorityAccess", "mt-Access"],
        ),
        (None, ["mo-Signalling"], ["emergency"]),
    ],
)
def test_when_the_amf_is_overloaded_then_what_it_named_is_refused_until_it_stops(action, refused, served):
    scene = Scene()
    scene.amf.say(overload(action), stream=0)
    assert [scene.terminal(cause).connection for cause in refused] == [None] * len(refused)
    assert all(scene.terminal(cause).connection is not None for cause in served)
    scene.amf.say(ngap.OverloadStop(), stream=0)
    assert all(scene.terminal(cause).connection is not None for cause in refused)


def test_when_the_reduction_is_a_share_then_so_many_are_refused():
    scene = Scene()
    scene.amf.say(overload("reject-rrc-cr-signalling", 30))
    refused = sum(scene.terminal().connection is None for _ in range(1000))
    assert refused == 300


def test_when_the_amf_is_overloaded_then_terminals_that_are_connected_go_on():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    scene.amf.say(overload())
    scene.amf.say(downlink(7, ran_id))
    assert terminal.nas == [b"down"]
