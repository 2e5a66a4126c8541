"""An Ethernet data network with a host behind N6, in a network namespace of its own; prints JSON.

usage: lan_namespace.py tap | bridge: the host is behind the TAP itself, or behind a bridge that the TAP is a port of.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from freehold.app.config import parse
from freehold.app.managed import Managed
from freehold.app.network import Network

LAN = '[[dnn]]\nname = "lan"\ntype = "ethernet"\nlocal_switch = "switch"\nn6 = "tap"\ninterface = "lan0"\n'
TAG = 0x6064
HEAR = """
import socket, struct
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as heard:
    heard.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA
    heard.settimeout(30)
    print("ready", flush=True)
    octets = b""
    while octets[12:14] != b"\\x88\\xb5":
        octets, told, *_ = heard.recvmsg(2048, 128)
    tag = struct.unpack_from("=H", told[0][2], 16)[0]
    print(octets[6:12].hex(":"), tag, flush=True)
"""
"""Prints the source and the VLAN tag of one frame of an experimental type."""
SEND = """
import socket, sys, time
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
    out.bind((sys.argv[1], 0))
    for _ in range(40):
        out.send(bytes.fromhex(sys.argv[2]))
        time.sleep(0.1)
"""


def sh(script: str) -> str:
    done = subprocess.run(script, shell=True, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{script}: {done.stderr}"
    return done.stdout


@contextlib.contextmanager
def machine() -> Iterator[int]:
    """Another machine: a process in a network namespace that has no name."""
    sleeper = subprocess.Popen(["unshare", "--net", "sleep", "110"])
    own = Path("/proc/self/ns/net").readlink()
    try:
        while Path(f"/proc/{sleeper.pid}/ns/net").readlink() == own:
            pass
        yield sleeper.pid
    finally:
        sleeper.kill()
        sleeper.wait()


def station(pid: int, interface: str, number: int) -> None:
    """An interface becomes a machine's, with an address."""
    sh(f"ip link set {interface} netns {pid}")
    inside = f"nsenter -t {pid} -n "
    sh(
        f"{inside} sh -c 'ip link set {interface} address 02:00:00:00:00:0{number}; ip link set {interface} up;"
        f"ip addr add 10.9.0.{number}/24 dev {interface}'"
    )


async def tagged(sender: int, interface: str, receiver: int) -> str:
    """The source and the tag that a machine hears of a frame with a VLAN tag for every station."""
    enter = ("nsenter", "-n", "-t")
    hearing = await asyncio.create_subprocess_exec(
        *enter, str(receiver), sys.executable, "-c", HEAR, stdout=asyncio.subprocess.PIPE
    )
    assert hearing.stdout is not None
    await hearing.stdout.readline()
    frame = "ff" * 6 + "020000000001" + f"8100{TAG:04x}" + "88b5" + "00" * 46
    sending = await asyncio.create_subprocess_exec(*enter, str(sender), sys.executable, "-c", SEND, interface, frame)
    line = (await hearing.stdout.readline()).decode().strip()
    await hearing.wait()
    sending.kill()
    await sending.wait()
    return line


async def pings(pid: int, target: str, count: int = 3, wait: str = "10") -> bool:
    process = await asyncio.create_subprocess_exec(
        *("nsenter", "-t", str(pid), "-n", "ping", "-c", str(count), "-i", "0.2", "-W", wait, target),
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await process.wait() == 0


async def main(kind: str) -> dict[str, object]:
    text = LAN
    with machine() as one, machine() as two, machine() as host:
        if kind == "bridge":
            sh("ip link add br0 type bridge; ip link add n6 type veth peer name far")
            sh("ip link set br0 up; ip link set n6 master br0; ip link set n6 up")
            station(host, "far", 9)
            text += 'bridge = "br0"\n'
        async with Network(parse(text), real_time=True, outside=True) as network:
            if kind == "tap":
                station(host, "lan0", 9)
            sessions = []
            for _ in range(2):
                ue = network.ue()
                await ue.register()
                sessions.append(await ue.pdu_session())
            with sessions[0].tun("one") as first, sessions[1].tun("two") as second:
                station(one, first, 1)
                station(two, second, 2)
                reached = {
                    "one to two": await pings(one, "10.9.0.2"),
                    "one to host": await pings(one, "10.9.0.9"),
                    "host to two": await pings(host, "10.9.0.2"),
                }
                tags = [await tagged(one, "one", to) for to in (two, host)]
                heard = sorted(mac for view in Managed(network).sessions() for mac in view.macs)
                # the second terminal takes the first one's address
                sh(f"nsenter -t {two} -n ip link set two address 02:00:00:00:00:01")
                before = network.upf_plane.counters()["drop_inner_source"]
                passed = int(await pings(two, "10.9.0.9", 1, "1"))
                assert network.upf_plane.counters()["drop_inner_source"] > before
        left = [line for line in sh("ip -o link").splitlines() if "lan0" in line]
    return {"reached": reached, "tags": tags, "heard": heard, "spoofed": passed, "left": left}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1]))))
