"""Registration of the terminal (TS 24.501 5.5.1), driven by a scripted network."""

import msgspec
import pytest

from freehold.codecs import nas
from freehold.crypto.suci import deconceal, msin_of_plaintext
from freehold.spec.causes import MmCause
from freehold.spec.errors import TimerExpired
from freehold.spec.identities import PlmnId, SNssai, Suci, Tai
from freehold.ue import LimitedService, MmState, Refused, UsimInvalid
from freehold.ue.state.mobility import UpdateStatus
from freehold.ue.terminal import AREAS_FORBIDDEN
from uekit import CAPABILITY, GUTI, HOME_PRIVATE_KEY, PEI, SLICE, SUPI, TAI, Network


def test_when_a_terminal_registers_first_then_its_request_holds_clear_elements_only():  # TS 24.501 4.4.6
    network = Network()
    network.ue.register()

    request = network.take(nas.RegistrationRequest)

    assert request == nas.RegistrationRequest(
        nas.RegistrationType(follow_on_request=True, value=nas.RegistrationKind.INITIAL),
        nas.NO_KEY,
        request.mobile_identity,
        ue_security_capability=CAPABILITY,
    )
    assert network.setups[0].cause == "mo-Signalling"
    assert network.setups[0].s_tmsi is None


def test_when_a_terminal_registers_first_then_its_identity_is_concealed():  # TS 33.501 6.12.2
    network = Network()
    network.ue.register()

    suci = network.take(nas.RegistrationRequest).mobile_identity

    assert isinstance(suci, Suci)
    assert (suci.scheme, suci.key_id) == (1, 1)
    assert msin_of_plaintext(deconceal(1, HOME_PRIVATE_KEY, suci.output)) == SUPI.digits[5:]


def test_when_the_usim_has_no_home_network_key_then_the_null_scheme_is_used():
    network = Network(concealed=False)
    network.ue.register()

    suci = network.take(nas.RegistrationRequest).mobile_identity

    assert (suci.scheme, suci.output) == (0, bytes.fromhex("0000000010"))


def test_when_security_is_up_then_the_whole_request_comes_in_security_mode_complete():  # TS 24.501 4.4.6
    network = Network()
    network.ue.register()
    clear = network.take(nas.RegistrationRequest)
    network.command(network.authenticate())

    complete = network.take(nas.SecurityModeComplete)

    whole = nas.decode(complete.nas_message_container).message
    assert complete.imeisv == PEI
    assert whole.requested_nssai == nas.nssai([SLICE])
    assert whole.mobility_capability == nas.MobilityCapability()
    assert whole.mobile_identity == clear.mobile_identity


def test_when_the_registration_is_accepted_then_the_terminal_keeps_what_was_granted():
    network = Network()

    granted = network.registered()

    assert network.ue.mm.state is MmState.REGISTERED
    assert network.ue.mm.status is UpdateStatus.UPDATED
    assert network.ue.usim.guti == GUTI
    assert (granted.tai_list, granted.allowed_nssai, granted.t3512) == ((TAI,), (SLICE,), 3600)


def test_when_the_accept_brings_nothing_new_then_no_complete_is_sent():  # TS 24.501 5.5.1.2.4
    network = Network()
    network.registered()
    done = network.ue.register()
    network.take(nas.RegistrationRequest)

    network.accept(guti=None)

    assert not network.uplink
    assert done.result().tai_list == (TAI,)


@pytest.mark.parametrize(
    "news",
    [
        {"configured_nssai": nas.nssai([SLICE])},
        {"network_slicing_indication": nas.NetworkSlicingIndication(subscription_changed=True)},
    ],
)
def test_when_the_accept_changes_slices_then_complete_is_sent(news):  # TS 24.501 5.5.1.2.4
    network = Network()
    network.registered()
    network.ue.register()
    network.take(nas.RegistrationRequest)

    network.accept(guti=None, **news)

    assert network.take(nas.RegistrationComplete)


def test_when_the_accept_comes_again_then_complete_is_sent_again():  # TS 24.501 5.5.1.2.8, 5.5.1.3.8: T3550
    network = Network()
    network.registered()
    for _ in range(2):
        network.accept()
        network.take(nas.RegistrationComplete)
    assert network.ue.mm.state is MmState.REGISTERED
    network.accept(t3512=nas.GprsTimer3.of(60))
    assert network.take(nas.MmStatus).cause == MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
    assert network.ue.mm.granted.t3512 == 3600


def test_when_a_terminal_has_moved_on_then_an_accept_of_before_is_not_acknowledged():
    network = Network()
    network.registered()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.accept(guti=None)
    network.accept()
    assert network.take(nas.MmStatus).cause == MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE


def test_when_an_update_does_not_tell_features_then_the_known_ones_stay():
    network = Network()
    network.registered()
    told = nas.NetworkFeatureSupport(ims_voice_3gpp=True)
    network.ue.register()
    network.accept(guti=None, network_feature_support=told)
    network.ue.register()
    network.accept(guti=None)

    assert network.ue.mm.granted.features == told


def test_when_a_script_registers_before_t3502_is_over_then_it_is_not_done_again():
    network = Network()
    network.refuses = True
    network.ue.register()
    network.world.run(50)
    network.refuses = False
    network.registered()
    network.release()
    network.world.run(800)

    assert not network.uplink


def test_when_a_registered_terminal_registers_again_then_its_request_is_protected_and_its_rest_ciphered():
    network = Network()
    network.registered()
    network.session()
    network.release()
    done = network.ue.register()

    octets = network.uplink.popleft()
    verdict = network.security.unprotect(octets)
    request = nas.decode(verdict.plain).message
    whole = nas.decode(network.security.decipher_container(request.nas_message_container)).message

    assert (verdict.verified, verdict.header_type) == (True, 1)
    assert request.mobile_identity == GUTI
    assert request.requested_nssai is None
    assert whole.registration_type.value == nas.RegistrationKind.MOBILITY_UPDATING
    assert whole.pdu_session_status == whole.uplink_data_status == [1]
    assert whole.last_visited_tai == TAI
    assert network.setups[-1].s_tmsi == GUTI.s_tmsi
    assert network.setups[-1].registered_amf == GUTI.guami
    assert not done.settled


def test_when_a_session_has_its_bearer_then_no_uplink_data_is_told_for_it():  # TS 24.501 5.5.1.3.2
    network = Network()
    network.registered()
    network.session()
    network.ue.register()

    request = network.take(nas.RegistrationRequest)
    assert (request.uplink_data_status, request.pdu_session_status) == (None, [1])


def test_when_the_network_lost_a_session_then_the_terminal_releases_it_too():  # TS 24.501 5.5.1.3.4
    network = Network()
    network.registered()
    network.session()
    network.ue.register()
    network.take(nas.RegistrationRequest)

    network.accept(pdu_session_status=[])

    assert network.ue.sm.sessions == {}
    assert network.plane.calls[-1] == ("detach", 49)


@pytest.mark.parametrize("cause", [3, 6, 7])
def test_when_the_subscriber_is_refused_for_good_then_the_usim_is_invalid_until_switched_on_again(cause):
    network = Network()
    done = network.ue.register()
    network.take(nas.RegistrationRequest)

    network.send(nas.RegistrationReject(cause), None)

    with pytest.raises(Refused) as refused:
        done.result()
    assert refused.value.cause == cause
    assert network.ue.mm.status is UpdateStatus.ROAMING_NOT_ALLOWED
    assert network.ue.mm.state is MmState.DEREGISTERED
    with pytest.raises(UsimInvalid):
        network.ue.register().result()
    network.release()
    network.ue.deregister(switch_off=True)
    network.ue.register()
    assert network.take(nas.RegistrationRequest)


@pytest.mark.parametrize(
    ("cause", "plmns", "tais"), [(11, 1, 0), (73, 1, 0), (27, 1, 0), (12, 0, 1), (13, 0, 1), (15, 0, 1), (22, 0, 0)]
)
def test_when_the_place_is_refused_then_it_is_forbidden_until_switched_off(cause, plmns, tais):  # TS 24.501 5.5.1.2.5
    network = Network()
    done = network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.RegistrationReject(cause), None)

    with pytest.raises(Refused):
        done.result()
    assert (len(network.ue.mm.forbidden.plmns), len(network.ue.mm.forbidden.tais)) == (plmns, tais)
    assert not network.ue.usim.invalid
    network.release()
    again = network.ue.register()
    if plmns or tais:
        with pytest.raises(LimitedService):
            again.result()
        network.ue.deregister(switch_off=True)
        network.ue.register()
    assert network.take(nas.RegistrationRequest)


def test_when_a_tracking_area_was_forbidden_for_half_a_day_then_the_terminal_may_ask_there_again():
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.RegistrationReject(15), None)
    network.release()
    network.world.run(AREAS_FORBIDDEN - 1)
    with pytest.raises(LimitedService):
        network.ue.register().result()
    network.world.run(1)
    network.ue.register()
    assert network.take(nas.RegistrationRequest)


def test_when_a_tracking_area_is_forbidden_then_another_is_not():
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.RegistrationReject(12), None)
    network.release()
    elsewhere = Tai(TAI.plmn, TAI.tac + 1)
    network.system_information = msgspec.structs.replace(network.system_information, tai=elsewhere)
    network.ue.register()
    assert network.take(nas.RegistrationRequest)


@pytest.mark.parametrize("cause", [9, 10])
def test_when_an_update_is_refused_for_an_unknown_context_then_the_terminal_registers_anew(cause):
    network = Network()
    network.idle()
    network.ue.register()
    network.take(nas.RegistrationRequest)

    network.send(nas.RegistrationReject(cause), None)
    assert not network.uplink
    network.release()

    request = network.take(nas.RegistrationRequest)
    assert request.registration_type.value == nas.RegistrationKind.INITIAL
    assert isinstance(request.mobile_identity, Suci) == (cause == 9)


def test_when_the_network_does_not_release_then_the_terminal_does_and_registers_anew():  # TS 24.501 5.3.1.3
    network = Network()
    network.idle()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.RegistrationReject(9), None)
    network.world.run(10.1)

    assert network.release_requests == ["radio-connection-with-ue-lost"]
    assert network.take(nas.RegistrationRequest)


@pytest.mark.parametrize(
    ("cause", "state"), [(22, MmState.REGISTERED), (15, MmState.REGISTERED), (3, MmState.DEREGISTERED)]
)
def test_when_an_update_is_refused_then_the_cause_decides_whether_the_terminal_stays(
    cause, state
):  # TS 24.501 5.5.1.3.5
    network = Network()
    network.registered()
    network.session()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.RegistrationReject(cause))

    assert network.ue.mm.state is state
    assert bool(network.ue.sm.sessions) is (state is MmState.REGISTERED)


def test_when_an_update_gets_no_answer_then_the_terminal_stays_registered_and_tries_later():  # TS 24.501 5.5.1.3.7
    network = Network()
    network.idle()
    network.ue.register()
    network.world.run(5 * 15 + 4 * 10 + 1)
    assert network.ue.mm.state is MmState.REGISTERED
    attempts = len(network.setups)
    network.world.run(720)

    assert len(network.setups) == attempts + 1


def test_when_the_network_is_congested_then_nothing_is_asked_for_until_t3346_is_over():  # TS 24.501 5.5.1.2.5
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.RegistrationReject(22, t3346=nas.GprsTimer.of(60)), None)
    network.release()

    with pytest.raises(Refused) as refused:
        network.ue.register().result()
    assert refused.value.cause == 22
    assert not network.uplink
    network.world.run(61)
    assert network.take(nas.RegistrationRequest)


def test_when_an_update_met_congestion_then_it_is_made_once_t3346_is_over():  # TS 24.501 5.5.1.3.5
    network = Network()
    network.registered()
    network.ue.register()
    network.send(nas.RegistrationReject(22, t3346=nas.GprsTimer.of(60)))
    network.release()
    network.uplink.clear()
    network.world.run(61)

    request = nas.decode(network.security.unprotect(network.uplink.popleft()).plain).message
    assert request.registration_type.value == nas.RegistrationKind.MOBILITY_UPDATING


def test_when_every_attempt_failed_then_the_terminal_gives_its_temporary_identity_up():  # TS 24.501 5.5.1.2.7
    network = Network()
    network.registered()
    network.ue.deregister()
    network.send(nas.DeregistrationAcceptToUe())
    network.release()
    network.refuses = True
    network.ue.register()
    network.world.run(100)

    assert network.ue.usim.guti is None
    assert network.ue.usim.security is None


def test_when_slices_are_rejected_then_they_are_not_asked_for_again():  # TS 24.501 5.5.1.2.2
    network = Network()
    network.registered()
    other = SNssai(2)
    network.send(
        nas.ConfigurationUpdateCommand(
            allowed_nssai=nas.nssai([SLICE, other]), rejected_nssai=[nas.RejectedSNssai(0, other)]
        )
    )
    network.ue.register()

    assert network.take(nas.RegistrationRequest).requested_nssai == nas.nssai([SLICE])


def test_when_a_registration_is_refused_for_its_slices_then_they_are_known_as_rejected():
    network = Network()
    network.ue.register()
    network.send(nas.RegistrationReject(62, rejected_nssai=[nas.RejectedSNssai(0, SLICE)]), None)

    assert network.ue.mm.granted.rejected_nssai == (SLICE,)


def test_when_a_protected_only_cause_comes_without_integrity_then_it_is_ignored():  # TS 24.501 4.4.4.2
    network = Network()
    done = network.ue.register()

    network.send(nas.RegistrationReject(76), None)

    assert not done.settled


def test_when_no_answer_comes_then_the_terminal_tries_five_times():  # TS 24.501 5.5.1.2.7
    network = Network()
    done = network.ue.register()

    network.world.run(5 * 15 + 4 * 10 - 1)
    assert not done.settled
    network.world.run(2)

    assert len(network.setups) == 5
    with pytest.raises(TimerExpired):
        done.result()
    assert network.ue.mm.state is MmState.DEREGISTERED
    assert network.release_requests == ["radio-connection-with-ue-lost"] * 5


def test_when_the_same_terminal_tries_again_within_t3519_then_its_suci_is_the_same():  # TS 24.501 5.5.1.2.2
    network = Network()
    network.ue.register()
    network.world.run(26)

    first, second = (network.take(nas.RegistrationRequest).mobile_identity for _ in range(2))
    network.world.run(50)
    later = [network.take(nas.RegistrationRequest).mobile_identity for _ in range(len(network.uplink))]

    assert first == second
    assert later[-1] != first


def test_when_the_cell_refuses_then_the_terminal_waits_and_tries_again():
    network = Network()
    network.refuses = True
    done = network.ue.register()
    network.refuses = False
    network.world.run(10)

    assert len(network.setups) == 2
    assert not done.settled


def test_when_the_connection_is_lost_during_registration_then_the_terminal_tries_again():
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.release()
    network.world.run(10)

    assert network.take(nas.RegistrationRequest)


def test_when_t3512_runs_out_in_idle_mode_then_the_terminal_updates_periodically():  # TS 24.501 5.3.7
    network = Network()
    network.idle()

    network.world.run(3599)
    assert not network.uplink
    network.world.run(2)

    octets = network.uplink.popleft()
    request = nas.decode(network.security.unprotect(octets).plain).message
    assert request.registration_type == nas.RegistrationType(
        follow_on_request=False, value=nas.RegistrationKind.PERIODIC_UPDATING
    )
    whole = nas.decode(network.security.decipher_container(request.nas_message_container)).message
    assert (whole.requested_nssai, whole.uplink_data_status, whole.pdu_session_status) == (None, None, [])
    assert not network.ue.alarms.running("T3512")


def test_when_a_terminal_is_connected_then_the_periodic_timer_does_not_run():
    network = Network()
    network.registered()
    network.world.run(4000)

    assert not network.uplink


def test_when_a_terminal_leaves_its_registration_area_then_it_updates():  # TS 24.501 5.5.1.3.2 a
    network = Network()
    network.idle()
    other = Network()
    other.system_information = type(other.system_information)(
        other.system_information.cell, Tai(PlmnId("001", "01"), 8), (PlmnId("001", "01"),)
    )

    network.ue.move(other)

    assert len(other.setups) == 1
    assert network.camped[-1] is None


def test_when_a_second_registration_is_asked_for_then_the_first_goes_on():
    network = Network()
    network.ue.register()
    network.ue.register()

    assert len(network.setups) == 1
