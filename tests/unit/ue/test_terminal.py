"""The terminal as a whole: many in one process, states by table, isolation."""

from itertools import product

import pytest

from freehold.codecs import nas
from freehold.spec.errors import Bug
from freehold.ue import MmState
from freehold.ue.state.mobility import TRANSITIONS, MmContext, MmEvent
from uekit import Network


@pytest.mark.parametrize(("state", "event"), list(product(MmState, MmEvent)))
def test_when_the_table_has_no_step_then_the_state_stays(state, event):  # TS 24.501 5.1.3.2
    context = MmContext(state=state)
    if (state, event) in TRANSITIONS:
        context.step(event)
        assert context.state is TRANSITIONS[state, event]
    else:
        with pytest.raises(Bug):
            context.step(event)
        assert context.state is state


def test_when_the_table_is_walked_then_every_state_is_reached_and_left():
    assert set(TRANSITIONS.values()) == set(MmState)
    assert {state for state, _ in TRANSITIONS} == set(MmState)


def test_when_the_network_answers_within_the_call_then_the_terminal_still_sees_the_answer():
    network = Network()
    network.ue.switch_on()
    answer = nas.encode(nas.RegistrationReject(22))

    def setup(terminal, request):
        terminal.downlink_nas(answer)
        return network

    network.setup = setup
    done = network.ue.register()
    network.world.run(0)

    assert done.settled
    assert network.ue.mm.state is MmState.DEREGISTERED


def test_when_a_procedure_breaks_then_only_this_terminal_starts_over():
    network = Network()
    network.registered()
    network.session()
    network.ue.sm.sessions[1].granted = "broken"
    network.send_session(nas.PduSessionModificationCommand(1, 0))

    assert [event.name for event in network.world.events] == ["bug"]
    assert network.ue.mm.state is MmState.DEREGISTERED
    assert network.release_requests == ["radio-connection-with-ue-lost"]
    network.ue.register()
    assert network.uplink


def test_when_a_terminal_is_printed_then_no_identity_is_shown():
    network = Network()

    assert str(network.ue) == "ue-1"
    assert "001010000000001" not in repr(network.ue.configuration)
