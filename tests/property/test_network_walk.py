"""A whole network at random: terminals, gNBs and the operator do what the dice say, on virtual time, from one seed."""

import asyncio
import random
import re

import pytest

from freehold.app.network import Network
from freehold.ran.cu_cp.gnb import UeConnection

STEPS = 300
PAUSES = (0, 0, 0.0001, 0.001, 0.01, 0.5, 5, 30)


def terminal(action):
    """Something a terminal does; what it gives is not waited for."""

    def act(dice, network, ue):
        signal = action(dice, ue.terminal)
        if signal is not None:
            signal.watch(lambda _: None)

    return act


register = terminal(lambda dice, ue: ue.register(follow_on=dice.random() < 0.5))
session = terminal(lambda dice, ue: ue.pdu_session(dice.choice(["internet", "none", None]), None))
idle = terminal(lambda dice, ue: ue.go_idle())
service = terminal(lambda dice, ue: ue.service_request())
leave = terminal(lambda dice, ue: ue.deregister(switch_off=dice.random() < 0.5))
release = terminal(lambda dice, ue: ue.release_session(dice.choice([1, 2, 3])))


def deregister(dice, network, ue):
    if network.core.amf.ue(ue.supi) is not None:
        again = dice.random() < 0.5
        network.core.amf.start_deregistration(ue.supi, reregistration_required=again).watch(lambda _: None)


def reset(dice, network, ue):
    view = dice.choice(list(network.core.amf.gnbs()))
    network.core.amf.start_reset(view.identity).watch(lambda _: None)


def over_n2(dice, network, ue):
    hand_over(network, ue, lambda source, target: None)


def over_xn(dice, network, ue):
    hand_over(network, ue, network.radio.xn)


def hand_over(network, ue, way):
    source = network.radio.serving(ue.terminal)
    target = next(gnb for gnb in network.radio.gnbs if gnb is not source)
    begun = source.hand_over(ue.terminal.link.connection, target.configuration.neighbour, way(source, target))
    begun.watch(lambda _: None)


def take_back(dice, network, ue):
    connection = ue.terminal.link.connection
    if isinstance(connection, UeConnection):
        network.radio.serving(ue.terminal).cancel_handover(connection).watch(lambda _: None)


def end_a_session(dice, network, ue):
    for context in network.core.smf.sessions[:1]:
        network.core.smf.release(context.identity.supi, context.identity.pdu_session_id)


ACTIONS = [register] * 5 + [session] * 4 + [idle, service, release] * 2 + [leave, deregister, reset, end_a_session]
ACTIONS += [over_n2, over_xn] * 3 + [take_back]


async def walk(seed):
    dice = random.Random(seed)
    async with Network() as network:
        events = []
        network.world.listen(events.append)
        network.gnb()
        ues = [network.ue(gnb=number % 2) for number in range(5)]
        for _ in range(STEPS):
            dice.choice(ACTIONS)(dice, network, dice.choice(ues))
            await network.sleep(dice.choice(PAUSES))
        # the slice has one DNN: the terminals ask for others too, and are told so
        for ue in ues:
            deregister(dice, network, ue)
        await network.sleep(300)
        for ue in ues:
            await ue.register()
            made = await ue.pdu_session("internet")
            assert (await made.ping()).rtt_ms is not None
        return events, network.core.amf.counts(), len(network.core.smf.sessions)


UNEXPECTED = {"bug", "protocol-fault", "gnb-refused", "context-setup-failed", "session-lost", "registration-failed"}
CROSSED = re.compile(r"5GMM (cause|STATUS) #98")
"""NAS messages that met on the way, each right when it was sent, are answered so and change nothing (TS 24.501 7.4)."""


def check(seed):
    events, counts, sessions = asyncio.run(walk(seed))
    assert [event for event in events if event.name in UNEXPECTED and not CROSSED.search(event.text)] == []
    assert counts == {"ues": 5, "connections": 5, "gnbs": 2, "sessions": 5}
    assert sessions == 5


@pytest.mark.parametrize("seed", range(30))
def test_when_a_network_walks_at_random_then_nobody_breaks_and_everyone_is_served_after(seed):
    check(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(30, 1000))
def test_when_a_network_walks_for_long_then_nobody_breaks_and_everyone_is_served_after(seed):
    check(seed)
