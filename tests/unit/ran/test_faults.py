"""Damaged, unknown and senseless NGAP from the core side (R04, G01-G07; TS 38.413 10)."""

from __future__ import annotations

import random

import msgspec
import pytest

from asn1kit.generate import Generator
from freehold.codecs import ngap
from rankit import (
    Scene,
    context_setup,
    downlink,
    flow,
    paging,
    release_command,
    session_setup,
    setup_transfer,
)

MESSAGES = {
    "DownlinkNASTransport": downlink(7, 1),
    "InitialContextSetupRequest": context_setup(7, 1, sessions=(1, 2), nas=b"x" * 200),
    "PDUSessionResourceSetupRequest": session_setup(7, 1, (1, setup_transfer(flows=(flow(1), flow(2))))),
    "UEContextReleaseCommand": release_command(7, 1),
    "Paging": paging(),
    "OverloadStart": ngap.OverloadStart(amf_traffic_load_reduction_indication=5),
}


def probe(scene):
    """A control terminal that does everything; raises where anything is broken."""
    terminal, ran_id = scene.established(amf_id=1000, sessions=(1,))
    terminal.connection.uplink_nas(b"up")
    scene.amf.expect(ngap.UplinkNASTransport)
    scene.amf.say(release_command(1000, ran_id))
    scene.amf.expect(ngap.UEContextReleaseComplete)
    assert terminal.releases == 1


def element(octets, ie):
    """Where the value of an IE begins in a short PDU: its length octet."""
    at = octets.index(ie.to_bytes(2, "big"), 4)
    return at + 3


@pytest.mark.parametrize("octets", [b"", b"\0", b"\xff" * 3, b"\0\x04\x40\x7f", bytes(40)], ids=range(5))
def test_when_octets_are_no_ngap_then_one_error_indication_without_identifiers_answers(octets):
    scene = Scene()
    scene.amf.shout(octets)
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause[0] == "protocol"
    assert (indication.amf_ue_ngap_id, indication.ran_ue_ngap_id) == (None, None)
    scene.amf.silent()
    assert scene.faults() == (1, 1)
    probe(scene)


def test_when_a_mandatory_ie_is_missing_then_it_is_named():
    scene = Scene()
    _, ran_id = scene.connected(7)
    whole = ngap.encode(downlink(7, ran_id))
    # TS 38.413 9.2.5.2: AMF UE NGAP ID, RAN UE NGAP ID, NAS-PDU; the last one is cut away and the count lowered.
    nas = whole.index(b"\0\x26")
    cut = bytearray(whole[:nas])
    cut[3], cut[6] = len(cut) - 4, cut[6] - 1
    scene.amf.shout(bytes(cut))
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause == ("protocol", "abstract-syntax-error-reject")
    assert (indication.amf_ue_ngap_id, indication.ran_ue_ngap_id) == (7, ran_id)
    (item,) = indication.criticality_diagnostics.ies_criticality_diagnostics
    assert (item.ie_id, item.type_of_error, item.ie_criticality) == (38, "missing", "reject")
    probe(scene)


def test_when_a_context_setup_is_faulty_then_its_failure_carries_the_diagnosis():
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    octets = bytearray(ngap.encode(context_setup(7, ran_id)))
    at = octets.index(b"\0\x77")  # UE Security Capabilities: renamed to an id nobody knows
    octets[at : at + 2] = b"\xfe\xfe"
    scene.amf.shout(bytes(octets))
    failure = scene.amf.expect(ngap.InitialContextSetupFailure)
    assert (failure.amf_ue_ngap_id, failure.ran_ue_ngap_id) == (7, ran_id)
    assert failure.cause == ("protocol", "abstract-syntax-error-reject")
    found = {(item.ie_id, item.type_of_error) for item in failure.criticality_diagnostics.ies_criticality_diagnostics}
    assert (119, "missing") in found or (0xFEFE, "not-understood") in found
    assert (terminal.keys, terminal.nas) == ([], [])
    scene.amf.say(context_setup(7, ran_id))
    scene.amf.expect(ngap.UERadioCapabilityInfoIndication)
    scene.amf.expect(ngap.InitialContextSetupResponse)


def test_when_an_unknown_ie_is_to_be_notified_then_the_message_is_executed_and_the_answer_says_so():
    scene = Scene()
    terminal, ran_id = scene.connected(7, capability=b"")
    request = context_setup(7, ran_id)
    unknown = ngap.UnknownIe(0xFEFE, "notify", b"\1\2")
    octets = ngap.encode(type(request)(**{**fields(request), "unknown_ies": [unknown]}))
    scene.amf.shout(octets)
    response = scene.amf.expect(ngap.InitialContextSetupResponse)
    (item,) = response.criticality_diagnostics.ies_criticality_diagnostics
    assert (item.ie_id, item.type_of_error, item.ie_criticality) == (0xFEFE, "not-understood", "notify")
    assert len(terminal.keys) == 1


def test_when_an_unknown_ie_is_to_be_notified_in_a_message_without_answer_then_an_error_indication_follows():
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    message = downlink(7, ran_id, b"hello")
    octets = ngap.encode(type(message)(**{**fields(message), "unknown_ies": [ngap.UnknownIe(0xFEFE, "notify", b"")]}))
    scene.amf.shout(octets)
    assert terminal.nas == [b"hello"]
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause == ("protocol", "abstract-syntax-error-ignore-and-notify")


def test_when_an_unknown_ie_is_to_be_ignored_then_nobody_hears_of_it():
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    message = downlink(7, ran_id, b"hello")
    octets = ngap.encode(type(message)(**{**fields(message), "unknown_ies": [ngap.UnknownIe(0xFEFE, "ignore", b"")]}))
    scene.amf.shout(octets)
    assert terminal.nas == [b"hello"]
    scene.amf.silent()
    assert scene.faults() == (0, 0)


def fields(message):
    return {name: getattr(message, name) for name in message.__struct_fields__}


# --- identifiers ------------------------------------------------------------------------------
@pytest.mark.parametrize(("amf_id", "ran_id"), [(7, 4_000_000_000), (0, 0), ((1 << 40) - 1, (1 << 32) - 1)])
def test_when_the_ran_identifier_is_unknown_then_the_cause_says_so(amf_id, ran_id):
    scene = Scene()
    scene.amf.say(downlink(amf_id, ran_id))
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause == ("radioNetwork", "unknown-local-UE-NGAP-ID")
    assert (indication.amf_ue_ngap_id, indication.ran_ue_ngap_id) == (amf_id, ran_id)
    assert scene.faults() == (1, 1)


def test_when_the_amf_identifier_is_another_ones_then_neither_terminal_is_touched():
    scene = Scene()
    first, first_id = scene.established(7)
    second, _ = scene.established(8)
    for message in (downlink(8, first_id), session_setup(8, first_id, (1, setup_transfer()))):
        scene.amf.say(message)
        assert scene.amf.expect(ngap.ErrorIndication).cause == ("radioNetwork", "inconsistent-remote-UE-NGAP-ID")
    assert (first.nas, second.nas, scene.plane.bearers) == ([], [], {})
    assert (first.releases, second.releases) == (0, 0)


def test_when_a_first_answer_brings_an_identifier_in_use_then_it_is_refused():
    scene = Scene()
    scene.established(7)
    terminal = scene.terminal()
    ran_id = scene.amf.expect(ngap.InitialUEMessage).ran_ue_ngap_id
    scene.amf.say(downlink(7, ran_id))
    assert scene.amf.expect(ngap.ErrorIndication).cause == ("radioNetwork", "inconsistent-remote-UE-NGAP-ID")
    assert terminal.nas == []


@pytest.mark.parametrize(
    ("ids", "cause"),
    [
        ((9, None), "unknown-local-UE-NGAP-ID"),
        ((7, 99), "unknown-local-UE-NGAP-ID"),
        ((8, 1), "inconsistent-remote-UE-NGAP-ID"),
    ],
)
def test_when_a_release_command_names_nobody_then_nobody_is_released(ids, cause):
    scene = Scene()
    terminal, ran_id = scene.established(7)
    assert ran_id == 1
    scene.amf.say(release_command(*ids))
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause == ("radioNetwork", cause)
    assert (indication.amf_ue_ngap_id, indication.ran_ue_ngap_id) == ids
    assert terminal.releases == 0


# --- state ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MESSAGES)
def test_when_ng_is_not_set_up_then_every_message_is_a_logical_error(name):
    scene = Scene(answers_setup=False)
    scene.amf.expect(ngap.NGSetupRequest)
    scene.amf.say(MESSAGES[name])
    cause = scene.amf.expect(ngap.ErrorIndication).cause
    assert cause == ("protocol", "message-not-compatible-with-receiver-state")
    assert scene.faults() == (1, 1)


@pytest.mark.parametrize(
    "message",
    [
        ngap.NGResetAcknowledge(),
        ngap.RANConfigurationUpdateAcknowledge(),
        ngap.NGSetupFailure(cause=("misc", "unspecified")),
    ],
    ids=lambda message: type(message).__name__,
)
def test_when_an_answer_comes_that_nobody_waits_for_then_it_is_counted_and_not_answered(message):
    scene = Scene()
    scene.amf.say(message)
    scene.amf.silent()
    assert scene.faults() == (1, 1)
    probe(scene)


def test_when_a_procedure_is_not_served_then_its_criticality_decides_on_an_answer():
    scene = Scene()
    _, ran_id = scene.established(7)
    scene.amf.say(ngap.TraceStart(amf_ue_ngap_id=7, ran_ue_ngap_id=ran_id, trace_activation=TRACE))
    scene.amf.silent()
    scene.amf.say(ngap.WriteReplaceWarningRequest(**WARNING))
    indication = scene.amf.expect(ngap.ErrorIndication)
    assert indication.cause == ("protocol", "abstract-syntax-error-reject")
    assert scene.faults() == (2, 2)


def test_when_a_handover_comes_with_a_container_that_is_none_then_its_preparation_fails_and_nobody_moves():
    scene = Scene()
    generator = Generator("ngap", ngap, random.Random(1), 0.0)
    request = msgspec.structs.replace(generator.named("HandoverRequest"), amf_ue_ngap_id=4711)
    scene.amf.say(request)
    failure = scene.amf.expect(ngap.HandoverFailure)
    assert (failure.amf_ue_ngap_id, failure.cause) == (4711, ("protocol", "transfer-syntax-error"))
    assert scene.gnb.contexts.ues == {}


def test_when_an_error_indication_is_itself_faulty_then_silence():
    scene = Scene()
    octets = bytearray(ngap.encode(ngap.ErrorIndication(amf_ue_ngap_id=1, cause=("misc", "unspecified"))))
    octets[-3] ^= 0xFF
    scene.amf.shout(bytes(octets))
    assert not [message for message, *_ in scene.amf.sent]


def test_when_the_ppid_is_zero_then_the_message_is_taken_and_counted():
    scene = Scene()
    terminal, ran_id = scene.connected(7)
    scene.amf.shout(ngap.encode(downlink(7, ran_id, b"hello")), ppid=0)
    assert terminal.nas == [b"hello"]
    assert scene.environment.counts["protocol.fault", "N2 PPID 0"] == 1


# --- damage -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MESSAGES)
def test_when_a_message_is_damaged_in_any_octet_then_the_gnb_serves_on(name):
    scene = Scene()
    bystander, bystander_id = scene.established(500, sessions=(9,))
    chance = random.Random(name)
    whole = ngap.encode(MESSAGES[name])
    for number in range(600):
        octets = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            action, at = chance.randrange(4), chance.randrange(max(len(octets), 1))
            if not octets or action == 3:
                octets.insert(at, chance.randrange(256))
            elif action == 0:
                octets[at] ^= 1 << chance.randrange(8)
            elif action == 1:
                octets[at] = chance.randrange(256)
            else:
                del octets[at:]
        if not number % 50:
            scene.terminal()
        scene.amf.shout(bytes(octets))
        scene.amf.sent.clear()
        assert scene.link.amf.ready
    assert not scene.environment.emitted("bug")
    scene.amf.say(ngap.OverloadStop())
    scene.amf.say(downlink(500, bystander_id, b"still"))
    assert (bystander.nas[-1], bystander.releases) == (b"still", 0)
    scene.environment.run_until(15)
    scene.amf.sent.clear()
    probe(scene)


TRACE = ngap.TraceActivation(
    ngran_trace_id=bytes(8),
    interfaces_to_trace=(0, 8),
    trace_depth="minimum",
    trace_collection_entity_ip_address=(0x7F000001, 32),
)
WARNING = {
    "message_identifier": (1, 16),
    "serial_number": (1, 16),
    "repetition_period": 0,
    "number_of_broadcasts_requested": 1,
}
