"""Terminals come and go in real time: with the packet engine's thread, SQLite on disk, and downloads."""

import asyncio
from pathlib import Path

import pytest

from freehold.app import loops
from freehold.app.config import parse
from freehold.app.network import Network
from soakkit.census import blocks, census, grown, resident
from soakkit.stock import stock

pytestmark = pytest.mark.soak

UES = 250
ROUNDS = 8
CONFIGURATION = parse('[[dnn]]\nname = "internet"\npool = "10.45.0.0/24"\n')
REQUEST = b"GET /bytes/50000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
PATIENCE = 20.0
"""Seconds in which everything is released after the last terminal deregistered."""
LOOK = 0.05
"""And between two looks at it."""
BLOCKS = 5
"""Blocks a terminal may take more after each round: its USIM's SQN, and the kept answer to a downlink data report."""
NOISE = 2000
"""As in test_population."""
RESIDENT = 4_000_000
"""Octets by which resident memory may grow after the first rounds: the allocators' own slack."""
BOUNDED = {"PfcpEntity._answered"}


async def life(ue):
    """Register, download and ping in a session, go idle, come back by a ping, deregister."""
    await ue.register()
    session = await ue.pdu_session("internet")
    socket = await session.tcp_connect(session.gateway, 80)
    await socket.send(REQUEST)
    assert (await socket.receive_all()).startswith(b"HTTP/1.1 200")
    socket.close()
    assert (await session.ping()).rtt_ms is not None
    await ue.go_idle()
    await session.ping()
    await ue.deregister()


async def settled(network, before):
    """Wait until the network holds what it held before any terminal came."""
    for _ in range(round(PATIENCE / LOOK)):
        if stock(network) == before:
            return
        await asyncio.sleep(LOOK)
    pytest.fail(f"{stock(network)} should be {before}")


def descriptors():
    """Open files and sockets of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_when_terminals_come_and_go_in_real_time_then_memory_descriptors_and_contexts_stay(tmp_path):
    async def script():
        async with Network(CONFIGURATION, real_time=True, folder=tmp_path) as network:
            ues = [network.ue() for _ in range(UES)]
            mistakes, taken = [], []
            network.world.listen(lambda event: mistakes.append(event.text) if event.name == "bug" else None)
            before = stock(network)
            for _ in range(ROUNDS):
                await asyncio.gather(*map(life, ues))
                await settled(network, before)
                taken.append((census(), blocks(), resident(), descriptors()))
            return mistakes, taken

    mistakes, taken = loops.run(script())
    warm, last = taken[ROUNDS // 2 - 1], taken[-1]
    assert mistakes == []
    leaks = grown(warm[0], last[0], by=UES)  # a leak is at least one thing a terminal and round
    assert {name: counts for name, counts in leaks.items() if name not in BOUNDED} == {}
    assert last[1] - warm[1] < ROUNDS // 2 * UES * BLOCKS + NOISE
    assert last[2] - warm[2] < RESIDENT
    assert last[3] == warm[3]
