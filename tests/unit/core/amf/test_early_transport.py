"""UL NAS TRANSPORT that crosses REGISTRATION ACCEPT (TS 24.501 5.5.1.2.4, 5.1.3.2.3.3, 5.4.5.2)."""

import pytest

from amfkit.harness import World
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
    return world.terminal(gnb)


def test_when_a_session_is_asked_for_before_the_complete_then_it_is_set_up_after_it(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    ue.set_up()
    ue.ask_session()
    ue.ask_session(2, "ims")
    gnb.nothing()
    assert world.smf.calls["create_sm_context"] == 0
    ue.tell(nas.RegistrationComplete())
    for session in (1, 2):
        gnb.next(ngap.PDUSessionResourceSetupRequest)
        ue.resources(session)
    assert [entry[-1].pdu_session_id for entry in world.smf.asked if entry[0] == "create_sm_context"] == [1, 2]
    assert world.faults() == 0


def test_when_the_complete_never_comes_then_the_session_is_set_up_once_t3550_gave_up(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    ue.set_up()
    ue.ask_session()
    world.run_for(31)  # TS 24.501 5.5.1.2.8 c
    assert type(gnb.all()[-1]) is ngap.PDUSessionResourceSetupRequest
    assert world.faults() == 0


def test_when_a_message_for_an_smf_crosses_the_accept_of_an_update_then_it_goes_there_after_the_complete(
    world, gnb, ue
):
    ue.register()
    ue.establish()
    ue.tell(ue.registration_request(kind=2, ksi=0))
    ue.ask_session(request_type=None, payload=b"\x2e\x01\x07\xc9\0\0\0\0")
    asked = world.smf.calls["update_sm_context"]
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    assert world.smf.calls["update_sm_context"] == asked + 1
    assert world.smf.last("update_sm_context")[1].n1_sm_message[3] == 0xC9


def test_when_another_procedure_ends_the_registration_then_what_was_asked_for_before_is_done(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    ue.set_up()
    ue.ask_session()
    ue.ask_service(kind=0)
    kinds = [type(message) for message in gnb.all()]
    assert ngap.PDUSessionResourceSetupRequest in kinds
    assert world.faults() == 0


def test_when_a_session_is_asked_for_before_the_accept_then_the_terminal_is_not_registered_yet(world, gnb, ue):
    held = world.home.hold["register_amf"] = Signal()
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.ask_session()
    assert ue.expect(nas.MmStatus).cause == MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
    world.home.hold.clear()
    held.set(None)
    ue.accepted()
    ue.tell(nas.RegistrationComplete())
    gnb.nothing()


def test_when_a_terminal_asks_on_and_on_before_the_complete_then_the_amf_keeps_only_so_much(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    for _ in range(32):
        ue.ask_session(request_type=None)
    gnb.nothing()
    ue.ask_session(request_type=None)
    assert ue.expect(nas.MmStatus).cause == MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
    ue.tell(nas.RegistrationComplete())
    assert len(gnb.all()) == 32
