"""A gNB that changes the AS key in its cell, and one that hands the indication of a new KAMF on (TS 33.501 6.9.4.4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.rankit import CONFIGURATION, K_GNB, Scene

from freehold.codecs import ngap
from freehold.crypto.handover import NextHop, initial_chain
from freehold.ran.cu_cp import mobility
from freehold.ran.cu_cp.key_change import key_change
from freehold.ran.state.contexts import C_RNTIS
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Handover
from freehold.stack import rrc_handover

FRESH = bytes(range(50, 82))
KEY = initial_chain(FRESH).horizontal(CONFIGURATION.pci, CONFIGURATION.arfcn).kgnb


def pending(sessions=(1,)):
    """A terminal whose path was switched with a new security context (TS 38.413 9.2.3.9)."""
    scene = Scene()
    terminal, ran_id = scene.established(7, sessions=sessions)
    ue = scene.gnb.contexts.ues[ran_id]
    ue.security = replace(ue.security, ncc=5, next_hop=NextHop(0, FRESH), key_set_change=True)
    return scene, terminal, ue


def begun(sessions=(1,)):
    scene, terminal, ue = pending(sessions)
    ue.conversation.start(key_change(ue))
    return scene, terminal, ue, rrc_handover.read_sync(terminal.reconfigurations[0])


def come(scene, terminal, sync, key):
    complete = rrc_handover.protect(key, sync.integrity, rrc_handover.reconfiguration_complete())
    return scene.gnb.synchronise(terminal, sync.c_rnti, complete)


def test_when_a_key_is_pending_then_the_terminal_is_told_to_derive_it_from_kamf_and_comes_to_the_same_cell():
    scene, terminal, ue, sync = begun((1, 2))
    assert (sync.key_set_change, sync.ncc) == (True, 0)
    assert (sync.pci, sync.arfcn) == (CONFIGURATION.pci, CONFIGURATION.arfcn)
    assert [bearer.pdu_session_id for bearer in sync.bearers] == [1, 2]
    assert (scene.plane.awaited, scene.plane.ended) == ([1, 2], [])  # packets wait
    terminal.added.clear()
    connection = come(scene, terminal, sync, KEY)
    assert connection.ue is ue
    assert (ue.stage, ue.terminal, ue.handover) == (Stage.ESTABLISHED, terminal, None)
    assert (ue.security.k_gnb, ue.security.ncc, ue.security.next_hop) == (KEY, 0, None)
    assert not ue.security.key_set_change
    assert [bearer.pdu_session_id for bearer in terminal.added] == [1, 2]
    assert scene.plane.ended == [1, 2]
    assert scene.gnb.contexts.expected == {}
    connection.uplink_nas(b"up")
    scene.amf.expect(ngap.UplinkNASTransport)


@pytest.mark.parametrize("key", [K_GNB, FRESH, bytes(32)])
def test_when_the_terminal_comes_with_another_key_or_not_at_all_then_its_release_is_asked_for(key):
    scene, terminal, ue, sync = begun()
    assert come(scene, terminal, sync, key) is None
    assert scene.environment.counts["gnb.handover_arrival_fail", "MAC-I"] == 1
    scene.amf.silent()
    scene.environment.run_for(2)
    released = scene.amf.expect(ngap.UEContextReleaseRequest)
    assert released.cause == ("radioNetwork", "radio-connection-with-ue-lost")
    assert come(scene, terminal, sync, KEY) is None  # too late
    pair = ngap.UENGAPIDPair(amf_ue_ngap_id=7, ran_ue_ngap_id=ue.ran_ue_ngap_id)
    scene.amf.say(ngap.UEContextReleaseCommand(ue_ngap_ids=("uE-NGAP-ID-pair", pair), cause=released.cause))
    assert (scene.gnb.contexts.ues, scene.gnb.contexts.expected, scene.plane.bearers) == ({}, {}, {})


def test_when_no_c_rnti_is_left_then_the_terminal_does_not_go_on_under_the_old_key():
    scene, terminal, ue = pending()
    scene.gnb.contexts.expected = dict.fromkeys(range(1, C_RNTIS + 1), ue)
    ue.conversation.start(key_change(ue))
    assert terminal.reconfigurations == []
    assert scene.amf.expect(ngap.UEContextReleaseRequest).cause == mobility.NO_RESOURCES


def test_when_another_gnb_still_forwards_then_the_key_changes_after_its_end_marker():
    scene, terminal, ue = pending()
    handle = ue.sessions[1].handle
    mobility.linger(scene.gnb, handle)
    ue.conversation.start(key_change(ue))
    assert terminal.reconfigurations == []
    scene.plane.end_marker(handle)
    assert rrc_handover.read_sync(terminal.reconfigurations[0]).key_set_change


def test_when_the_terminal_is_released_while_its_old_path_ends_then_nothing_is_changed():
    scene, terminal, ue = pending()
    mobility.linger(scene.gnb, ue.sessions[1].handle)
    ue.conversation.start(key_change(ue))
    terminal.connection.release_request("user-inactivity")
    scene.amf.expect(ngap.UEContextReleaseRequest)
    scene.environment.run_for(2)
    assert terminal.reconfigurations == []
    scene.amf.silent()


def test_when_a_session_goes_while_the_key_changes_then_the_others_go_on():
    scene, terminal, ue, sync = begun((1, 2))
    scene.gnb.drop_session(ue, 1)
    assert come(scene, terminal, sync, KEY) is not None
    assert scene.plane.ended == [2]


@pytest.mark.parametrize("stage", [Stage.RELEASING, Stage.LEAVING, Stage.CONNECTED])
def test_when_the_terminal_is_at_another_stage_then_nobody_is_expected_under_its_c_rnti(stage):
    scene, terminal, ue = pending()
    mobility.expect(ue, Handover())
    c_rnti, ue.stage = ue.handover.c_rnti, stage
    complete = rrc_handover.protect(ue.security.k_gnb, ue.security.integrity, rrc_handover.reconfiguration_complete())
    assert scene.gnb.synchronise(terminal, c_rnti, complete) is None
    assert scene.environment.counts["gnb.handover_arrival_fail", "unknown C-RNTI"] == 1
