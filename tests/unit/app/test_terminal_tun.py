"""A terminal's session as an interface of the host: the kernel's own ping and curl are the terminal's programs."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess

import pytest

from freehold.app.network import Network
from freehold.spec.errors import Unusable

NAMESPACE = f"fh-test-{os.getpid()}"


@pytest.fixture
def namespace():
    if os.getuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2 for a namespace and a TUN")
    made = subprocess.run(["ip", "netns", "add", NAMESPACE], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no network namespace can be made here: {made.stderr.strip()}")
    yield NAMESPACE
    subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)


async def command(*words: str) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output


async def inside(namespace: str, *words: str) -> tuple[int, bytes]:
    return await command("ip", "netns", "exec", namespace, *words)


async def move(namespace: str, interface: str, address: str) -> None:
    assert await command("ip", "link", "set", interface, "netns", namespace) == (0, b"")
    for words in (
        ("ip", "address", "add", f"{address}/32", "dev", interface),
        ("ip", "link", "set", interface, "up"),
        ("ip", "route", "add", "default", "dev", interface),
    ):
        assert await inside(namespace, *words) == (0, b"")


@pytest.mark.root
def test_when_a_session_is_a_tun_then_programs_of_the_host_are_the_terminals(namespace):
    for program in ("ping", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")

    async def script():
        async with Network(real_time=True) as network:
            ue = network.ue()
            await ue.register()
            session = await ue.pdu_session()
            with session.tun() as interface:
                await move(namespace, interface, session.ip)
                ping = await inside(namespace, "ping", "-c", "2", "-i", "0.2", "-W", "5", session.gateway)
                page = await inside(
                    namespace, "curl", "-sS", "--max-time", "20", f"http://{session.gateway}/bytes/3000000"
                )
            return ping, page, await session.ping(), session.traffic

    ping, page, own, traffic = asyncio.run(script())
    assert ping[0] == 0, ping[1]
    assert page[0] == 0, page[1][:200]
    assert len(page[1]) == 3_000_000
    assert own.rtt_ms is not None
    assert traffic.downlink > 3_000_000


def test_when_there_is_no_right_to_a_tun_then_one_line_says_so(monkeypatch):
    monkeypatch.setattr("freehold.net.tun.DEVICE", "/nonexistent/tun")

    async def script():
        async with Network() as network:
            ue = network.ue()
            await ue.register()
            session = await ue.pdu_session()
            with session.tun():
                pass

    with pytest.raises(Unusable, match="needs root"):
        asyncio.run(script())
