"""Which way packets took through a UPF: past the host's stack by the program in the kernel, or by the engine's TUN.

    python -m interopkit.ways_taken

prints the program's own counts of each interface of this network namespace.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from freehold.net.xdp import interface_counts

SUPPORT = Path(__file__).parents[1]
N3, N6 = "up0", "n6"
TUN = "none"
"""The type of the only link of the core's host without Ethernet."""


class Ways(NamedTuple):
    """Packets of the program that came by N3 and by N6, and packets and octets of the engine at its TUN.

    A run of segments that nobody cut is one packet.
    """

    fast_up: int
    fast_down: int
    up: int
    up_octets: int
    down: int
    down_octets: int

    def since(self, before):
        """What passed after an earlier count."""
        return Ways(*(now - then for now, then in zip(self, before, strict=True)))


def taken(hosts):
    """What passed until now on the core's host."""
    command = ("env", f"PYTHONPATH={SUPPORT}", sys.executable, "-m", "interopkit.ways_taken")
    counts, links = (
        json.loads(hosts.run(hosts.core, *words).stdout) for words in (command, ("ip", "-j", "-s", "link"))
    )
    fast = [counts[name]["redirected"] if name in counts else 0 for name in (N3, N6)]
    [tun] = [link["stats64"] for link in links if link["link_type"] == TUN]
    return Ways(*fast, *(tun[way][unit] for way in ("rx", "tx") for unit in ("packets", "bytes")))


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(interface_counts()).decode())
