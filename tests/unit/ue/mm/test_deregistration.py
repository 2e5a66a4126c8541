"""Deregistration of the terminal (TS 24.501 5.5.2)."""

import pytest

from freehold.codecs import nas
from freehold.ue import MmState
from uekit import GUTI, TAI, Network


def test_when_a_terminal_deregisters_then_it_keeps_its_identity_and_context():  # TS 24.501 5.5.2.2
    network = Network()
    network.registered()
    network.session()
    done = network.ue.deregister()

    request = network.take(nas.DeregistrationRequestFromUe)
    assert request == nas.DeregistrationRequestFromUe(
        nas.DeregistrationType(access_type=1), nas.KeySetIdentifier(mapped=False, value=0), GUTI
    )
    network.send(nas.DeregistrationAcceptToUe())

    assert done.result() is None
    assert network.ue.mm.state is MmState.DEREGISTERED
    assert network.ue.sm.sessions == {}
    assert network.ue.usim.guti == GUTI
    assert network.ue.usim.security is not None


def test_when_it_registers_again_then_guti_and_context_are_used():
    network = Network()
    network.registered()
    network.ue.deregister()
    network.take(nas.DeregistrationRequestFromUe)
    network.send(nas.DeregistrationAcceptToUe())
    network.release()
    network.ue.register()

    request = nas.decode(network.security.unprotect(network.uplink.popleft()).plain).message
    assert request.mobile_identity == GUTI
    assert request.registration_type.value == nas.RegistrationKind.INITIAL


def test_when_a_terminal_is_switched_off_then_it_waits_for_nothing():  # TS 24.501 5.5.2.2.1
    network = Network()
    network.registered()
    network.ue.deregister(switch_off=True)

    assert network.take(nas.DeregistrationRequestFromUe).deregistration_type.switch_off
    assert network.ue.mm.state is MmState.NULL


def test_when_both_deregister_at_once_then_both_are_content():  # TS 24.501 5.5.2.2.6 e
    network = Network()
    network.registered()
    done = network.ue.deregister()
    network.take(nas.DeregistrationRequestFromUe)
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType(reregistration_required=True)))

    assert network.take(nas.DeregistrationAcceptFromUe)
    assert done.result() is None
    assert network.ue.mm.state is MmState.DEREGISTERED
    network.release()
    assert not network.uplink


def test_when_no_accept_comes_then_the_terminal_asks_five_times_and_goes():  # TS 24.501 5.5.2.2.6
    network = Network()
    network.registered()
    done = network.ue.deregister()
    network.world.run(15 * 5 + 1)

    assert len(network.uplink) == 5
    assert done.settled
    assert network.ue.mm.state is MmState.DEREGISTERED
    assert network.release_requests == ["radio-connection-with-ue-lost"]


def test_when_a_registration_runs_then_deregistration_ends_it():
    network = Network()
    registering = network.ue.register()
    network.take(nas.RegistrationRequest)
    network.ue.deregister()

    assert registering.settled
    assert network.take(nas.DeregistrationRequestFromUe)


def test_when_an_idle_terminal_deregisters_then_it_connects_first():
    network = Network()
    network.idle()
    network.ue.deregister()

    assert network.take(nas.DeregistrationRequestFromUe).mobile_identity == GUTI
    assert len(network.setups) == 2


def test_when_a_deregistered_terminal_deregisters_then_nothing_is_sent():
    network = Network()
    network.ue.switch_on()

    assert network.ue.deregister().settled
    assert not network.setups


def test_when_the_network_deregisters_then_the_terminal_agrees():  # TS 24.501 5.5.2.3.2
    network = Network()
    network.registered()
    network.session()
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType(access_type=1)))

    assert network.take(nas.DeregistrationAcceptFromUe)
    assert network.ue.mm.state is MmState.DEREGISTERED
    assert network.ue.sm.sessions == {}


def test_when_the_network_wants_it_back_then_the_terminal_registers_after_release():
    network = Network()
    network.registered()
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType(reregistration_required=True)))
    network.take(nas.DeregistrationAcceptFromUe)
    assert not network.uplink
    network.release()

    assert network.take(nas.RegistrationRequest).registration_type.value == nas.RegistrationKind.INITIAL


def test_when_the_network_never_releases_then_t3540_does():  # TS 24.501 5.3.1.3
    network = Network()
    network.registered()
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType()))
    network.world.run(11)

    assert network.release_requests == ["radio-connection-with-ue-lost"]


@pytest.mark.parametrize(("cause", "invalid", "forbidden"), [(3, True, set()), (15, False, {TAI}), (22, False, set())])
def test_when_the_network_deregisters_with_a_cause_then_the_cause_has_its_effect(cause, invalid, forbidden):
    network = Network()
    network.registered()
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType(), cause=cause))

    assert network.ue.usim.invalid is invalid
    assert network.ue.mm.forbidden.tais == forbidden


def test_when_the_network_deregisters_during_initial_registration_then_registration_goes_on():  # TS 24.501 5.5.1.2.7
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.command(network.authenticate())
    network.take(nas.SecurityModeComplete)
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType()))
    assert not network.uplink
    network.accept()

    assert network.ue.mm.state is MmState.REGISTERED


def test_when_a_deregistration_comes_without_integrity_then_it_is_ignored():  # TS 24.501 4.4.4.2
    network = Network()
    network.ue.register()
    network.take(nas.RegistrationRequest)
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType()), None)

    assert not network.uplink
    assert network.ue.mm.state is MmState.REGISTERED_INITIATED
    assert network.world.counts[-1] == ("protocol.fault", "UE N1 DeregistrationRequestToUe without integrity")


def test_when_the_network_deregisters_then_what_runs_ends():
    network = Network()
    network.registered()
    opening = network.ue.pdu_session("internet")
    network.uplink.clear()
    network.send(nas.DeregistrationRequestToUe(nas.DeregistrationType()))

    assert opening.settled
