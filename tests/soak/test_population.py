"""A thousand terminals through a whole network, over and over and for hours: what came must go."""

import asyncio

import pytest

from freehold.app.config import parse
from freehold.app.network import Network
from freehold.ue.errors import NoConnection
from soakkit.census import blocks, census, grown, resident
from soakkit.stock import stock

pytestmark = pytest.mark.soak

UES = 1000
ROUNDS = 5
CONFIGURATION = parse('[[dnn]]\nname = "internet"\npool = "10.45.0.0/22"\n')
"""Hardly more addresses than terminals: each round takes those that the one before gave back."""
REGISTERED = {"RM.RegInitSucc", "RM.RegMobSucc", "RM.RegPeriodSucc"}
"""Counters of registrations that succeeded, of every kind (TS 28.552 5.2.2)."""
QUIET = 120.0
"""Virtual seconds after which nothing is left that only passes: guards, retries, releases."""
BLOCKS = 2
"""Blocks of memory a terminal may take more after each round: its USIM remembers one SQN more, up to 32."""
NOISE = 2000
"""Blocks by which two looks at the same may differ: tables that grow in steps, names seen for the first time."""
RESIDENT = 3_000_000
"""Octets by which resident memory may grow after the first rounds."""
BOUNDED = {"PfcpEntity._answered", "VirtualEnvironment.counts"}
"""What has its own bound, reached only after a while: the answers kept for repetitions, the names of counters."""


def virtually(script):
    """Run a script on a network of its own; any mistake of ours fails the test."""

    async def run():
        async with Network(CONFIGURATION) as network:
            ues = [network.ue() for _ in range(UES)]
            mistakes = []
            network.world.listen(lambda event: mistakes.append(event.text) if event.name == "bug" else None)
            result = await script(network, ues)
            assert mistakes == []
            return result

    return asyncio.run(run())


async def all_of(network, begin, ues):
    """Begin something at every terminal at once, and wait for each of them."""
    for signal in [begin(ue.terminal) for ue in ues]:
        await network.wait(signal)


async def attached(network, ues):
    """Every terminal registers and opens a session."""
    await all_of(network, lambda terminal: terminal.register(), ues)
    await all_of(network, lambda terminal: terminal.pdu_session("internet"), ues)


async def idle(network, ues):
    """Every terminal goes idle."""
    for ue in ues:
        ue.terminal.go_idle()
    await network.sleep(1)
    assert all(ue.idle for ue in ues)


async def pinged(network, ues):
    """Every terminal gets an echo of its own; an idle one comes back for it."""
    answers = []
    for ue in ues:
        (session,) = ue.terminal.sm.sessions.values()
        network.radio.planes[0].ping(session.number, "10.45.0.1", 56, answers.append)
    await network.sleep(3)
    assert sum(answer.rtt_ms is not None for answer in answers) == len(ues)


async def gone(network, ues):
    """Every terminal deregisters, and all that only passes has passed; what a virtual world notes for tests too."""
    await all_of(network, lambda terminal: terminal.deregister(), ues)
    await network.sleep(QUIET)
    network.world.environment.events.clear()


def held(network):
    """The stock, with the alarms that are set."""
    return {**stock(network), "alarms": len(network.world.environment.clock.alarms)}


def leaks(earlier, later):
    """Containers that hold more than they did."""
    return {name: counts for name, counts in grown(earlier, later).items() if name not in BOUNDED}


def test_when_terminals_come_and_go_again_and_again_then_nothing_of_them_remains():
    async def script(network, ues):
        before, taken = held(network), []
        for _ in range(ROUNDS):
            await attached(network, ues)
            await pinged(network, ues)
            await idle(network, ues)
            await pinged(network, ues)
            await idle(network, ues)
            await gone(network, ues)
            assert held(network) == before
            taken.append((census(), blocks(), resident()))
        return taken

    _, warm, *_, last = virtually(script)
    assert leaks(warm[0], last[0]) == {}
    assert last[1] - warm[1] < (ROUNDS - 2) * UES * BLOCKS + NOISE
    assert last[2] - warm[2] < RESIDENT


def test_when_idle_terminals_live_for_a_day_then_periodic_updates_keep_them_and_nothing_grows():
    async def script(network, ues):
        await attached(network, ues)
        await idle(network, ues)
        taken = []
        for _ in range(4):
            await network.sleep(6 * 3600)
            network.world.environment.events.clear()
            assert stock(network) == {
                "ues": UES, "connections": 0, "gnbs": 1, "sessions": UES, "tmsis": UES, "SM contexts": UES,
                "open authentications": 0, "packet engine": UES, "gNB": (0, 0, UES),
            }  # fmt: skip
            taken.append((census(), blocks(), resident()))
        updates = sum(count for (name, _), count in network.world.counted().items() if name in REGISTERED)
        await pinged(network, ues)
        return taken, updates

    (warm, *_, last), updates = virtually(script)
    assert updates > 20 * UES
    assert leaks(warm[0], last[0]) == {}
    assert last[1] - warm[1] < NOISE
    assert last[2] - warm[2] < RESIDENT


@pytest.mark.parametrize("after", [0.0, 0.000001, 0.01, 5.0])
def test_when_the_gnb_is_lost_amid_everything_then_every_terminal_comes_back_and_nothing_remains(after):
    async def script(network, ues):
        before, taken = held(network), []
        for _ in range(3):
            half = ues[: UES // 2]
            await attached(network, half)
            begun = [ue.terminal.register() for ue in ues[UES // 2 :]]
            await network.sleep(after)
            network.radio.gnbs[0].links[0].association.fail("the cable is cut")
            assert stock(network)["connections"] == 0
            for signal in begun:
                await settled(network, signal)
            await network.sleep(QUIET)
            assert stock(network)["gnbs"] == 1
            await attached(network, [ue for ue in ues if not ue.terminal.sm.sessions])
            await pinged(network, ues)
            await gone(network, ues)
            assert held(network) == before
            taken.append((census(), blocks()))
        return taken

    _, warm, last = virtually(script)
    assert leaks(warm[0], last[0]) == {}
    assert last[1] - warm[1] < 2 * UES * BLOCKS + NOISE


async def settled(network, signal):
    """Wait for the end of something that may fail because its connection is lost."""
    try:
        await network.wait(signal)
    except NoConnection:
        return
