"""Core, UPF, and gNBs with a terminal in three processes: the terminal goes from gNB to gNB while packets flow."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from freehold.app.config import parse
from freehold.app.network import Network
from freehold.app.requests import Client
from freehold.app.sims import read_sims
from freehold.services.nudr import Subscriber

CONFIGURATION = """
[amf]
n2 = ["unix:{folder}/n2.sock"]
[smf]
n4 = "127.83.0.12"
[upf]
n4 = "127.83.0.13"
n3 = "127.83.0.14"
trusted = ["127.83.0.0/24"]
path = "tun"
[[gnb]]
id = 1
amf = "unix:{folder}/n2.sock"
n3 = "127.83.0.21"
[[gnb]]
id = 2
name = "gnb-2"
amf = "unix:{folder}/n2.sock"
n3 = "127.83.0.22"
[store]
path = "{folder}/data"
[management]
socket = "{folder}/m.sock"
listen = ""
"""
SIM = {
    "supi": "imsi-001010000000001",
    "k": "465b5ce8b199b49faa5f0a2ee238a6bc",
    "opc": "e8ed289deba952e4283b54e88e6183ca",
}
LENGTH = 2_000_000
NUMBERS = 200


@pytest.fixture
def parts(tmp_path):
    """Core and UPF, each a process; what the other process needs to know."""
    text = CONFIGURATION.format(folder=tmp_path)
    (tmp_path / "c.toml").write_text(text)
    (tmp_path / "sims.csv").write_text("supi,k,opc\n" + ",".join(SIM.values()) + "\n")
    command = [str(Path(sys.executable).with_name("freehold")), "run"]
    processes = [
        subprocess.Popen([*command, part, "-c", str(tmp_path / "c.toml")], stdout=subprocess.DEVNULL)
        for part in ("core", "upf")
    ]
    yield tmp_path, parse(text)
    for process in processes:
        process.terminate()
        process.wait(20)


async def ready(folder):
    """The core answers, and its UPF is there."""
    client = Client(folder / "m.sock")
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.to_thread(client.ask, "POST", ("subscribers",), body=SIM)
            except Exception:  # noqa: BLE001 - it is not there yet, in one way or another
                await asyncio.sleep(0.1)


async def opened(ue):
    """A session, as soon as the SMF has its UPF."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ue.pdu_session("internet")
            except Exception:  # noqa: BLE001 - refused while there is no UPF
                await asyncio.sleep(0.2)


async def numbers(session):
    """Numbered datagrams, and what came back of them."""
    port = session.udp()

    async def send():
        for number in range(NUMBERS):
            port.send(number.to_bytes(4, "big"), session.gateway, 7)
            await asyncio.sleep(0.001)

    sending = asyncio.create_task(send())
    async with asyncio.timeout(20):
        got = [int.from_bytes((await port.receive())[0], "big") for _ in range(NUMBERS)]
    await sending
    return got


async def octets(session):
    """How many octets a download has."""
    socket = await session.tcp_connect(session.gateway, 80)
    await socket.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % LENGTH)
    async with asyncio.timeout(30):
        return len((await socket.receive_all()).partition(b"\r\n\r\n")[2])


def test_when_core_and_upf_are_other_processes_then_tcp_and_udp_go_on_over_handovers(parts):
    folder, configuration = parts

    async def run():
        await ready(folder)
        roles = ("gnb", "ue")
        async with Network(configuration, real_time=True, outside=True, roles=roles, trace=True) as network:
            sim: Subscriber = read_sims(folder / "sims.csv", configuration)[0]
            ue = network.ue(sim)
            await ue.register()
            session = await opened(ue)
            for way, to in (("n2", 1), ("xn", 0), ("n2", 1), ("xn", 0)):
                flowing = asyncio.create_task(numbers(session)), asyncio.create_task(octets(session))
                await asyncio.sleep(0.05)
                await ue.handover(network.radio.gnbs[to], way)
                assert await flowing[0] == list(range(NUMBERS))
                assert await flowing[1] == LENGTH
                assert ue.terminal.cell is network.radio.gnbs[to]
            network.trace.pcap(folder / "handover.pcapng")

    asyncio.run(run())
    if shutil.which("tshark"):
        # what is forwarded is in the capture twice: streams are not put together
        streams = ("-o", "tcp.desegment_tcp_streams:FALSE")
        command = ["tshark", "-r", str(folder / "handover.pcapng"), *streams, "-Y", "_ws.malformed"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
