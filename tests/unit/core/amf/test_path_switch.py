"""Xn based handover (TS 23.502 4.9.1.2.2, TS 38.413 8.4.4), also where it is not one (G09, G10)."""

from itertools import pairwise

import msgspec
import pytest

from amfkit.harness import CONFIGURATION, World, from_smf
from amfkit.mobility import LACKING, SWITCH
from amfkit.mobility import path_switch_request as request
from amfkit.watched import Watched
from freehold.codecs import nas, ngap
from freehold.procedure import Signal
from freehold.services.errors import ServiceError

RELEASE = nas.encode(nas.PduSessionReleaseCommand(2, 0, cause=36))


def switch(ue, target, **changes):
    """Hand a terminal over; the acknowledgement."""
    target.send(request(ue, target, **changes), 1)
    acknowledge = target.next(ngap.PathSwitchRequestAcknowledge)
    ue.gnb, ue.ran_id = target, acknowledge.ran_ue_ngap_id
    return acknowledge


@pytest.fixture
def world():
    return World()


@pytest.fixture
def ue(world):
    terminal = world.terminal(world.gnb())
    terminal.register()
    terminal.establish()
    return terminal


def test_when_the_target_asks_then_sessions_and_connection_move_and_the_key_is_fresh(world, ue):
    source, target = ue.gnb, world.gnb()
    acknowledge = switch(ue, target)
    assert [each.pdu_session_id for each in acknowledge.pdu_session_resource_switched_list] == [1]
    assert acknowledge.amf_ue_ngap_id == ue.amf_id
    assert acknowledge.ue_security_capabilities == ue.context.ue_security_capabilities
    assert len(acknowledge.allowed_nssai) == 1
    next_hop = ue.security.nh(ue.security.kgnb(0))
    assert acknowledge.security_context.next_hop_chaining_count == 1
    assert acknowledge.security_context.next_hop_nh == (int.from_bytes(next_hop, "big"), 256)
    kind = world.smf.last("update_sm_context")[1].n2_sm_info_type
    assert kind == "PATH_SWITCH_REQ"
    (view,) = world.amf.ues()
    assert view.gnb == "gnb2"
    ue.establish(2, "ims")
    source.nothing()
    source.lose()
    assert world.baseline()["connections"] == 1


def test_when_the_terminal_goes_on_and_back_then_the_keys_form_a_chain(world, ue):
    first, second = ue.gnb, world.gnb()
    hop = ue.security.kgnb(0)
    for count, target in enumerate([second, first] * 5, 1):
        hop = ue.security.nh(hop)
        context = switch(ue, target).security_context
        assert context.next_hop_nh[0] == int.from_bytes(hop, "big")
        assert context.next_hop_chaining_count == count % 8


def test_when_the_keys_were_renewed_meanwhile_then_a_new_chain_begins_and_the_target_is_told():
    world = World(security=msgspec.structs.replace(CONFIGURATION.security, authenticate_always=True))
    ue, first, second = world.terminal(world.gnb()), world.gnb(), world.gnb()
    ue.register()
    ue.establish()
    ue.renew_keys()
    told = switch(ue, first)  # TS 33.501 6.9.2.3.2
    assert told.new_security_context_ind == "true"
    assert told.security_context.next_hop_chaining_count == 0
    kgnb = ue.security.kgnb(0)
    assert told.security_context.next_hop_nh[0] == int.from_bytes(kgnb, "big")
    told = switch(ue, second)
    assert told.new_security_context_ind is None
    assert told.security_context.next_hop_chaining_count == 1
    assert told.security_context.next_hop_nh[0] == int.from_bytes(ue.security.nh(kgnb), "big")


def test_when_the_command_for_new_keys_was_answered_twice_then_the_target_gets_the_key_of_the_last_answer():
    world = World(security=msgspec.structs.replace(CONFIGURATION.security, authenticate_always=True))
    ue, target = world.terminal(world.gnb()), world.gnb()
    ue.register()
    ue.establish()
    context, ue.request = ue.context, ue.registration_request(kind=2, ksi=0)
    ue.tell(ue.request)
    ue.authenticate()
    ue.command()
    world.run_for(6.1)
    ue.command_again()
    ue.complete()
    ue.accepted(context=False)
    ue.complete()
    ue.tell(nas.RegistrationComplete())
    ue.context = context
    told = switch(ue, target)  # TS 33.501 6.9.2.3.2, 6.9.4.4
    assert told.new_security_context_ind == "true"
    assert told.security_context.next_hop_nh[0] == int.from_bytes(ue.security.kgnb(1), "big")


def test_when_the_smf_does_not_switch_one_then_it_is_released_and_the_others_go_on(world, ue):
    ue.establish(2, "ims")
    acknowledge = switch(ue, world.gnb(), sessions=(1, 9))
    assert [each.pdu_session_id for each in acknowledge.pdu_session_resource_switched_list] == [1]
    assert [each.pdu_session_id for each in acknowledge.pdu_session_resource_released_list_ps_ack] == [9]
    states = {each.pdu_session_id: each.active for each in next(world.amf.ues()).sessions}
    assert states == {1: True, 2: False}


def test_when_the_target_rejects_one_then_its_smf_hears_why_and_what_it_begins_goes_to_the_target(world, ue):
    # TS 23.502 4.9.1.2.2 2, TS 29.502 5.2.2.3.3
    ue.establish(2, "ims")
    source, target = ue.gnb, world.gnb()
    held = world.smf.hold["update_sm_context"] = Signal()
    target.send(request(ue, target, failed=(2, 9)), 1)
    from_smf(world, ue, n1_sm_message=RELEASE)
    target.send(request(ue, target), 1)
    target.next(ngap.PathSwitchRequestFailure)
    source.nothing()
    world.smf.hold.clear()
    held.set(None)
    ue.gnb, ue.ran_id = target, target.next(ngap.PathSwitchRequestAcknowledge).ran_ue_ngap_id
    said = [(data.n2_sm_info_type, data.n2_sm_info) for *_, data in world.smf.asked[-2:]]
    assert said == [
        ("PATH_SWITCH_REQ", ngap.encode_value(SWITCH)),
        ("PATH_SWITCH_SETUP_FAIL", ngap.encode_value(LACKING)),
    ]
    assert ue.expect(nas.DlNasTransport).payload_container == RELEASE
    assert {each.pdu_session_id: each.active for each in next(world.amf.ues()).sessions} == {1: True, 2: False}


def test_when_the_smf_cannot_take_the_rejection_then_the_session_is_deactivated(world, ue):
    ue.establish(2, "ims")
    world.smf.refused.add("PATH_SWITCH_SETUP_FAIL")
    switch(ue, world.gnb(), failed=(2,))
    assert world.smf.last("update_sm_context")[1].up_cnx_state == "DEACTIVATED"
    assert {each.pdu_session_id: each.active for each in next(world.amf.ues()).sessions} == {1: True, 2: False}


def test_when_no_session_can_be_switched_then_it_fails_and_the_source_keeps_the_terminal(world, ue):
    target = world.gnb()
    world.smf.fail["update_sm_context"] = ServiceError(500, "SYSTEM_FAILURE")
    target.send(request(ue, target), 1)
    target.next(ngap.PathSwitchRequestFailure)
    world.smf.fail.clear()
    assert next(world.amf.ues()).gnb == "gnb1"
    ue.establish(2, "ims")


def test_when_the_terminal_answers_on_the_target_then_its_nas_goes_on_under_the_same_keys(world, ue):
    switch(ue, world.gnb())
    ue.tell(ue.registration_request(kind=2, ksi=0))
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    ue.go_idle()
    assert next(world.amf.ues()).cm_state == "CM-IDLE"


# --- not a handover ----------
def refused(watched, message, gnb=None):
    gnb = gnb or watched.gnb
    gnb.send(message, 1)
    failure = gnb.next(ngap.PathSwitchRequestFailure)
    assert failure.amf_ue_ngap_id == message.source_amf_ue_ngap_id
    watched.check()


def test_g10_when_no_such_ue_is_connected_then_it_fails():
    watched = Watched()
    refused(watched, request(watched.control, watched.gnb, source_amf_ue_ngap_id=999_999))


def test_g10_when_the_terminal_is_there_already_then_it_fails():
    watched = Watched()
    refused(watched, request(watched.control, watched.control_gnb), watched.control_gnb)


def test_g10_when_the_terminal_has_no_context_yet_then_it_fails():
    watched = Watched()
    ue = watched.world.terminal(watched.control_gnb, 2)
    ue.start()
    ue.challenge()
    ue.context = watched.control.context
    refused(watched, request(ue, watched.gnb))


def test_g10_when_the_tracking_area_is_not_served_then_it_fails():
    watched = Watched()
    refused(watched, request(watched.control, watched.gnb, user_location_information=watched.gnb.location(tac=77)))


def test_when_it_names_a_session_twice_then_it_fails(world, ue):
    # TS 38.413 8.4.4.4
    target = world.gnb()
    moves = world.smf.calls["update_sm_context"]
    target.send(request(ue, target, sessions=(1, 1)), 1)
    failure = target.next(ngap.PathSwitchRequestFailure)
    assert [item.pdu_session_id for item in failure.pdu_session_resource_released_list_ps_fail] == [1]
    assert world.smf.calls["update_sm_context"] == moves


def test_g10_when_it_comes_twice_then_the_second_fails():
    watched = Watched()
    ue = watched.world.terminal(watched.control_gnb, 2)
    ue.register()
    ue.establish()
    switch(ue, watched.gnb)
    refused(watched, request(ue, watched.gnb))


def test_g09_when_the_capabilities_differ_then_the_stored_ones_win_and_the_operator_learns_it():
    watched = Watched()
    ue = watched.world.terminal(watched.control_gnb, 2)
    ue.register()
    ue.establish()
    weak = msgspec.structs.replace(ue.context.ue_security_capabilities, nr_encryption_algorithms=(0, 16))
    acknowledge = switch(ue, watched.gnb, ue_security_capabilities=weak)
    assert acknowledge.ue_security_capabilities == ue.context.ue_security_capabilities
    assert "stored ones stand" in watched.world.event("protocol-fault").text
    watched.check()


def test_g10_when_terminals_connect_then_nobody_can_guess_the_identity_to_take_them_by():
    world = World()
    gnb = world.gnb()
    seen = []
    for number in range(1, 41):
        ue = world.terminal(gnb, number)
        ue.start()
        ue.challenge()
        seen.append(ue.amf_id)
    assert len({after - before for before, after in pairwise(seen)}) == 39
    assert sum(value.bit_count() for value in seen) / len(seen) == pytest.approx(20, abs=2)
