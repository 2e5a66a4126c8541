"""The terminal as a whole: many in one process, states by table, isolation."""

from itertools import product

import msgspec
import pytest

from freehold.codecs import nas
from freehold.spec.errors import Bug
from freehold.spec.identities import PlmnId
from freehold.ue import MmState, NoConnection
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
    assert not network.ue.alarms.running("T3512")
    network.ue.register()
    assert network.uplink


def test_when_there_is_no_connection_then_only_an_initial_message_makes_one():
    network = Network()
    network.idle()
    for send in (
        lambda: network.ue.link.send(nas.MmStatus(97)),
        lambda: network.ue.link.send_protected(b""),
    ):
        with pytest.raises(NoConnection):
            send()


def test_when_a_message_comes_without_a_connection_then_it_is_discarded():
    network = Network()
    network.idle()
    network.send(nas.RegistrationReject(3))

    assert not network.uplink
    assert network.world.counts[-1] == ("protocol.fault", "UE N1 without a connection")


def test_when_the_cell_is_barred_then_the_terminal_stays_away():
    network = Network()
    network.system_information = msgspec.structs.replace(network.system_information, barred=True)
    network.ue.register()

    assert not network.setups


def test_when_a_terminal_has_no_cell_then_it_cannot_register():
    network = Network()
    network.ue.cell = None
    done = network.ue.register()
    network.world.run(60)

    with pytest.raises(NoConnection):
        done.result()


def test_when_a_connected_terminal_moves_then_it_gives_its_connection_up():
    network, other = Network(), Network()
    network.registered()
    network.ue.move(other)

    assert network.release_requests == ["radio-connection-with-ue-lost"]
    assert other.camped[-1] == network.ue.usim.guti.s_tmsi


def test_when_the_home_plmn_is_not_broadcast_then_the_first_is_selected():
    network = Network()
    visited = PlmnId("999", "70")
    network.system_information = msgspec.structs.replace(network.system_information, plmns=(visited,))
    network.ue.register()

    assert network.setups[0].selected_plmn == visited
    assert network.ue.serving_network_name == visited.serving_network_name


def test_when_a_bearer_is_of_no_session_then_it_is_ignored():
    network = Network()
    network.registered()
    network.bearer(9)

    assert network.plane.calls == []


def test_when_something_waits_for_the_release_then_it_happens_after_it():
    network = Network()
    network.registered()
    done = []
    network.ue.after_release(lambda: done.append("first"))
    assert done == []
    network.release()
    network.ue.after_release(lambda: done.append("second"))

    assert done == ["first", "second"]


def test_when_the_engine_wants_the_radio_capability_then_it_is_given():
    assert Network().ue.radio_capability() == b"radio"


def test_when_a_terminal_is_printed_then_no_identity_is_shown():
    network = Network()

    assert str(network.ue) == "ue-1"
    assert "001010000000001" not in repr(network.ue.configuration)
