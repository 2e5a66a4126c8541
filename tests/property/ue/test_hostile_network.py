"""A network that says anything at any time: the terminal answers by its tables, never breaks, and can be used after."""

from __future__ import annotations

from random import Random

import pytest

from freehold.codecs import nas
from freehold.ue import MmState
from naskit import Generator
from uekit import Network


def damaged(random: Random, octets: bytes) -> bytes:
    changed = bytearray(octets)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(changed))
        changed[place : place + random.randint(0, 2)] = random.randbytes(random.randint(0, 2))
        if not changed:
            return b"\x7e"
    return bytes(changed)


def session_message(random: Random, network: Network) -> bytes:
    """A 5GSM message of a session and transaction that may be there."""
    kind = random.choice([message for message in nas.MESSAGES if issubclass(message, nas.SmMessage)])
    octets = bytearray(nas.encode(Generator(random.random(), 0.5).message(kind)))
    octets[1] = random.choice((0, 1, 1, 1, 2, 15, 16, 255))
    octets[2] = random.choice((0, 0, 1, 2, 254, 255, network.ue.sm.last_transaction))
    return bytes(octets)


def message(random: Random, network: Network) -> bytes:
    """Plain octets of some message."""
    if random.random() < 0.4:
        payload = session_message(random, network)
        if random.random() < 0.3:
            payload = damaged(random, payload)
        cause = random.choice((None, None, None, 91, 22))
        return nas.encode(nas.DlNasTransport(1, payload, pdu_session_identity=1, cause=cause))
    octets = nas.encode(Generator(random.random(), 0.5).message(random.choice(nas.MESSAGES)))
    return damaged(random, octets) if random.random() < 0.3 else octets


def disturb(random: Random, network: Network) -> None:
    """One thing a network, a radio or a script may do."""
    match random.randrange(13):
        case 0:
            network.ue.downlink_nas(message(random, network))
        case 1 if network.security is not None:
            network.ue.downlink_nas(damaged(random, network.security.protect(message(random, network), 2)))
        case 2:
            network.ue.released()
        case 3:
            network.ue.paged()
        case 4:
            network.world.run(random.choice((1, 11, 17, 70)))
        case 5:
            network.bearer(random.randint(1, 3))
        case 6:
            network.ue.pdu_session(random.choice((None, "internet", "ims")))
        case 7:
            random.choice((network.ue.register, network.ue.deregister, network.ue.service_request))()
        case 8:
            random.choice((network.ue.modify_session, network.ue.release_session))(random.randint(1, 3))
        case _ if network.security is not None:
            header = random.choice((2, 2, 2, 2, 1, 3))
            network.ue.downlink_nas(network.security.protect(message(random, network), header))


def usable(network: Network) -> None:
    """After a switch-off and on the terminal registers and opens a session."""
    network.ue.deregister(switch_off=True)
    network.world.run(301)
    network.ue.released()
    network.ue.usim.forget()
    network.security = None
    network.uplink.clear()
    network.registered()
    assert network.session().address == "10.45.0.2"


def ordeal(seed: int) -> None:
    random = Random(seed)
    network = Network()
    if random.random() < 0.8:
        network.registered()
        network.session()
    else:
        network.ue.register()
    for _ in range(40):
        disturb(random, network)
        assert isinstance(network.ue.mm.state, MmState)
    assert [event.text for event in network.world.events] == [], seed
    usable(network)


def test_when_the_network_is_hostile_then_the_terminal_never_breaks() -> None:
    for seed in range(250):
        ordeal(seed)


@pytest.mark.soak
def test_when_the_network_is_hostile_for_long_then_the_terminal_never_breaks() -> None:
    for seed in range(250, 6500):
        ordeal(seed)
