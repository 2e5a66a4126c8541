"""A gNB and one terminal as their own host: usage: terminal_host.py CONFIGURATION NUMBER NAMESPACE.

The terminal's session is an interface in NAMESPACE; a line `ready ADDRESS` says so, and the end of the input ends it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from freehold.app.config import load
from freehold.app.network import Network
from freehold.app.subscriptions import subscriber


def sh(script: str) -> None:
    subprocess.run(script, shell=True, check=True, capture_output=True, text=True)


def subscription(configuration, number):
    """The same subscriber in every process."""
    return subscriber(configuration, number, hashlib.shake_128(bytes([number])).digest)


async def main(place: Path, number: int, namespace: str) -> None:
    configuration = load(place)
    async with Network(configuration, real_time=True, outside=True, roles={"gnb", "ue"}) as network:
        ue = network.ue(subscription(configuration, number))
        await ue.register()
        session = await ue.pdu_session()
        with session.tun(f"t{os.getpid()}") as interface:
            there = f"ip -n {namespace}"
            sh(
                f"ip link set {interface} netns {namespace}; {there} addr add {session.ip}/32 dev {interface};"
                f"{there} link set {interface} up; {there} route add default dev {interface}"
            )
            sys.stdout.write(f"ready {session.ip}\n")
            sys.stdout.flush()
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
