"""Freehold's UPF alone, for another network's SMF, and a gNB's end of a tunnel."""

from __future__ import annotations

import sys
from pathlib import Path

from interopkit.core import GATEWAY
from interopkit.namespaces import CORE_ADDRESS, RAN_ADDRESS
from interopkit.program import Program

SMF_N4, UPF_N4 = "127.0.0.1", "127.0.0.7"
SUPPORT = Path(__file__).parents[1]


def start_upf(site):
    """The UPF on the core's host, whose N6 leads to that host."""
    upf = Program(site.hosts.within(site.hosts.core, *site.command("run", "upf")))
    try:
        upf.wait_for(r"terminals of \S+ leave through")
        upf.wait_for(r"UPF: (the fast path|plain sessions)")
    except BaseException:
        upf.end()
        raise
    return upf


def ping(site, uplink, downlink, terminal, count=5):
    """How many of a terminal's echo requests to the core's host are answered in its tunnels."""
    command = ("env", f"PYTHONPATH={SUPPORT}", sys.executable, "-m", "interopkit.tunnel_end")
    ends = (RAN_ADDRESS, CORE_ADDRESS, uplink, downlink, terminal, GATEWAY, count)
    done = site.hosts.run(site.hosts.ran, *command, *ends)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
