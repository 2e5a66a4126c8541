"""FRR of this host and of a neighbour, and the UPF between start and end: announce_namespace.py FOLDER; prints JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

FRR = "/usr/lib/frr"
UPF = """
import asyncio, sys
import msgspec
from freehold.app.config import parse
from freehold.app.network import Network

def behind(net, *routes):
    plain = net.subscribe()
    [chosen] = plain.slices
    dnns = tuple(msgspec.structs.replace(one, framed_routes=routes) for one in chosen.dnns)
    given = msgspec.structs.replace(plain, slices=(msgspec.structs.replace(chosen, dnns=dnns),))
    net.core.udr.put(given)
    return given

async def main():
    async with Network(parse(sys.argv[1]), real_time=True, outside=True) as net:
        line = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(line), sys.stdin)
        ue = net.ue(behind(net, "10.88.1.0/24", "10.77.0.0/26"))
        await ue.register()
        print("ready", flush=True)
        while word := (await line.readline()).decode().strip():
            if word == "come":
                session = await ue.pdu_session()
            elif word == "go":
                await ue.release(session)
            print("done", flush=True)

asyncio.run(main())
"""
TEXT = """
[[dnn]]
name = "internet"
n6 = "route"
[upf]
n3 = "10.3.0.1"
path = "tun"
[upf.announce]
asn = 64512
networks = ["10.77.0.0/24"]
folder = "{folder}/own"
[[gnb]]
n3 = "10.3.0.2"
"""


def sh(script: str) -> None:
    done = subprocess.run(script, shell=True, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{script}: {done.stderr}"


def daemons(place: Path, own: int, far: int, neighbour: str, enter: list[str]) -> None:
    (place / "bgpd.conf").write_text(
        f"router bgp {own}\n no bgp ebgp-requires-policy\n neighbor {neighbour} remote-as {far}\n"
        f" neighbor {neighbour} timers 1 3\n neighbor {neighbour} timers connect 1\n"
        f" neighbor {neighbour} advertisement-interval 0\n"
    )
    (place / "zebra.conf").write_text("")
    for name in ("zebra", "bgpd"):
        words = ["-d", "-i", f"{place}/{name}.pid", "-z", f"{place}/zserv.api", "--vty_socket", str(place)]
        subprocess.run([*enter, f"{FRR}/{name}", *words, "-f", f"{place}/{name}.conf", "-P", "0"], check=True)


def learnt(place: Path) -> list[str]:
    """What the neighbour knows of."""
    words = ["vtysh", "--vty_socket", str(place), "-c", "show bgp ipv4 unicast json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return sorted(json.loads(done.stdout)["routes"]) if done.returncode == 0 and done.stdout else []


def until(wanted: Callable[[list[str]], bool], place: Path) -> list[str]:
    found = learnt(place)
    for _ in range(300):
        if wanted(found):
            break
        time.sleep(0.1)
        found = learnt(place)
    return found


def upf(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", UPF, TEXT.format(folder=folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def tell(process: subprocess.Popen[bytes], word: str) -> None:
    """Have the terminal's session come or go."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{word}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline() == b"done\n"


def routed(network: str) -> list[str]:
    """The interfaces that the host sends its packets to."""
    done = subprocess.run(["ip", "-j", "route", "show", network], capture_output=True, text=True, check=True)
    return [route["dev"][:2] for route in json.loads(done.stdout or "[]")]


def main(folder: Path) -> dict[str, list[str]]:
    sleeper = subprocess.Popen(["unshare", "--net", "sleep", "190"])
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{sleeper.pid}/ns/net").readlink() == own:
        pass
    enter = ["nsenter", "-t", str(sleeper.pid), "-n"]
    sh(f"ip link set lo up; ip link add n6 type veth peer name far netns {sleeper.pid}")
    sh("ip addr add 10.3.0.1/32 dev lo; ip addr add 10.3.0.2/32 dev lo")
    sh("ip addr add 198.51.100.2/24 dev n6; ip link set n6 up")
    sh(" ".join([*enter, "sh -c 'ip addr add 198.51.100.1/24 dev far; ip link set far up; ip link set lo up'"]))
    try:
        daemons(folder / "own", 64512, 64513, "198.51.100.1", [])
        daemons(folder / "far", 64513, 64512, "198.51.100.2", enter)
        running = upf(folder)
        found = {"learnt": until(lambda routes: len(routes) == 2, folder / "far")}
        tell(running, "come")
        found["with a session"] = until(lambda routes: len(routes) == 3, folder / "far")
        found["routed"] = routed("10.88.1.0/24")
        tell(running, "go")
        found["without it"] = until(lambda routes: len(routes) == 2, folder / "far")
        found["not routed"] = routed("10.88.1.0/24")
        tell(running, "come")
        found["with another"] = until(lambda routes: len(routes) == 3, folder / "far")
        running.communicate()
        found["withdrawn"] = until(lambda routes: not routes, folder / "far")
        running = upf(folder)
        found["learnt again"] = until(lambda routes: len(routes) == 2, folder / "far")
        tell(running, "come")
        until(lambda routes: len(routes) == 3, folder / "far")
        running.kill()
        running.wait()
        found["killed"] = until(lambda routes: not routes, folder / "far")
    finally:
        for pid in folder.glob("*/*.pid"):
            os.kill(int(pid.read_text()), signal.SIGTERM)
        sleeper.kill()
        sleeper.wait()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
