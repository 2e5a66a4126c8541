"""A terminal whose session is an interface in a namespace of its own goes from gNB to gNB without a pause; it pings."""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from freehold.app.network import Network

PINGS, INTERVAL = 400, 0.01


def sh(script):
    subprocess.run(script, shell=True, check=True, capture_output=True, text=True)


pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="interfaces and namespaces need root"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here"),
    pytest.mark.skipif(not all(map(shutil.which, ("ip", "ping"))), reason="needs ip (iproute2) and ping"),
]


@pytest.fixture
def namespace():
    """A network namespace of the terminal's own."""
    name = f"ho-{os.getpid()}"
    sh(f"ip netns add {name}; ip -n {name} link set lo up")
    yield name
    sh(f"ip netns del {name}")


@pytest.mark.parametrize("way", ["n2", "xn"])
def test_when_a_session_is_an_interface_then_no_ping_is_lost_over_handovers(namespace, way):
    async def run():
        async with Network(real_time=True) as network:
            gnbs = [network.gnb(), network.gnb()]
            await network.sleep(0.5)
            ue = network.ue(gnb=1)
            await ue.register()
            session = await ue.pdu_session("internet")
            with session.tun(f"ho{os.getpid()}") as interface:
                there = f"ip -n {namespace}"
                sh(
                    f"ip link set {interface} netns {namespace}; {there} addr add {session.ip}/32 dev {interface};"
                    f"{there} link set {interface} up; {there} route add default dev {interface}"
                )
                count = ("-c", str(PINGS), "-i", str(INTERVAL), "-W", "10")
                command = ("ip", "netns", "exec", namespace, "ping", "-n", "-q", *count, str(session.gateway))
                ping = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
                ended, handovers = asyncio.create_task(ping.communicate()), 0
                while not ended.done():
                    handovers += 1
                    await ue.handover(gnbs[handovers % 2], way)
                    assert ue.terminal.cell is gnbs[handovers % 2]
                said = (await ended)[0].decode()
            return said, handovers

    said, handovers = asyncio.run(run())
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", said).groups())
    assert (sent, received) == (PINGS, PINGS)
    assert handovers >= 4
