"""Core and UPF as two networks joined by N4 on IPv4 or IPv6, in a namespace of its own.

usage: n4_namespace.py VERSION FOLDER; prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from freehold.app.apart import traced_by_others
from freehold.app.config import parse
from freehold.app.handles import PduSession
from freehold.app.managed import Managed
from freehold.app.network import Network

ENDS = {"4": ("10.4.0.1", "10.4.0.2", "32"), "6": ("fd00:4::1", "fd00:4::2", "128")}


def text(smf: str, upf: str, folder: str) -> str:
    bracketed = (f"[{end}]:8805" if ":" in end else end for end in (smf, upf))
    return (
        '[smf]\nn4 = "{}"\n[upf]\nn4 = "{}"\nn3 = "10.3.0.1"\n[[gnb]]\nn3 = "10.3.0.2"\n'.format(*bracketed)
        + f'[management]\nsocket = "{folder}/m.sock"\n'
    )


async def until(ready: object, seconds: float = 20) -> bool:
    for _ in range(int(seconds / 0.02)):
        if ready():  # type: ignore[operator]
            return True
        await asyncio.sleep(0.02)
    return False


def addresses(smf: str, upf: str, length: str) -> None:
    for address, bits in ((smf, length), (upf, length), ("10.3.0.1", "32"), ("10.3.0.2", "32")):
        subprocess.run(["ip", "addr", "add", f"{address}/{bits}", "dev", "lo"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


async def traced(network: Network, plane: Network, session: PduSession) -> list[tuple[str, str]]:
    """What the core gets of the packets at the other process's UPF."""
    found: list[tuple[str, str]] = []
    async with traced_by_others(network.configuration, plane.upf_plane):
        managed = Managed(network)
        managed.trace([session.ip], 256, 1000)
        for _ in range(100):
            await session.ping()
            await asyncio.sleep(0.05)
            found += [(record.interface, record.name) for record in managed.traced()]
            if found:
                break
        managed.trace((), 0, 1)
    return found


async def main(version: str, folder: str) -> dict[str, object]:
    smf, upf, length = ENDS[version]
    addresses(smf, upf, length)
    configuration = parse(text(smf, upf, folder))
    told: list[str] = []
    plane = Network(configuration, real_time=True, outside=True, roles={"upf"})
    await plane.__aenter__()
    core = Network(configuration, real_time=True, outside=True, roles={"core", "gnb", "ue"})
    async with core as network:
        network.world.listen(lambda event: told.append(event.name))
        associated = await until(lambda: network.core.smf.associated)
        ue = network.ue()
        await ue.register()
        session = await ue.pdu_session()
        ping = await session.ping()
        ends = (network.core.smf.sessions[0].user_plane.upf.address[0], [*plane.upf.associations.by_peer])
        packets = await traced(network, plane, session)
        await plane.__aexit__(None, None, None)
        left = await until(lambda: not network.core.smf.associated)
        again = Network(configuration, real_time=True, outside=True, roles={"upf"})
        await again.__aenter__()
        back = await until(lambda: network.core.smf.associated)
    nobody = not again.upf.associations.by_peer
    await again.__aexit__(None, None, None)
    return {
        "associated": associated,
        "answered": ping.rtt_ms is not None,
        "ends": ends,
        "left": left,
        "back": back,
        "nobody": nobody,
        "traced": sorted({*packets}),
        "told": [name for name in told if name.startswith("upf-")],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(*sys.argv[1:]))))
