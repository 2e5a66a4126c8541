"""eUPF: a UPF in XDP that Freehold's SMF drives. It is a router: its N6 is a cable to a host of its own."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager

from interopkit.core import GATEWAY, POOL
from interopkit.namespaces import CORE_ADDRESS, RAN_ADDRESS
from interopkit.program import Program

N4_ADDRESS = "127.0.0.7"
NEAR, FAR = "10.98.1.1", "10.98.1.2"
MAPS = ("qersize", "farsize", "urrsize", "pdrsize")
WITH_BPF_FILES = 'mount -t bpf bpf /sys/fs/bpf && exec "$@"'
"""`ip netns exec` gives a program a /sys of its own, without the BPF file system."""
DELETED = "Session Deletion Request"


@contextmanager
def data_network(hosts):
    """The host behind N6; it has the pool's gateway for its own address, and N3 is known to the core's host."""
    name = f"fh{os.getpid()}dn"
    core = hosts.core
    try:
        for words in (
            ("netns", "add", name),
            ("-n", name, "link", "set", "lo", "up"),
            ("link", "add", "n6", "netns", core, "type", "veth", "peer", "name", "n6", "netns", name),
            ("-n", core, "addr", "add", f"{NEAR}/24", "dev", "n6"),
            ("-n", core, "link", "set", "n6", "up"),
            ("-n", name, "addr", "add", f"{FAR}/24", "dev", "n6"),
            ("-n", name, "addr", "add", f"{GATEWAY}/32", "dev", "lo"),
            ("-n", name, "link", "set", "n6", "mtu", "1400", "up"),
            ("-n", name, "route", "add", POOL, "via", NEAR),
            ("-n", core, "route", "add", f"{GATEWAY}/32", "via", FAR),
        ):
            subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
        hosts.run(core, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        hosts.run(name, "ethtool", "-K", "n6", "tx", "off", "tso", "off", "gso", "off")  # XDP sees packets as they are
        for address in (RAN_ADDRESS, GATEWAY):  # it sends to neighbours that the kernel knows
            assert hosts.run(core, "ping", "-c", "1", "-W", "5", address).returncode == 0
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def start(program, site):
    """The UPF on the core's host, ready for an association."""
    words = ["--iface", "up0", "--iface", "n6", "--attach", "generic", "--ftup", "--loglvl", "debug"]
    words += ["--paddr", f"{N4_ADDRESS}:8805", "--nodeid", N4_ADDRESS, "--n3addr", CORE_ADDRESS]
    words += ["--aaddr", "127.0.0.9:8080", "--maddr", "127.0.0.9:9090"]
    words += [word for name in MAPS for word in (f"--{name}", "1024")]
    upf = Program(site.hosts.within(site.hosts.core, "sh", "-c", WITH_BPF_FILES, "sh", program, *words))
    try:
        upf.wait_for(r"Attached XDP program to iface .n6|Starting PFCP connection")
    except BaseException:
        upf.end()
        raise
    return upf
