"""5G AKA and NAS security mode as the SEAF runs them (TS 24.501 5.4.1.3, 5.4.2; TS 33.501 6.1.3.2)."""

import msgspec
import pytest

from amfkit.harness import GUAMI, NULL_ALLOWED, World
from freehold.codecs import nas, ngap
from freehold.core.amf import SecurityPolicy
from freehold.crypto import aka
from freehold.procedure import Signal
from freehold.services.errors import ServiceError
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guti
from freehold.stack.nas_security import HeaderType


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    return world.terminal(gnb)


def fails(ue, cause, **elements):
    ue.challenge()
    ue.tell(nas.AuthenticationFailure(cause=cause, **elements))


def rejected_for_good(ue, gnb):
    assert type(ue.read(ue.downlink().nas_pdu)) is nas.AuthenticationReject
    assert gnb.next(ngap.UEContextReleaseCommand).cause == ("nas", "authentication-failure")
    ue.released()


# --- the challenge ----------
def test_when_a_suci_comes_then_the_challenge_is_a_whole_one(ue):
    ue.start()
    challenge = ue.challenge()
    assert challenge.abba == b"\0\0"
    assert len(challenge.rand) == len(challenge.autn) == 16
    assert challenge.ng_ksi == nas.KeySetIdentifier(mapped=False, value=0)


def test_when_the_ue_names_a_key_set_then_the_new_one_is_another(ue):
    ue.start(ue.registration_request(identity=ue.suci, ksi=0))
    assert ue.challenge().ng_ksi.value == 1


def test_when_the_ue_is_silent_then_the_challenge_comes_five_times(world, gnb, ue):
    ue.start()
    first = ue.challenge()
    world.run_for(6 * 5 + 1)
    *again, release = gnb.all()
    assert [nas.decode(each.nas_pdu).message for each in again] == [first] * 4
    assert type(release) is ngap.UEContextReleaseCommand
    ue.released()
    assert world.baseline()["connections"] == 0
    unmet = world.event("registration-failed").unmet
    assert (unmet.rule, unmet.asked) == ("timer", "T3560")


# --- the home network learns of failures (TS 33.501 6.1.3.2.0 step 9, 6.1.3.2.2) ----------
def test_when_res_star_is_wrong_then_the_home_network_learns_it_too(world, gnb, ue):
    ue.start()
    ue.challenge()
    ue.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    rejected_for_good(ue, gnb)
    assert world.home.answers == [bytes(16)]
    assert world.home.contexts == {}


def test_when_the_home_network_cannot_be_told_then_the_ue_is_refused_all_the_same(world, gnb, ue):
    world.home.fail["confirm"] = ServiceError(504, "UPSTREAM_SERVER_ERROR")
    ue.start()
    ue.challenge()
    ue.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    rejected_for_good(ue, gnb)


def test_when_res_star_never_comes_then_the_home_network_learns_that(world, gnb, ue):
    ue.start()
    ue.challenge()
    world.run_for(5 * 6 + 1)
    assert type(gnb.all()[-1]) is ngap.UEContextReleaseCommand
    assert world.home.answers == [b""]
    assert world.home.contexts == {}


# --- AUTHENTICATION FAILURE ----------
def test_when_the_sequence_number_is_stale_then_the_home_network_resynchronises(world, ue):
    ue.start()
    challenge = ue.challenge()
    auts = aka.make_auts(ue.subscription.k, ue.subscription.opc, challenge.rand, 99_968)
    ue.tell(nas.AuthenticationFailure(cause=21, failure_parameter=auts))
    ue.authenticate()
    ue.command()
    info = world.home.last("authenticate")[0]
    assert info.resynchronization.rand == challenge.rand
    assert ue.subscription.sqn == 100_000


def test_when_it_is_stale_again_then_the_ue_is_refused_for_good(gnb, ue):
    ue.start()
    for _ in range(2):
        challenge = ue.challenge()
        auts = aka.make_auts(ue.subscription.k, ue.subscription.opc, challenge.rand, 99_968)
        ue.tell(nas.AuthenticationFailure(cause=21, failure_parameter=auts))
    rejected_for_good(ue, gnb)


@pytest.mark.parametrize("cause", [20, 26])
def test_when_a_suci_finds_the_challenge_wrong_then_it_is_refused_for_good(world, gnb, ue, cause):
    ue.start()
    fails(ue, cause)
    rejected_for_good(ue, gnb)
    event = world.event("registration-rejected")
    assert "switch the terminal off and on" in event.fix
    assert world.environment.counts["AMF.AuthFail", f"#{cause}"] == 1


@pytest.mark.parametrize("cause", [20, 26])
def test_when_a_guti_finds_the_challenge_wrong_then_the_suci_is_asked_for_first(world, gnb, ue, cause):
    other = world.terminal(gnb, 2, k=b"another key 1234")
    other.register()
    ue.request = ue.registration_request(identity=other.guti)
    ue.begin(nas.encode(ue.request))
    fails(ue, cause)
    ue.expect(nas.IdentityRequest)
    ue.tell(nas.IdentityResponse(mobile_identity=ue.suci))
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    assert {view.supi for view in world.amf.ues()} == {ue.subscription.supi, other.subscription.supi}


def test_when_the_key_set_is_in_use_then_another_one_is_tried(ue):
    ue.start()
    fails(ue, 71)
    assert ue.authenticate().ng_ksi.value == 1
    ue.command()


def test_when_every_key_set_is_in_use_then_tries_end(world, gnb, ue):
    ue.start()
    for _ in range(4):
        fails(ue, 71)
    rejected_for_good(ue, gnb)
    assert world.home.calls["authenticate"] == 4


def test_when_the_cause_is_none_of_the_clauses_then_111(gnb, ue):
    ue.start()
    fails(ue, 95)
    assert ue.expect(nas.RegistrationReject).cause == MmCause.PROTOCOL_ERROR_UNSPECIFIED


# --- algorithms ----------
@pytest.mark.parametrize(
    ("policy", "nea", "nia", "chosen"),
    [
        (SecurityPolicy(), (0, 1, 2, 3), (0, 1, 2, 3), (2, 2)),
        (SecurityPolicy(), (0, 1), (0, 1, 3), (1, 1)),
        (SecurityPolicy(integrity=(3, 2), ciphering=(1, 2)), (1, 2, 3), (1, 2, 3), (1, 3)),
        (NULL_ALLOWED, (0, 1, 2), (0, 2), (0, 2)),
        (NULL_ALLOWED, (0,), (0,), (0, 0)),
    ],
)
def test_when_the_ue_can_some_then_the_operators_first_is_used(policy, nea, nia, chosen):
    world = World(security=policy)
    ue = world.terminal(world.gnb())
    ue.capability = nas.UeSecurityCapability.of(nea, nia)
    ue.register()
    assert (ue.security.nea, ue.security.nia) == chosen


def test_when_the_ue_rejects_the_mode_then_the_registration_ends_without_a_word(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.security = None
    ue.tell(nas.SecurityModeReject(cause=23))
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    assert world.baseline()["connections"] == 0
    assert "#23" in world.event("registration-failed").text


def test_when_the_complete_is_late_then_the_command_comes_again_under_the_next_count(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    world.run_for(7)
    octets = ue.downlink().nas_pdu
    assert octets[1] == HeaderType.INTEGRITY_NEW_CONTEXT
    assert octets[6] == 1
    assert ue.security.unprotect(octets).verified
    ue.complete()
    ue.accepted()


def test_when_the_container_is_missing_then_the_first_request_stands(ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete(nas_message_container=None)
    assert ue.accepted().guti is not None


def test_when_the_home_network_is_silent_then_the_procedure_waits_without_harm(world, gnb, ue):
    ue.request = ue.registration_request(identity=Guti(GUAMI, 1))
    ue.begin(nas.encode(msgspec.structs.replace(ue.request)))
    ue.expect(nas.IdentityRequest)
    gnb.lose()
    assert world.baseline() == {"ues": 0, "connections": 0, "gnbs": 0, "sessions": 0}


# --- SECURITY MODE COMMAND that was sent again ----------
def test_when_both_copies_of_the_command_are_answered_then_the_second_answer_is_that_of_kgnb(world, gnb, ue):
    # TS 33.501 6.9.4.4: KgNB is of the last COUNT
    held = world.home.hold["register_amf"] = Signal()
    ue.start()
    ue.authenticate()
    ue.command()
    world.run_for(6.1)  # T3560 crosses the answer
    ue.command_again()
    ue.complete()
    ue.complete()
    gnb.nothing()
    world.home.hold.clear()
    held.set(None)
    ue.accepted()
    assert ue.context.security_key == (int.from_bytes(ue.security.kgnb(1), "big"), 256)
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    assert next(world.amf.ues()).mm_state == "5GMM-REGISTERED"
    assert world.faults() == 0


def test_when_the_second_answer_comes_after_the_registration_went_on_then_nobody_is_disturbed(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    world.run_for(6.1)
    ue.command_again()
    ue.complete()
    ue.accepted()
    ue.complete()
    gnb.nothing()
    assert ue.context.security_key == (int.from_bytes(ue.security.kgnb(0), "big"), 256)
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    ue.establish()
    assert world.faults() == 0


def test_when_an_answer_was_lost_then_the_one_to_the_copy_is_enough_and_a_third_is_not_asked_for(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.protected(nas.SecurityModeComplete(), HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)  # lost on its way
    world.run_for(6.1)
    ue.command_again()
    ue.complete()
    ue.accepted()
    assert ue.context.security_key == (int.from_bytes(ue.security.kgnb(1), "big"), 256)
    ue.complete()
    gnb.nothing()  # for all that the AMF knows the second command was answered twice
    ue.complete()
    assert ue.expect(nas.MmStatus).cause == MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
    assert world.faults() == 1


def test_when_the_octets_of_an_answer_come_again_then_they_are_dropped(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    world.run_for(6.1)
    ue.command_again()
    answer = ue.protected(nas.SecurityModeComplete(), HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)
    ue.uplink(answer)
    ue.accepted()
    ue.uplink(answer)
    gnb.nothing()
    assert world.faults() == 1


def test_when_nobody_asked_for_a_security_mode_then_its_completion_changes_nothing(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.complete()
    assert ue.expect(nas.MmStatus).cause == MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
    ue.tell(nas.RegistrationComplete())
    ue.expect(nas.MmStatus)
    ue.go_idle()
    ue.service_request(uplink=[1])
    context = ue.downlink(ngap.InitialContextSetupRequest)
    assert context.security_key == (int.from_bytes(ue.security.kgnb(), "big"), 256)
