"""A data network behind the core's N6: a host of its own at the end of a cable, with a server and the way back."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager

from interopkit.core import POOL
from interopkit.program import Program

SERVER = "203.0.113.1"
NEAR, FAR = "10.98.1.1", "10.98.1.2"


@contextmanager
def data_network(hosts, server, *, routed=True, runs=False):
    """The host's name; it is where the core's default route leads, `server` is an address of its own.

    Not `routed`, it knows no terminals: whoever sends there hides them. Without `runs` of segments, packets are as a
    real cable has them, with checksums too. Both of the core's cables take frames that XDP sends.
    """
    name, core = f"fh{os.getpid()}dn", hosts.core
    try:
        for words in (
            ("netns", "add", name),
            ("-n", name, "link", "set", "lo", "up"),
            ("link", "add", "n6", "netns", core, "type", "veth", "peer", "name", "n6", "netns", name),
            ("-n", core, "addr", "add", f"{NEAR}/24", "dev", "n6"),
            ("-n", core, "link", "set", "n6", "up"),
            ("-n", name, "addr", "add", f"{FAR}/24", "dev", "n6"),
            ("-n", name, "addr", "add", f"{server}/32", "dev", "lo"),
            ("-n", name, "link", "set", "n6", "mtu", "1400", "up"),
            *([("-n", name, "route", "add", POOL, "via", NEAR)] if routed else []),
            ("-n", core, "route", "add", "default", "via", FAR),
        ):
            subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
        hosts.run(core, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        hosts.run(name, "ethtool", "-K", "n6", "gro", "on")
        if not runs:
            hosts.run(name, "ethtool", "-K", "n6", "tx", "off", "tso", "off", "gso", "off")
        hosts.run(hosts.ran, "ethtool", "-K", "up0", "gro", "on")
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def serve(hosts, name, server):
    """iperf3's server there; `with` ends it."""
    program = Program(hosts.within(name, "iperf3", "-s", "--forceflush", "-B", server))
    program.wait_for("listening")
    return program
