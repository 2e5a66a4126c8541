"""A mistake of ours, or a failing gNB: only that one context is given up."""

import pytest

from amfkit.harness import World
from freehold.codecs import nas, ngap
from freehold.core.amf import n1
from freehold.services.errors import ServiceError
from freehold.spec.identities import Supi


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    return world.terminal(gnb)


def broken(*_):
    raise ZeroDivisionError("ours")


def test_when_a_procedure_breaks_then_its_ue_ends_and_every_other_stays(world, gnb, ue):
    other = world.terminal(gnb, 2)
    other.register()
    world.nssf.fail["select"] = ZeroDivisionError("ours")
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    assert len(world.events("bug")) == 1
    assert "ours" in world.event("bug").text
    assert world.baseline() == {"ues": 1, "connections": 1, "gnbs": 1, "sessions": 0}
    world.nssf.fail.clear()
    other.establish()
    ue.register()


def test_when_a_session_procedure_breaks_then_the_ue_stays(world, gnb, ue):
    ue.register()
    world.smf.fail["create_sm_context"] = ZeroDivisionError("ours")
    ue.ask_session()
    assert len(world.events("bug")) == 1
    assert world.baseline() == {"ues": 1, "connections": 1, "gnbs": 1, "sessions": 0}
    world.smf.fail.clear()
    ue.establish()


def test_when_a_handler_breaks_then_the_message_is_dropped_and_the_gnb_stays(world, gnb, ue, monkeypatch):
    monkeypatch.setattr(n1, "first", broken)
    ue.start()
    gnb.nothing()
    assert "InitialUEMessage" in world.event("bug").text
    monkeypatch.undo()
    ue.register()


def test_when_the_gnb_cannot_set_the_context_up_then_the_connection_ends_and_says_why(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    cause = ("radioNetwork", "encryption-and-or-integrity-protection-algorithms-not-supported")
    gnb.send(ngap.InitialContextSetupFailure(**ue.ids(), cause=cause), 1)
    assert gnb.next(ngap.UEContextReleaseCommand).cause == cause
    ue.released()
    assert "algorithms" in world.event("context-setup-failed").text
    assert world.baseline()["connections"] == 0


def test_when_the_context_fails_with_a_session_then_its_smf_learns_it(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.go_idle()
    ue.service_request(uplink=[1])
    ue.downlink(ngap.InitialContextSetupRequest)
    cause = ("radioNetwork", "radio-resources-not-available")
    failed = ngap.PDUSessionResourceFailedToSetupItemCxtFail(
        pdu_session_id=1,
        pdu_session_resource_setup_unsuccessful_transfer=ngap.PDUSessionResourceSetupUnsuccessfulTransfer(cause=cause),
    )
    gnb.send(
        ngap.InitialContextSetupFailure(
            **ue.ids(), cause=cause, pdu_session_resource_failed_to_setup_list_cxt_fail=[failed]
        ),
        1,
    )
    kinds = [data.n2_sm_info_type for name, *_, data in world.smf.asked if name == "update_sm_context"]
    assert "PDU_RES_SETUP_FAIL" in kinds
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    (view,) = world.amf.ues()
    assert (view.mm_state, view.cm_state) == ("5GMM-REGISTERED", "CM-IDLE")


def test_when_the_smf_refuses_what_the_gnb_said_then_the_operator_learns_it(world, gnb, ue):
    ue.register()
    ue.ask_session()
    gnb.next(ngap.PDUSessionResourceSetupRequest)
    world.smf.fail["update_sm_context"] = ServiceError(400, "N2_SM_ERROR")
    ue.resources()
    assert "N2_SM_ERROR" in world.event("session-lost").text


def test_when_a_released_connection_hears_more_then_nothing_happens(world, gnb, ue):
    ue.register()
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    gnb.next(ngap.UEContextReleaseCommand)
    ue.tell(nas.MmStatus(cause=111))
    gnb.nothing()
    ue.released()
    assert world.faults() == 0


def test_when_nas_is_not_delivered_then_it_is_counted(world, gnb, ue):
    ue.register()
    gnb.send(
        ngap.NASNonDeliveryIndication(**ue.ids(), nas_pdu=b"\x7e\0\x64\x6f", cause=("radioNetwork", "unspecified")), 1
    )
    assert world.environment.counts["ngap.nas-non-delivery", "unspecified"] == 1


def test_when_the_connection_of_a_stranger_is_superseded_then_the_gnb_may_be_silent(world, gnb, ue):
    ue.register()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    gnb.next(ngap.UEContextReleaseCommand)
    ue.accepted()
    world.run_for(11)
    assert world.baseline()["connections"] == 1


def test_when_the_gnb_asks_to_release_a_superseded_connection_then_nothing_more_is_said(world, gnb, ue):
    ue.register()
    old = ue.ids()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    gnb.next(ngap.UEContextReleaseCommand)
    ue.accepted()
    gnb.send(ngap.UEContextReleaseRequest(**old, cause=("radioNetwork", "user-inactivity")), 1)
    gnb.nothing()
    gnb.send(ngap.UEContextReleaseComplete(**old), 1)
    assert world.baseline()["connections"] == 1


def test_when_a_gnb_uses_a_ran_id_anew_then_its_old_connection_ends(world, gnb, ue):
    ue.register()
    other = world.terminal(gnb, 2)
    other.begin(nas.encode(other.registration_request(identity=other.suci)), ran_id=ue.ran_id)
    other.expect(nas.AuthenticationRequest)
    assert world.amf.ue(ue.subscription.supi).cm_state == "CM-IDLE"
    assert world.baseline()["connections"] == 1


def test_when_somebody_unknown_is_looked_up_then_there_is_no_view(world):
    assert world.amf.ue(Supi.imsi("001019999999999")) is None
