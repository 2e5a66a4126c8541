"""eUPF: a UPF in XDP that Freehold's SMF drives. It is a router: its N6 is a cable to a host of its own."""

from __future__ import annotations

from contextlib import contextmanager

from interopkit.core import GATEWAY
from interopkit.data_network import data_network
from interopkit.namespaces import CORE_ADDRESS, RAN_ADDRESS
from interopkit.program import Program

N4_ADDRESS = "127.0.0.7"
MAPS = ("qersize", "farsize", "urrsize", "pdrsize")
WITH_BPF_FILES = 'mount -t bpf bpf /sys/fs/bpf && exec "$@"'
"""`ip netns exec` gives a program a /sys of its own, without the BPF file system."""
DELETED = "Session Deletion Request"


@contextmanager
def behind_n6(hosts):
    """The host behind N6: it has the pool's gateway for its own address, and eUPF's neighbours are known."""
    with data_network(hosts, GATEWAY) as name:
        for address in (RAN_ADDRESS, GATEWAY):
            assert hosts.run(hosts.core, "ping", "-c", "1", "-W", "5", address).returncode == 0
        yield name


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
