"""Deregistration by the UE and by the network (TS 24.501 5.5.2)."""

import pytest

from amfkit.harness import World, from_smf
from amfkit.neighbours import Smf
from freehold.codecs import nas, ngap
from freehold.procedure import Signal
from freehold.spec.causes import MmCause


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    terminal = world.terminal(gnb)
    terminal.register()
    terminal.establish()
    return terminal


def request(ue, *, switch_off=False):
    return nas.DeregistrationRequestFromUe(
        deregistration_type=nas.DeregistrationType(switch_off=switch_off),
        ng_ksi=nas.KeySetIdentifier(mapped=False, value=0),
        mobile_identity=ue.guti,
    )


def ended(world, gnb, ue):
    assert gnb.next(ngap.UEContextReleaseCommand).cause == ("nas", "deregister")
    ue.released()
    gone(world)


def gone(world):
    assert world.baseline() == {"ues": 0, "connections": 0, "gnbs": 1, "sessions": 0}
    assert world.smf.contexts == {}
    assert world.pcf.policies == set()
    assert world.home.registered == {}
    assert world.amf.function.contexts.tmsis == {}


def test_when_the_ue_leaves_then_it_is_answered_and_nothing_stays(world, gnb, ue):
    ue.tell(request(ue))
    ue.expect(nas.DeregistrationAcceptToUe)
    ended(world, gnb, ue)


def test_when_the_ue_switches_off_then_it_is_not_answered(world, gnb, ue):
    ue.tell(request(ue, switch_off=True))
    ended(world, gnb, ue)


def test_when_an_idle_ue_leaves_then_it_is_answered_too(world, gnb, ue):
    ue.go_idle()
    ue.begin(ue.security.protect(nas.encode(request(ue)), 1))
    ue.expect(nas.DeregistrationAcceptToUe)
    ended(world, gnb, ue)


def test_when_the_ue_leaves_while_it_registers_then_it_is_gone(world, gnb, ue):
    ue.go_idle()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    ue.accepted()
    ue.tell(request(ue))
    ue.expect(nas.DeregistrationAcceptToUe)
    ended(world, gnb, ue)


def test_when_the_operator_ends_a_registration_then_the_ue_is_told(world, gnb, ue):
    done = world.amf.start_deregistration(ue.subscription.supi, reregistration_required=True)
    message = ue.expect(nas.DeregistrationRequestToUe)
    assert message.deregistration_type.reregistration_required
    assert message.cause is None
    assert not done.settled
    ue.tell(nas.DeregistrationAcceptFromUe())
    ended(world, gnb, ue)
    assert done.settled


def test_when_a_cause_is_given_then_it_goes_out(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi, cause=MmCause.FIVE_GS_SERVICES_NOT_ALLOWED)
    assert ue.expect(nas.DeregistrationRequestToUe).cause == 7


def test_when_the_ue_does_not_answer_then_it_is_gone_all_the_same(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi)
    assert world.smf.contexts == {}  # its packets end before it answers
    world.run_for(5 * 6 + 1)
    assert [type(each) for each in gnb.all()] == [ngap.DownlinkNASTransport] * 5 + [ngap.UEContextReleaseCommand]
    ue.released()
    gone(world)


def test_when_the_radio_loses_the_ue_before_it_answers_then_it_is_gone_at_once(world, gnb, ue):
    done = world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    cause = ("radioNetwork", "radio-connection-with-ue-lost")
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=cause), 1)
    assert gnb.next(ngap.UEContextReleaseCommand).cause == cause
    ue.released()
    gone(world)
    assert done.settled


def test_when_the_gnb_asks_for_the_release_after_the_answer_then_it_is_commanded_once(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(nas.DeregistrationAcceptFromUe())
    gnb.next(ngap.UEContextReleaseCommand)
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    assert gnb.all() == []
    ue.released()
    gone(world)


def test_when_an_idle_ue_is_to_go_then_it_is_paged_first(world, gnb, ue):
    ue.go_idle()
    world.amf.start_deregistration(ue.subscription.supi)
    gnb.next(ngap.Paging)
    ue.service_request(kind=2)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(nas.DeregistrationAcceptFromUe())
    ended(world, gnb, ue)


def test_when_it_is_paged_for_packets_too_then_its_answer_is_for_both(world, gnb, ue):
    ue.go_idle()
    from_smf(world, ue, n2_sm_info=Smf.TRANSFER, n2_sm_info_type="PDU_RES_SETUP_REQ")
    world.amf.start_deregistration(ue.subscription.supi)
    assert {type(each) for each in gnb.all()} == {ngap.Paging}
    ue.service_request(kind=2)
    assert ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(nas.DeregistrationAcceptFromUe())
    ended(world, gnb, ue)


def test_when_an_idle_ue_does_not_answer_then_it_is_gone_too(world, gnb, ue):
    ue.go_idle()
    done = world.amf.start_deregistration(ue.subscription.supi)
    world.run_for(3 * 6 + 1)
    assert done.settled
    gone(world)


def test_when_both_sides_leave_at_once_then_the_ues_request_goes_first(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(request(ue))
    ue.expect(nas.DeregistrationAcceptToUe)
    ended(world, gnb, ue)


def test_when_the_ue_registers_again_before_its_release_then_it_is_wholly_registered(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi, reregistration_required=True)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(nas.DeregistrationAcceptFromUe())
    old = ue.ids()
    gnb.next(ngap.UEContextReleaseCommand)
    ue.begin(ue.protected_initial(ue.registration_request(ksi=0)))
    gnb.send(ngap.UEContextReleaseComplete(**old), 1)
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    assert world.amf.ue(ue.subscription.supi).mm_state == "5GMM-REGISTERED"
    ue.establish()
    assert world.baseline() == {"ues": 1, "connections": 1, "gnbs": 1, "sessions": 1}


# TS 24.501 5.5.2.3.5 d and e
def test_when_the_ue_registers_initially_instead_of_answering_then_it_is_registered_at_once(world, gnb, ue):
    done = world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(ue.registration_request(ksi=0))
    assert done.settled
    ue.expect(nas.RegistrationAccept)
    ue.tell(nas.RegistrationComplete())
    assert world.amf.ue(ue.subscription.supi).mm_state == "5GMM-REGISTERED"
    world.run_for(31)
    gnb.nothing()  # T3522 runs no more
    assert world.baseline() == {"ues": 1, "connections": 1, "gnbs": 1, "sessions": 0}


def test_when_the_ue_registers_initially_on_a_new_connection_then_it_is_registered_there(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.begin(ue.protected_initial(ue.registration_request(ksi=0)))
    gnb.next(ngap.UEContextReleaseCommand)
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    ue.establish()
    assert world.amf.ue(ue.subscription.supi).mm_state == "5GMM-REGISTERED"


@pytest.mark.parametrize("kind", [2, 3])
def test_when_the_ue_updates_its_registration_instead_of_answering_then_the_deregistration_goes_on(
    world, gnb, ue, kind
):
    world.amf.start_deregistration(ue.subscription.supi)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(ue.registration_request(kind=kind, ksi=0))
    gnb.nothing()
    ue.tell(nas.DeregistrationAcceptFromUe())
    ended(world, gnb, ue)


def test_when_the_ue_updates_its_registration_after_it_was_refused_an_area_then_it_is_registered(world, gnb, ue):
    world.amf.start_deregistration(ue.subscription.supi, cause=MmCause.TRACKING_AREA_NOT_ALLOWED)
    ue.expect(nas.DeregistrationRequestToUe)
    ue.tell(ue.registration_request(kind=2, ksi=0))
    ue.expect(nas.RegistrationAccept)
    ue.tell(nas.RegistrationComplete())
    world.run_for(31)
    gnb.nothing()
    assert world.amf.ue(ue.subscription.supi).mm_state == "5GMM-REGISTERED"


def test_when_the_ue_asks_for_service_while_it_is_deregistered_implicitly_then_10(world, gnb, ue):
    ue.go_idle()
    world.smf.hold["release_sm_context"] = Signal()
    world.run_for(2 * 3480 + 1)
    ue.service_request()
    gnb.nothing()
    world.smf.hold.pop("release_sm_context").set(None)
    assert ue.expect(nas.ServiceReject).cause == MmCause.IMPLICITLY_DEREGISTERED
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    gone(world)
