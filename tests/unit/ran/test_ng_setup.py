"""NG Setup and the life of the association (TS 38.413 8.7.1, 8.7.2, TS 38.412 7)."""

from __future__ import annotations

import msgspec

from freehold.codecs import ngap
from freehold.spec.identities import PlmnId, SNssai
from rankit import AREA, CONFIGURATION, Scene


def unanswered():
    return Scene(answers_setup=False)


def failure(cause, wait=None):
    return ngap.NGSetupFailure(cause=cause, time_to_wait=wait)


def test_when_the_association_stands_then_ng_setup_tells_identity_areas_and_slices():
    scene = unanswered()
    request = scene.amf.expect(ngap.NGSetupRequest)
    assert (scene.amf.stream, scene.amf.ppid) == (0, 60)
    assert request.global_ran_node_id[1].gnb_id == ("gNB-ID", (0x1234, 22))
    assert request.ran_node_name == "gnb-test"
    assert request.default_paging_drx == "v128"
    (area,) = request.supported_ta_list
    assert area.tac == b"\0\0\1"
    assert area.broadcast_plmn_list[0].plmn_identity == b"\x99\xf9\x07"
    assert area.broadcast_plmn_list[0].tai_slice_support_list[0].s_nssai == ngap.SNSSAI(sst=b"\1", sd=None)


def test_when_the_amf_accepts_then_the_cell_is_no_longer_barred():
    scene = unanswered()
    assert scene.gnb.system_information.barred
    scene.amf.say(scene.amf.setup_response())
    assert not scene.gnb.system_information.barred
    assert scene.gnb.system_information.plmns == (PlmnId("999", "70"),)
    assert str(scene.link) == "amf-test"
    assert [event.text for event in scene.environment.events] == ["gnb-test: connected to amf-test"]


def test_when_the_amf_refuses_with_a_time_to_wait_then_it_is_asked_again_after_it_and_the_reason_is_told():
    scene = unanswered()
    scene.amf.expect(ngap.NGSetupRequest)
    scene.amf.say(failure(("misc", "unknown-PLMN-or-SNPN"), "v20s"))
    scene.environment.run_until(19.9)
    scene.amf.silent()
    scene.environment.run_until(20.1)
    scene.amf.expect(ngap.NGSetupRequest)
    (event,) = scene.environment.emitted("ng-setup-refused")
    assert "none of the PLMNs 999/70, or no TAC of 000001" in event.text
    assert event.fix == "give gNB and core the same [network] plmn and tac"


def test_when_no_slice_is_common_then_the_operator_reads_which_were_offered():
    scene = unanswered()
    scene.amf.say(failure(("radioNetwork", "slice-not-supported")))
    (event,) = scene.environment.emitted("ng-setup-refused")
    assert "none of the slices 1;" in event.text


def test_when_a_cause_is_rare_then_it_is_named_as_it_came():
    scene = unanswered()
    scene.amf.say(failure(("transport", "unspecified")))
    assert "cause transport: unspecified" in scene.environment.emitted("ng-setup-refused")[0].text


def test_when_the_amf_is_silent_then_ng_setup_is_tried_again():
    scene = unanswered()
    scene.amf.expect(ngap.NGSetupRequest)
    scene.environment.run_until(16)
    scene.amf.expect(ngap.NGSetupRequest)
    scene.amf.say(scene.amf.setup_response())
    scene.environment.run_until(200)
    scene.amf.silent()


def test_when_an_answer_names_a_plmn_that_is_none_then_the_setup_does_not_count():
    scene = unanswered()
    good = scene.amf.setup_response()
    bad = msgspec.structs.replace(good.served_guami_list[0].guami, plmn_identity=b"\xaa\xaa\xaa")
    scene.amf.say(msgspec.structs.replace(good, served_guami_list=[ngap.ServedGUAMIItem(guami=bad)]))
    assert scene.gnb.system_information.barred
    assert "digit above 9" in scene.environment.emitted("ng-setup-unanswered")[0].text


def test_when_no_plmn_is_common_then_a_warning_says_so():
    scene = Scene(plmns=(PlmnId("001", "01"),))
    (event,) = scene.environment.emitted("ng-setup")
    assert event.severity == "warning"
    assert "serves none of this gNB's PLMNs" in event.text


def test_when_n2_is_lost_then_terminals_are_released_and_the_association_is_tried_with_growing_pauses():
    scene = Scene()
    terminal, _ = scene.established(sessions=(5,))
    scene.amf.reachable = False
    scene.amf.lose()
    assert terminal.releases == 1
    assert scene.plane.bearers == {}
    assert scene.gnb.contexts.ues == {}
    assert scene.gnb.system_information.barred
    assert "(connection reset; 1 terminals released)" in scene.environment.emitted("n2-refused")[0].text
    scene.environment.run_until(16)
    assert scene.amf.attempts == [0, 1, 3, 7, 15]
    scene.environment.run_until(2000)
    pauses = {after - before for before, after in zip(scene.amf.attempts[8:], scene.amf.attempts[9:], strict=False)}
    assert pauses == {60}
    scene.amf.reachable = True
    scene.environment.run_until(2061)
    assert not scene.gnb.system_information.barred
    assert scene.terminal().connection is not None


def test_when_nobody_answers_the_first_association_then_it_is_tried_again():
    scene = Scene(reachable=False)
    scene.amf.reachable = True
    scene.environment.run_until(2)
    assert not scene.gnb.system_information.barred


def test_when_the_association_breaks_before_ng_setup_then_the_pauses_grow_too():
    scene = unanswered()
    for _ in range(4):
        scene.amf.lose()
        scene.environment.run_for(9)
    assert scene.amf.attempts == [0, 1, 11, 22, 35]


def test_when_the_gnb_stops_then_nothing_is_tried_any_more():
    scene = Scene()
    terminal, _ = scene.established()
    wire = scene.amf.wire
    scene.gnb.stop()
    assert not wire.open
    assert terminal.releases == 1
    scene.environment.run_until(1000)
    assert scene.amf.attempts == [0]


def test_when_the_configuration_changes_then_the_amf_is_told_and_a_refusal_with_a_time_is_retried():
    scene = Scene()
    areas = (AREA, msgspec.structs.replace(AREA, tac=2, slices=(SNssai(1), SNssai(2, 3))))
    scene.gnb.reconfigure(msgspec.structs.replace(CONFIGURATION, name="renamed", areas=areas))
    update = scene.amf.expect(ngap.RANConfigurationUpdate)
    assert update.ran_node_name == "renamed"
    assert [item.tac for item in update.supported_ta_list] == [b"\0\0\1", b"\0\0\2"]
    scene.amf.say(ngap.RANConfigurationUpdateFailure(cause=("misc", "unspecified"), time_to_wait="v2s"))
    assert len(scene.environment.emitted("ran-configuration-refused")) == 1
    scene.environment.run_until(2.1)
    scene.amf.expect(ngap.RANConfigurationUpdate)
    scene.amf.say(ngap.RANConfigurationUpdateAcknowledge())
    scene.environment.run_until(100)
    scene.amf.silent()


def test_when_a_changed_configuration_is_refused_for_good_then_it_is_not_told_again():
    scene = Scene()
    scene.gnb.reconfigure(msgspec.structs.replace(CONFIGURATION, paging_drx=300))
    assert scene.amf.expect(ngap.RANConfigurationUpdate).default_paging_drx == "v256"
    scene.amf.say(ngap.RANConfigurationUpdateFailure(cause=("misc", "unspecified")))
    scene.environment.run_until(100)
    scene.amf.silent()


def test_when_the_amf_changes_its_configuration_then_it_is_learnt_and_acknowledged():
    scene = Scene()
    scene.amf.say(ngap.AMFConfigurationUpdate(amf_name="amf-renamed", relative_amf_capacity=10), stream=0)
    scene.amf.expect(ngap.AMFConfigurationUpdateAcknowledge)
    assert (scene.link.amf.name, scene.link.amf.capacity) == ("amf-renamed", 10)
    assert scene.terminal().connection is not None


def test_when_a_changed_configuration_of_the_amf_is_nonsense_then_it_is_refused_and_nothing_changes():
    scene = Scene()
    wrong = scene.amf.setup_response().served_guami_list[0].guami
    wrong = msgspec.structs.replace(wrong, plmn_identity=b"\xff\xff\xff")
    scene.amf.say(ngap.AMFConfigurationUpdate(served_guami_list=[ngap.ServedGUAMIItem(guami=wrong)]))
    assert scene.amf.expect(ngap.AMFConfigurationUpdateFailure).cause == ("protocol", "semantic-error")
    assert scene.terminal().connection is not None
