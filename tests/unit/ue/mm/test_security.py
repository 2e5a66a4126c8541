"""Authentication and security mode at the terminal (TS 24.501 5.4.1.3, 5.4.2): negative.md N10, N11, R02."""

import msgspec
import pytest

from freehold.codecs import nas
from freehold.crypto import keys
from freehold.crypto.aka import verify_auts
from freehold.spec.causes import MmCause
from freehold.spec.identities import Pei, Suci
from freehold.stack.nas_security import HeaderType, NasSecurity
from freehold.ue import MmState, UsimInvalid
from freehold.ue.nas.mm.identification import imei
from freehold.ue.state.mobility import UpdateStatus
from uekit import CAPABILITY, GUTI, OPC, PLMN, SUPI, K, Network


@pytest.fixture
def network():
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    return network


def failure(network):
    return network.take(nas.AuthenticationFailure)


# --- authentication -----------------------------------------------------------------------------
def test_when_the_challenge_holds_then_the_terminal_answers_with_res_star(network):
    vector = network.vector()
    network.challenge(vector)

    assert network.take(nas.AuthenticationResponse).response_parameter == vector.xres_star


def test_when_the_mac_of_autn_is_wrong_then_the_cause_is_20(network):  # TS 24.501 5.4.1.3.6 a
    vector = network.vector()
    network.challenge(msgspec.structs.replace(vector, autn=vector.autn[:-1] + bytes([vector.autn[-1] ^ 1])))

    assert failure(network) == nas.AuthenticationFailure(MmCause.MAC_FAILURE)


def test_when_the_key_is_another_subscribers_then_the_cause_is_20(network):
    network.challenge(network.vector(k=bytes(16)))

    assert failure(network).cause == MmCause.MAC_FAILURE


def test_when_the_separation_bit_is_0_then_the_cause_is_26(network):  # TS 24.501 5.4.1.3.6 b
    network.challenge(network.vector(amf=b"\0\0"))

    assert failure(network) == nas.AuthenticationFailure(MmCause.NON_5G_AUTHENTICATION_UNACCEPTABLE)


def test_when_the_sqn_was_seen_then_the_cause_is_21_with_auts(network):  # TS 24.501 5.4.1.3.6 c
    network.authenticate()
    seen = network.vector(sqn=network.sqn)
    network.ue.forget_challenge()
    network.challenge(seen, ngksi=1)

    answer = failure(network)
    assert answer.cause == MmCause.SYNCH_FAILURE
    assert verify_auts(K, OPC, seen.rand, answer.failure_parameter) == network.sqn


def test_when_the_network_resynchronises_then_the_next_challenge_holds(network):
    network.authenticate()
    network.ue.forget_challenge()
    network.challenge(network.vector(sqn=33), ngksi=1)
    assert failure(network).cause == MmCause.SYNCH_FAILURE

    network.authenticate(ngksi=1)

    assert network.ue.mm.challenges_failed == 0


def test_when_the_same_challenge_comes_twice_then_the_answer_is_the_same(network):  # TS 24.501 5.4.1.3.2
    vector = network.vector()
    network.challenge(vector)
    first = network.take(nas.AuthenticationResponse)
    network.challenge(vector)

    assert network.take(nas.AuthenticationResponse) == first


def test_when_the_key_set_is_in_use_then_the_cause_is_71(network):  # TS 24.501 5.4.1.3.7 e
    network.command(network.authenticate(ngksi=2), ngksi=2)
    network.take(nas.SecurityModeComplete)
    request = nas.AuthenticationRequest(
        nas.KeySetIdentifier(mapped=False, value=2), b"\0\0", rand=bytes(16), autn=bytes(16)
    )
    network.send(request)

    assert failure(network).cause == MmCause.NGKSI_ALREADY_IN_USE


def test_when_a_challenge_lacks_its_parameters_then_the_status_is_100(network):  # TS 24.501 7.7.2
    network.send(nas.AuthenticationRequest(nas.KeySetIdentifier(mapped=False, value=0), b"\0\0"), None)

    assert network.take(nas.MmStatus).cause == MmCause.CONDITIONAL_IE_ERROR


def test_when_three_challenges_fail_then_the_cell_is_barred(network):  # TS 24.501 5.4.1.3.7
    for _ in range(2):
        network.challenge(network.vector(k=bytes(16)))
        failure(network)
    network.challenge(network.vector(k=bytes(16)))

    assert network.ue.mm.forbidden.cell_barred
    assert network.release_requests == ["radio-connection-with-ue-lost"]
    assert not network.uplink


def test_when_no_challenge_follows_a_failure_then_t3520_gives_the_network_up(network):  # TS 24.501 5.4.1.3.7
    network.challenge(network.vector(k=bytes(16)))
    failure(network)
    network.world.run(14.9)
    assert not network.ue.mm.forbidden.cell_barred
    network.world.run(0.2)

    assert network.ue.mm.forbidden.cell_barred
    network.world.run(10)
    assert len(network.setups) == 1
    network.world.run(291)
    assert not network.ue.mm.forbidden.cell_barred


def test_when_the_network_falls_silent_after_a_new_challenge_then_registration_fails(network):  # TS 24.501 5.4.1.3.7
    network.world.run(10)
    network.challenge(network.vector(k=bytes(16)))
    failure(network)
    network.world.run(10)
    network.authenticate(ngksi=1)
    network.world.run(15)

    assert network.release_requests == ["radio-connection-with-ue-lost"]
    assert network.ue.mm.attempts == 1


def test_when_a_new_challenge_follows_a_failure_then_registration_goes_on(network):  # TS 24.501 5.4.1.3.7
    network.world.run(10)
    network.challenge(network.vector(k=bytes(16)))
    failure(network)
    network.world.run(10)
    network.command(network.authenticate(ngksi=1), ngksi=1)
    network.take(nas.SecurityModeComplete)
    network.accept()

    assert network.ue.mm.state is MmState.REGISTERED


def test_when_the_network_rejects_the_authentication_then_the_usim_is_invalid():  # TS 24.501 5.4.1.3.5
    network = Network()
    done = network.ue.register()
    network.take(nas.RegistrationRequest)
    network.authenticate()
    network.send(nas.AuthenticationReject(), None)

    with pytest.raises(UsimInvalid):
        done.result()

    assert network.ue.usim.invalid
    assert network.ue.usim.guti is None
    assert network.ue.mm.state is MmState.DEREGISTERED
    assert network.ue.mm.status is UpdateStatus.ROAMING_NOT_ALLOWED
    with pytest.raises(UsimInvalid):
        network.ue.register().result()


def test_when_the_authentication_is_rejected_then_its_timers_stop(network):
    network.authenticate()
    assert network.ue.alarms.running("T3516")
    network.send(nas.AuthenticationReject(), None)

    assert not network.ue.alarms.running("T3516")


def test_when_a_service_request_is_answered_by_a_rejected_authentication_then_it_ends():
    network = Network()
    network.idle()
    done = network.ue.service_request()
    network.send(nas.AuthenticationReject(), None)

    with pytest.raises(UsimInvalid):
        done.result()
    assert network.ue.mm.state is MmState.DEREGISTERED


def test_when_the_authentication_is_rejected_then_everything_else_ends_too():
    network = Network()
    network.registered()
    opening = network.ue.pdu_session("internet")
    network.send(nas.AuthenticationReject())

    assert opening.settled
    assert network.ue.sm.sessions == {}


# --- identification ---------------------------------------------------------------------------------
def test_when_a_suci_is_asked_for_then_it_is_the_one_of_t3519(network):  # TS 24.501 5.4.3.3
    network.send(nas.IdentityRequest(nas.IdentityType.SUCI), None)

    identity = network.take(nas.IdentityResponse).mobile_identity
    assert isinstance(identity, Suci)
    assert identity == network.ue.usim.suci


@pytest.mark.parametrize("kind", [2, 3, 4, 5])
def test_when_another_identity_is_asked_for_without_integrity_then_nothing_is_said(network, kind):  # TS 24.501 4.4.4.2
    network.send(nas.IdentityRequest(kind), None)

    assert not network.uplink


def test_when_the_temporary_identity_is_asked_for_then_it_is_given():
    network = Network()
    network.registered()
    for kind, identity in ((nas.IdentityType.GUTI, GUTI), (nas.IdentityType.S_TMSI, GUTI.s_tmsi)):
        network.send(nas.IdentityRequest(kind))
        assert network.take(nas.IdentityResponse).mobile_identity == identity


@pytest.mark.parametrize(
    ("kind", "identity"), [(5, Pei("imeisv-4370816125816151")), (3, Pei("imei-437081612581614")), (6, None)]
)
def test_when_an_identity_is_asked_for_with_integrity_then_it_is_given(kind, identity):
    network = Network()
    network.registered()
    network.send(nas.IdentityRequest(kind))

    answer = network.take(nas.IdentityResponse).mobile_identity
    assert answer == (identity or nas.NoIdentity(bytes(2)))


def test_when_an_imei_is_made_then_its_check_digit_is_right():  # TS 23.003 B.2
    assert imei(Pei("imeisv-2605317931138301")) == Pei("imei-260531793113837")


# --- security mode ----------------------------------------------------------------------------------
def test_when_the_command_replays_other_capabilities_then_the_cause_is_23(network):  # TS 24.501 5.4.2.5
    network.command(network.authenticate(), capability=nas.UeSecurityCapability.of(nea=(0,), nia=(0, 2)))

    assert network.take(nas.SecurityModeReject).cause == MmCause.UE_SECURITY_CAPABILITIES_MISMATCH
    assert network.ue.usim.security is None


def test_when_the_command_names_an_algorithm_the_terminal_lacks_then_the_cause_is_23(network):
    network.command(network.authenticate(), nea=3, nia=2)

    assert network.take(nas.SecurityModeReject).cause == MmCause.UE_SECURITY_CAPABILITIES_MISMATCH


def test_when_the_command_takes_the_null_integrity_then_the_cause_is_24(network):  # TS 24.501 4.4.4.1
    network.command(network.authenticate(), nia=0)

    assert network.take(nas.SecurityModeReject).cause == MmCause.SECURITY_MODE_REJECTED
    assert not network.ue.link.secured


def test_when_the_command_comes_without_protection_then_it_is_discarded(network):
    kamf = network.authenticate()
    network.security = NasSecurity("amf", kamf, 0, nea=2, nia=2)
    command = nas.SecurityModeCommand(
        nas.SecurityAlgorithms(2, 2), nas.KeySetIdentifier(mapped=False, value=0), CAPABILITY
    )
    network.send(command, None)
    network.send(command, 1)

    assert not network.uplink


def test_when_the_mac_of_the_command_is_wrong_then_it_is_discarded(network):
    network.authenticate()
    network.command(bytes(32))

    assert not network.uplink
    assert network.ue.usim.security is None


def test_when_security_is_up_then_clear_messages_are_discarded_at_once(network):  # TS 24.501 4.4.4.2
    network.command(network.authenticate())
    network.take(nas.SecurityModeComplete)
    network.send(nas.IdentityRequest(nas.IdentityType.SUCI), None)

    assert not network.uplink
    assert network.world.counts[-1] == (
        "protocol.fault",
        "UE N1 unprotected after secure exchange was established",
    )


def test_when_abba_was_changed_on_the_way_then_the_command_is_discarded(network):
    vector = network.vector()
    network.challenge(vector, abba=b"\0\1")
    network.take(nas.AuthenticationResponse)
    kseaf = keys.kseaf(vector.kausf, PLMN.serving_network_name)
    network.command(keys.kamf(kseaf, SUPI.digits.encode(), b"\0\0"))

    assert not network.uplink


def test_when_the_command_names_a_key_set_nobody_has_then_it_is_discarded(network):
    network.command(network.authenticate(ngksi=0), ngksi=5)

    assert not network.uplink


def test_when_the_command_is_replayed_then_it_is_discarded(network):  # TS 24.501 4.4.3.2
    octets = network.command(network.authenticate())
    network.take(nas.SecurityModeComplete)
    network.replay(octets)

    assert not network.uplink


def test_when_the_command_is_sent_again_then_it_is_answered_again(network):  # TS 24.501 5.4.2.7 b
    network.command(network.authenticate())
    first = network.take(nas.SecurityModeComplete)
    command = nas.SecurityModeCommand(
        nas.SecurityAlgorithms(2, 2), nas.KeySetIdentifier(mapped=False, value=0), CAPABILITY, imeisv_request=1
    )
    network.send(command, 3)

    assert network.take(nas.SecurityModeComplete) == first


def test_when_the_registration_is_over_then_a_new_command_gets_no_initial_message():  # TS 24.501 4.4.6
    network = Network()
    network.registered()
    network.command(network.authenticate(ngksi=1, header=2), ngksi=1)

    assert network.take(nas.SecurityModeComplete).nas_message_container is None


@pytest.mark.parametrize("asked", [False, True])
def test_when_the_network_could_not_read_the_initial_message_then_it_comes_again_if_asked(asked):  # TS 24.501 5.4.2.3
    network = Network()
    network.registered()
    network.release()
    network.ue.deregister()  # all of its elements are clear
    network.take(nas.DeregistrationRequestFromUe)
    information = nas.AdditionalSecurityInformation(retransmit_initial_message=True) if asked else None
    network.command(network.authenticate(ngksi=1), ngksi=1, additional_security_information=information)

    container = network.take(nas.SecurityModeComplete).nas_message_container
    assert (container is not None) is asked


def test_when_other_algorithms_are_commanded_for_the_context_in_use_then_counts_go_on():  # TS 24.501 4.4.2.6
    network = Network()
    network.registered()
    state = network.security.snapshot(0)
    network.security = NasSecurity.resume("amf", msgspec.structs.replace(state, nea=1, nia=1))
    command = nas.SecurityModeCommand(
        nas.SecurityAlgorithms(1, 1), nas.KeySetIdentifier(mapped=False, value=0), CAPABILITY
    )
    network.send(command, 3)

    assert network.take(nas.SecurityModeComplete)
    assert network.ue.usim.security.nia == 1
    assert network.ue.usim.security.uplink > state.uplink


def test_when_the_gnb_has_another_key_then_the_terminal_does_not_take_it():  # TS 33.501 6.8.1.2.2
    network = Network()
    network.registered()
    right = network.security.kgnb(0)

    assert network.ue.security(right, 2, 2)
    assert not network.ue.security(network.security.kgnb(1), 2, 2)
    assert not network.ue.security(right, 3, 3)


def test_when_the_command_comes_twice_then_the_key_of_either_answer_is_taken():  # TS 33.501 6.8.1.2.2
    # T3560: INITIAL CONTEXT SETUP crosses the second answer, or follows it
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    kamf = network.authenticate()
    network.command(kamf)
    network.take(nas.SecurityModeComplete)
    security = network.security
    again = nas.SecurityModeCommand(
        nas.SecurityAlgorithms(2, 2), nas.KeySetIdentifier(mapped=False, value=0), CAPABILITY, imeisv_request=1
    )
    network.send(again, HeaderType.INTEGRITY_NEW_CONTEXT)
    network.take(nas.SecurityModeComplete)

    assert network.ue.security(security.kgnb(0), 2, 2)
    assert network.ue.security(security.kgnb(1), 2, 2)
    assert not network.ue.security(security.kgnb(2), 2, 2)
    network.accept()
    network.take(nas.RegistrationComplete)

    network.release()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    assert not network.ue.security(security.kgnb(1), 2, 2)


# --- after security is up -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "message",
    [
        nas.IdentityRequest(1),
        nas.AuthenticationReject(),
        nas.RegistrationReject(3),
        nas.DeregistrationRequestToUe(nas.DeregistrationType()),
        nas.ConfigurationUpdateCommand(),
        nas.DlNasTransport(1, b"x"),
    ],
)
def test_when_a_message_comes_in_clear_after_security_then_it_is_discarded(message):  # TS 24.501 4.4.4.2
    network = Network()
    network.registered()
    network.send(message, None)

    assert not network.uplink
    assert network.ue.mm.state is MmState.REGISTERED
    assert not network.ue.usim.invalid


def test_when_a_protected_message_is_replayed_or_altered_then_it_is_discarded():  # TS 24.501 4.4.3.2
    network = Network()
    network.registered()
    octets = network.send(nas.IdentityRequest(5))
    network.take(nas.IdentityResponse)

    network.replay(octets)
    network.replay(octets[:-1] + bytes([octets[-1] ^ 1]))
    network.replay(octets[:2] + bytes(4) + octets[6:])

    assert not network.uplink
    assert network.world.counts[-3:] == [("protocol.fault", "UE N1 wrong MAC or replayed")] * 3


def test_when_sequence_numbers_wrap_then_messages_are_still_taken():
    network = Network()
    network.registered()
    for _ in range(300):
        network.send(nas.IdentityRequest(5))
        network.take(nas.IdentityResponse)

    assert network.ue.usim.security.downlink > 256


@pytest.mark.parametrize(("octets", "cause"), [("7e00ff", 97), ("7e0044", 96), ("7e0041", 96)])
def test_when_a_message_cannot_be_handled_then_the_status_names_the_cause(octets, cause):  # TS 24.501 7.4, 7.5.1
    network = Network()
    network.registered()
    network.ue.downlink_nas(network.security.protect(bytes.fromhex(octets), 2))

    assert network.take(nas.MmStatus).cause == cause


@pytest.mark.parametrize("octets", ["", "7e", "7e02", "7e020000000000", "ff" * 10, "2e", "7e0f0000000000"])
def test_when_octets_are_no_message_then_the_terminal_stays_as_it_was(octets):
    network = Network()
    network.registered()
    network.ue.downlink_nas(bytes.fromhex(octets))

    assert not network.uplink
    assert network.ue.mm.state is MmState.REGISTERED


def test_when_the_network_sends_a_message_of_the_terminal_then_the_status_is_97():  # TS 24.501 7.4
    network = Network()
    network.registered()
    network.send(nas.RegistrationComplete())

    assert network.take(nas.MmStatus).cause == MmCause.MESSAGE_TYPE_NON_EXISTENT


def test_when_an_answer_comes_that_nobody_waits_for_then_it_is_counted(network):
    network.world.run(16)  # T3510 is over, T3511 runs
    network.uplink.clear()
    network.ue.link.connection = network
    network.send(nas.RegistrationReject(22), None)

    assert network.world.counts[-1] == ("protocol.fault", "UE N1 RegistrationReject not waited for")


def test_when_a_new_context_comes_with_another_message_then_it_is_discarded(network):  # TS 24.501 4.4.4.2
    network.security = NasSecurity("amf", network.authenticate(), 0, nea=2, nia=2)
    network.send(nas.IdentityRequest(1), 3)

    assert not network.uplink
    assert network.world.counts[-1][1].startswith("UE N1 a new security context in another message")


def test_when_a_message_does_not_fit_the_state_then_the_status_is_98():  # TS 24.501 7.4
    network = Network()
    network.registered()
    network.send(nas.RegistrationAccept(nas.RegistrationResult()))

    assert network.take(nas.MmStatus).cause == MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
