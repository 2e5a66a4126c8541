"""From RRC setup to release: identifiers, NAS, security (TS 38.413 8.3, 8.6, 8.14)."""

from __future__ import annotations

import pytest

from freehold.codecs import ngap
from freehold.spec.identities import Guami, STmsi
from rankit import (
    GUAMI,
    K_GNB,
    NAS,
    PLMN,
    TMSI,
    PlmnId,
    Scene,
    ScriptedAmf,
    context_setup,
    downlink,
    release_command,
)


def test_when_a_terminal_connects_then_its_first_message_asks_for_a_context_in_its_place():
    scene = Scene()
    scene.terminal(cause="mt-Access", s_tmsi=TMSI)
    message = scene.amf.expect(ngap.InitialUEMessage)
    assert message.nas_pdu == NAS
    assert message.rrc_establishment_cause == "mt-Access"
    assert message.five_g_s_tmsi.five_g_tmsi == b"\0\xc0\xff\xee"
    assert message.ue_context_request == "requested"
    kind, location = message.user_location_information
    assert kind == "userLocationInformationNR"
    assert (location.tai.tac, location.nr_cgi.nr_cell_identity) == (b"\0\0\1", (0x1234 << 14 | 1, 36))
    assert 1 <= scene.amf.stream <= 4


def test_when_terminals_are_many_then_each_keeps_one_stream_and_stream_0_is_for_none():
    scene = Scene()
    used = set()
    for amf_id in range(100, 120):
        terminal, _ = scene.connected(amf_id)
        streams = set()
        for _ in range(3):
            terminal.connection.uplink_nas(b"up")
            scene.amf.expect(ngap.UplinkNASTransport)
            streams.add(scene.amf.stream)
        assert len(streams) == 1
        used |= streams
    assert used == {1, 2, 3, 4}


def test_when_the_amf_offers_one_stream_then_everything_goes_there():
    scene = Scene(streams=1)
    scene.terminal()
    scene.amf.expect(ngap.InitialUEMessage)
    assert scene.amf.stream == 0


def test_when_nas_goes_both_ways_then_it_arrives_untouched():
    scene = Scene()
    terminal, ran_id = scene.connected(amf_id=1 << 39)
    scene.amf.say(downlink(1 << 39, ran_id, b"\x7e\x00\x56"))
    assert terminal.nas == [b"\x7e\x00\x56"]
    terminal.connection.uplink_nas(b"\x7e\x00\x57")
    message = scene.amf.expect(ngap.UplinkNASTransport)
    assert (message.amf_ue_ngap_id, message.ran_ue_ngap_id, message.nas_pdu) == (1 << 39, ran_id, b"\x7e\x00\x57")


def test_when_the_amf_has_not_answered_yet_then_further_nas_has_no_way():
    scene = Scene()
    terminal = scene.terminal()
    scene.amf.expect(ngap.InitialUEMessage)
    terminal.connection.uplink_nas(b"early")
    scene.amf.silent()


def test_when_the_amf_never_answers_then_the_terminal_is_released():
    scene = Scene()
    terminal = scene.terminal()
    scene.environment.run_until(9.9)
    assert terminal.releases == 0
    scene.environment.run_until(10.1)
    assert terminal.releases == 1
    assert scene.gnb.contexts.ues == {}


# --- which AMF --------------------------------------------------------------------------------
def two_amfs():
    scene = Scene(capacity=255)
    second = ScriptedAmf(scene.environment, guamis=(Guami(PLMN, 2, 9, 4),), name="second", capacity=255)
    scene.gnb.add_amf("second.example", second.connect)
    return scene, second


@pytest.mark.parametrize(
    "known", [{"registered_amf": Guami(PLMN, 2, 9, 4)}, {"s_tmsi": STmsi(9, 4, 1)}], ids=["guami", "s-tmsi"]
)
def test_when_an_amf_knows_the_terminal_then_it_is_asked(known):
    scene, second = two_amfs()
    for _ in range(3):
        scene.terminal(**known)
        second.expect(ngap.InitialUEMessage)
    scene.amf.silent()


def test_when_no_amf_knows_the_terminal_then_they_share_the_load_by_capacity():
    scene = Scene(capacity=200)
    second = ScriptedAmf(scene.environment, name="second", capacity=50)
    scene.gnb.add_amf("second.example", second.connect)
    for _ in range(50):
        scene.terminal()
    assert (len(scene.amf.sent), len(second.sent)) == (40, 10)


def test_when_no_amf_serves_the_selected_plmn_then_the_terminal_is_refused():
    scene = Scene()
    assert scene.terminal(plmn=PlmnId("001", "01")).connection is None
    assert scene.environment.counted("RRC.ConnEstabFailCause") == 1


# --- initial context setup --------------------------------------------------------------------
def test_when_a_context_is_set_up_then_the_terminal_gets_the_key_and_the_best_common_algorithms():
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    scene.amf.say(context_setup(7, ran_id, nas=b"registration accept"))
    capability = scene.amf.expect(ngap.UERadioCapabilityInfoIndication)
    assert (capability.amf_ue_ngap_id, capability.ue_radio_capability) == (7, b"\x01" * 40)
    response = scene.amf.expect(ngap.InitialContextSetupResponse)
    assert (response.amf_ue_ngap_id, response.ran_ue_ngap_id) == (7, ran_id)
    assert terminal.keys == [(K_GNB, 2, 2)]
    assert repr(terminal.keys[0][0]) == "Key(<32 octets>)"
    assert terminal.nas == [b"registration accept"]


def test_when_the_amf_has_the_radio_capability_then_it_is_not_told_again():
    scene = Scene()
    _, ran_id = scene.connected(7)
    scene.amf.say(context_setup(7, ran_id, capability=b"\x01" * 40))
    scene.amf.expect(ngap.InitialContextSetupResponse)


def test_when_a_radio_capability_is_twenty_kilobytes_then_it_travels_whole():
    blob = bytes(index % 251 for index in range(20_480))
    scene = Scene()
    _, ran_id = scene.connected(7, capability=blob)
    scene.amf.say(context_setup(7, ran_id))
    assert scene.amf.expect(ngap.UERadioCapabilityInfoIndication).ue_radio_capability == blob


@pytest.mark.parametrize(
    ("nea", "nia", "chosen"),
    [(0x8000, 0x2000, (1, 3)), (0x2000, 0x8000, (3, 1)), (0, 0x4000, (0, 2)), (0xFFFF, 0xFFFF, (2, 2))],
)
def test_when_a_terminal_has_few_algorithms_then_one_it_has_is_chosen(nea, nia, chosen):
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    scene.amf.say(context_setup(7, ran_id, nea=nea, nia=nia))
    assert terminal.keys == [(K_GNB, *chosen)]


@pytest.mark.parametrize(("nia", "accepts"), [(0, True), (0x1000, True), (0xE000, False)])
def test_when_security_cannot_be_had_then_the_setup_fails_and_the_connection_stays(nia, accepts):
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    terminal.accepts = accepts
    scene.amf.say(context_setup(7, ran_id, nia=nia, nas=b"never", sessions=(1,)))
    failure = scene.amf.expect(ngap.InitialContextSetupFailure)
    name = "encryption-and-or-integrity-protection-algorithms-not-supported"
    assert failure.cause == ("radioNetwork", name if accepts else "failure-in-radio-interface-procedure")
    assert (terminal.nas, scene.plane.bearers, terminal.releases) == ([], {}, 0)
    terminal.accepts = True
    scene.amf.say(context_setup(7, ran_id))
    scene.amf.expect(ngap.UERadioCapabilityInfoIndication)
    scene.amf.expect(ngap.InitialContextSetupResponse)


def test_when_a_context_is_set_up_twice_then_the_second_fails():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    scene.amf.say(context_setup(7, ran_id))
    failure = scene.amf.expect(ngap.InitialContextSetupFailure)
    assert failure.cause == ("protocol", "message-not-compatible-with-receiver-state")
    assert len(terminal.keys) == 1
    assert scene.faults() == (1, 1)


def test_when_the_context_is_modified_then_key_and_identifier_change():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    key = bytes(reversed(K_GNB))
    scene.amf.say(
        ngap.UEContextModificationRequest(
            amf_ue_ngap_id=7,
            ran_ue_ngap_id=ran_id,
            security_key=(int.from_bytes(key, "big"), 256),
            new_amf_ue_ngap_id=8,
        )
    )
    assert scene.amf.expect(ngap.UEContextModificationResponse).amf_ue_ngap_id == 8
    assert terminal.keys[-1] == (key, 2, 2)
    scene.amf.say(downlink(8, ran_id, b"still here"))
    assert terminal.nas == [b"still here"]


def test_when_the_terminal_refuses_a_new_key_then_the_modification_fails():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    terminal.accepts = False
    scene.amf.say(ngap.UEContextModificationRequest(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, security_key=(5, 256)))
    cause = scene.amf.expect(ngap.UEContextModificationFailure).cause
    assert cause == ("radioNetwork", "failure-in-radio-interface-procedure")


# --- release ----------------------------------------------------------------------------------
def test_when_the_amf_commands_the_release_then_bearers_and_context_are_gone():
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=(1, 2))
    connection = terminal.connection
    scene.amf.say(release_command(7, ran_id))
    complete = scene.amf.expect(ngap.UEContextReleaseComplete)
    assert (complete.amf_ue_ngap_id, complete.ran_ue_ngap_id) == (7, ran_id)
    assert [item.pdu_session_id for item in complete.pdu_session_resource_list_cxt_rel_cpl] == [1, 2]
    assert (terminal.releases, scene.plane.bearers, scene.gnb.contexts.ues) == (1, {}, {})
    assert (scene.link.ues, scene.link.by_amf_id) == ({}, {})
    connection.uplink_nas(b"late")
    connection.release_request("user-inactivity")
    scene.environment.run_until(100)
    scene.amf.silent()


def test_when_the_command_names_only_the_amf_identifier_then_the_same_happens():
    scene = Scene()
    _terminal, ran_id = scene.established(7)
    scene.amf.say(release_command(7))
    assert scene.amf.expect(ngap.UEContextReleaseComplete).ran_ue_ngap_id == ran_id


def test_when_the_amf_releases_at_once_then_the_first_answer_may_be_the_command():
    scene = Scene()
    terminal = scene.terminal()
    ran_id = scene.amf.expect(ngap.InitialUEMessage).ran_ue_ngap_id
    scene.amf.say(release_command(7, ran_id))
    scene.amf.expect(ngap.UEContextReleaseComplete)
    assert terminal.releases == 1


def test_when_a_terminal_is_not_heard_then_its_release_is_asked_for_with_its_sessions():
    scene = Scene(timers={"user-inactivity": 30})
    _, ran_id = scene.established(7, sessions=(1,))
    scene.environment.run_until(29)
    scene.amf.silent()
    scene.environment.run_until(31)
    request = scene.amf.expect(ngap.UEContextReleaseRequest)
    assert request.cause == ("radioNetwork", "user-inactivity")
    assert (request.amf_ue_ngap_id, request.ran_ue_ngap_id) == (7, ran_id)
    assert [item.pdu_session_id for item in request.pdu_session_resource_list_cxt_rel_req] == [1]
    scene.amf.say(release_command(7, ran_id, ("radioNetwork", "user-inactivity")))
    scene.amf.expect(ngap.UEContextReleaseComplete)


def test_when_a_terminal_sends_nas_or_data_then_it_is_not_inactive():
    scene = Scene()
    terminal, _ = scene.established(7, sessions=(1,))
    scene.environment.run_until(15)
    terminal.connection.uplink_nas(b"up")
    scene.amf.expect(ngap.UplinkNASTransport)
    scene.environment.run_until(34)
    scene.plane.active.add(1)
    scene.environment.run_until(54)
    scene.amf.silent()
    scene.environment.run_until(60.1)
    scene.amf.expect(ngap.UEContextReleaseRequest)


def test_when_a_terminal_without_sessions_goes_quiet_then_its_release_is_asked_for_to_the_second():
    scene = Scene()
    terminal, _ = scene.established(7)
    scene.environment.run_until(7)
    terminal.connection.uplink_nas(b"up")
    scene.amf.expect(ngap.UplinkNASTransport)
    scene.environment.run_until(26.9)
    scene.amf.silent()
    scene.environment.run_until(27)
    scene.amf.expect(ngap.UEContextReleaseRequest)


def test_when_the_amf_does_not_answer_a_release_request_then_the_gnb_releases_alone():
    scene = Scene()
    terminal, _ = scene.established(7, sessions=(1,))
    terminal.connection.release_request("radio-connection-with-ue-lost")
    request = scene.amf.expect(ngap.UEContextReleaseRequest)
    assert request.cause == ("radioNetwork", "radio-connection-with-ue-lost")
    terminal.connection.release_request("user-inactivity")
    scene.amf.silent()
    scene.environment.run_until(11)
    assert (terminal.releases, scene.plane.bearers) == (1, {})


def test_when_the_radio_is_lost_then_downlink_nas_comes_back_as_not_delivered():
    scene = Scene()
    terminal, ran_id = scene.established(7)
    terminal.connection.release_request("radio-connection-with-ue-lost")
    scene.amf.expect(ngap.UEContextReleaseRequest)
    scene.amf.say(downlink(7, ran_id, b"too late"))
    indication = scene.amf.expect(ngap.NASNonDeliveryIndication)
    assert (indication.nas_pdu, indication.cause) == (b"too late", ("radioNetwork", "radio-connection-with-ue-lost"))
    assert terminal.nas == []


def test_when_identifiers_wrap_then_those_in_use_are_left_out():
    scene = Scene()
    scene.gnb.contexts._next = (1 << 32) - 2
    ids = [scene.connected(amf_id)[1] for amf_id in (1, 2, 3)]
    assert ids == [(1 << 32) - 1, 0, 1]
    scene.gnb.contexts._next = (1 << 32) - 2
    assert scene.connected(4)[1] == 2


def test_when_the_gnb_breaks_in_one_terminal_then_only_that_one_is_given_up_and_reset_at_the_amf():
    scene = Scene()
    broken, ran_id = scene.connected(7)
    other, other_id = scene.established(8)
    broken.security = None
    scene.amf.say(context_setup(7, ran_id))
    reset = scene.amf.expect(ngap.NGReset)
    (item,) = reset.reset_type[1]
    assert (item.amf_ue_ngap_id, item.ran_ue_ngap_id) == (7, ran_id)
    assert (broken.releases, other.releases) == (1, 0)
    assert len(scene.environment.emitted("bug")) == 1
    scene.amf.say(downlink(8, other_id))
    assert other.nas == [b"down"]
    assert GUAMI in scene.link.amf.guamis
