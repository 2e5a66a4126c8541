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
from freehold.app.config import parse
from freehold.app.network import Network

async def main():
    async with Network(parse(sys.argv[1]), real_time=True, outside=True):
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

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
        running.communicate()
        found["withdrawn"] = until(lambda routes: not routes, folder / "far")
        running = upf(folder)
        found["learnt again"] = until(lambda routes: len(routes) == 2, folder / "far")
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
