"""Whole networks over cables: ping and iperf3 of a terminal through gNB, N3, the kernel's fast path and N6."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from freehold.app.config import load
from interopkit import tshark
from interopkit.program import Program

from .terminal_host import subscription

FREEHOLD = Path(sys.executable).with_name("freehold")
TERMINAL_HOST = Path(__file__).with_name("terminal_host.py")
SERVER = "203.0.113.1"
MOST_CABLE = 1514
"""Octets of the longest frame on a cable: more in one packet is a run of segments."""
TUN = "none"
"""The type of the only link that a UPF's host has without Ethernet."""
TOML = """
[network]
plmn = "001/01"
[[dnn]]
name = "internet"
pool = "10.45.0.0/16"
n6 = "route"
{more}
[amf]
n2 = ["unix:{folder}/n2.sock"]
[store]
path = "{folder}/data"
[management]
socket = "{folder}/api.sock"
"""
CORE = '[upf]\nn3 = "192.0.2.1"\npath = "{path}"\n'
RAN = '[[gnb]]\namf = "unix:{folder}/n2.sock"\nn3 = "192.0.2.10"\n'

pytestmark = [
    pytest.mark.root,
    pytest.mark.xdist_group("xdp"),
    pytest.mark.skipif(os.geteuid() != 0, reason="XDP and network namespaces need root"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here"),
    pytest.mark.skipif(
        not all(map(shutil.which, ("ip", "ping", "iperf3", "ethtool"))),
        reason="needs ip (iproute2), ping, iperf3 and ethtool",
    ),
]


def sh(script):
    return subprocess.run(script, shell=True, check=True, capture_output=True, text=True).stdout


class Hosts:
    """Four hosts: a terminal beside its gNB, the core, and the data network's router with a server behind it."""

    def __init__(self, stack, *, drivers):
        """Without `drivers` the core's N3 is an interface whose driver has no XDP of its own."""
        self._drivers = drivers
        self.names = {name: f"fhx{os.getpid()}{name}" for name in ("ran", "core", "data", "terminal")}
        for name in self.names.values():
            sh(f"ip netns add {name}; ip -n {name} link set lo up")
            stack.callback(sh, f"ip netns del {name}")
        self._cable("core", "n3", "192.0.2.1", "ran", "192.0.2.10")
        self._cable("core", "n6", "198.51.100.2", "data", "198.51.100.1")
        self.sh("core", "ip route add default via 198.51.100.1")
        self.sh("data", f"ip addr add {SERVER}/32 dev lo; ip route add 10.45.0.0/16 via 198.51.100.2")

    def _cable(self, near, device, address, far, far_address):
        near, far = self.names[near], self.names[far]
        cable = device if self._drivers else f"{device}-cable"
        virtual = f"ip -n {near} link add {device} link {cable} type macvlan mode bridge;"
        sh(
            f"ip link add {cable} netns {near} type veth peer name {device} netns {far};"
            f"ip -n {near} link set {cable} up; {'' if self._drivers else virtual}"
            f"ip -n {near} addr add {address}/24 dev {device}; ip -n {near} link set {device} up;"
            f"ip -n {far} addr add {far_address}/24 dev {device}; ip -n {far} link set {device} up;"
            f"ip netns exec {far} ethtool -K {device} gro on"  # a veth takes redirected frames only so
        )

    def within(self, name, *words):
        return ["ip", "netns", "exec", self.names[name], *map(str, words)]

    def sh(self, name, script):
        return subprocess.run(
            self.within(name, "sh", "-c", script), check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def finish_checksums(self):
        """As over a real cable: the data network's packets carry whole checksums, and no run of segments."""
        self.sh("data", "ethtool -K n6 tx off")


class Site:
    """The core's process, a server, and a terminal."""

    def __init__(self, folder, stack, path, *, drivers=True, dnn=""):
        """`dnn` are more settings of the data network."""
        self.hosts = Hosts(stack, drivers=drivers)
        self.folder, self.stack = folder, stack
        self.core_file, self.ran_file = folder / "core.toml", folder / "ran.toml"
        self.core_file.write_text(TOML.format(folder=folder, more=dnn + CORE.format(path=path)))
        self.ran_file.write_text(TOML.format(folder=folder, more=RAN.format(folder=folder)))
        self._subscribe()
        self.core = self._start("core", FREEHOLD, "run", "core", "upf", "-c", self.core_file)
        self.core.wait_for("0 gNB", seconds=60)
        server = self._start("data", "iperf3", "-s", "--forceflush", "-B", SERVER)
        server.wait_for("listening")

    def _start(self, host, *words):
        return self.stack.enter_context(Program(self.hosts.within(host, *words)))

    def _subscribe(self):
        one = subscription(load(self.core_file), 1)
        self.supi = one.supi.value
        sims = self.folder / "sims.csv"
        with sims.open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(("supi", "k", "opc"))
            rows.writerow((one.supi.value, bytes(one.authentication.k).hex(), bytes(one.authentication.opc).hex()))
        subprocess.run([FREEHOLD, "subscriber", "import", sims, "-c", self.core_file], check=True, capture_output=True)

    def attach(self):
        """A terminal with its session; its interface is in the host `terminal`."""
        words = self.hosts.within("ran", sys.executable, TERMINAL_HOST, self.ran_file, 1, self.hosts.names["terminal"])
        process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.stack.callback(process.communicate, timeout=30)
        line = process.stdout.readline()
        assert line.startswith("ready"), process.stderr.read()

    def ping(self, count=20, size=56):
        """How many echoes came back."""
        said = self.hosts.sh("terminal", f"ping -c {count} -i 0.02 -W 2 -s {size} {SERVER} || true")
        return int(re.search(r"(\d+) received", said)[1])

    def iperf(self, *more):
        """What iperf3 says of one second, both ends."""
        for _ in range(5):
            done = self.hosts.sh("terminal", f"iperf3 -J -t 1 -c {SERVER} {' '.join(more)}")
            end = json.loads(done)["end"]
            if "sum_received" in end or "sum" in end:
                break
        return end

    def report(self, path, place, up, down):
        """The rates in the test's output: no figure is a condition."""
        rates = [end["sum_received"]["bits_per_second"] / 1e9 for end in (up, down)]
        sys.stdout.write(f"{path}, {place}: {rates[0]:.2f} Gbit/s up, {rates[1]:.2f} down\n")

    def carried(self, host, name):
        """What a host's link of that name or type received and sent; a run of segments nobody cut is one packet."""
        links = json.loads(self.hosts.sh(host, "ip -j -s link"))
        [found] = [link["stats64"] for link in links if name in (link["ifname"], link["link_type"])]
        return found

    def through_tun(self):
        """Packets and octets that took the portable engine, in both directions: those that met its TUN."""
        tun = self.carried("core", TUN)
        return [tun["rx"][unit] + tun["tx"][unit] for unit in ("packets", "bytes")]

    def settle(self):
        """Until both neighbours are known: the first packets take the portable engine."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            before = self.through_tun()
            if self.ping(3) == 3 and self.through_tun() == before:
                return
        raise AssertionError(self.core.output)


@pytest.fixture
def site_of(tmp_path):
    with ExitStack() as stack:
        yield lambda path, **more: Site(tmp_path, stack, path, **more)


@pytest.mark.parametrize(
    ("path", "drivers", "place"),
    [
        ("xdp", True, "native XDP"),
        ("xdp", False, r"generic XDP.*refuses better: .*not supported"),
        ("tc", True, r"\(TC\)"),
        ("auto", True, "native XDP"),
        ("auto", False, r"\(TC\).*refuses better: .*not supported"),
    ],
)
def test_when_a_terminal_sends_through_the_kernel_then_ping_and_iperf_work_and_pass_the_engine_by(
    site_of, path, drivers, place
):
    site = site_of(path, drivers=drivers)
    site.core.wait_for(place)
    site.hosts.finish_checksums()
    site.attach()
    site.settle()
    before = site.through_tun()
    assert site.ping() >= 15  # a busy machine may lose some
    assert site.through_tun() == before
    up, down = site.iperf(), site.iperf("-R")
    datagrams = site.iperf("-u", "-b", "5M", "-l", "1200")
    site.report(path, place, up, down)
    carried = [end["sum_received"]["bytes"] for end in (up, down)]
    assert min(carried) > 1_000_000
    assert datagrams["sum"]["lost_percent"] < 50
    if "native" in place:  # elsewhere the engine takes runs of segments and keeps them whole
        assert site.through_tun()[1] - before[1] < sum(carried) / 20
    assert site.ping(3, size=4000) == 3  # fragments take the engine


@pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark here")
def test_when_a_terminal_s_packets_are_traced_then_n3_and_n6_can_be_read_and_it_returns_to_the_kernel(
    site_of, tmp_path
):
    site = site_of("xdp")
    site.hosts.finish_checksums()
    site.attach()
    site.settle()
    capture = tmp_path / "trace.pcapng"
    words = ("trace", "--ue", site.supi, "--user-plane", "--pcap", capture, "--octets", 100, "-c", site.core_file)
    with Program(site.hosts.within("core", FREEHOLD, *words)) as trace:
        trace.wait_for("writing")
        end = time.monotonic() + 20
        while time.monotonic() < end and len(tshark.fields(capture, "frame.number", only="icmp")) < 40:
            site.ping(5, size=400)
        assert trace.interrupt() == 0
    assert [row for row in tshark.malformed(capture) if row[1]] == []
    assert len(tshark.fields(capture, "frame.number", only="gtp && icmp")) >= 20
    assert len(tshark.fields(capture, "frame.number", only="!gtp && icmp")) >= 20
    assert {row[0] for row in tshark.fields(capture, "frame.cap_len", only="!gtp")} == {"114"}
    site.settle()


@pytest.mark.skipif(not all(map(shutil.which, ("nfcapd", "nfdump"))), reason="needs nfcapd and nfdump")
def test_when_flows_are_recorded_then_a_collector_has_each_direction_of_each(site_of, tmp_path):
    folder = tmp_path / "flows"
    folder.mkdir()
    site = site_of("auto", dnn='flow_records = "127.0.0.1:4739"\n')
    with Program(site.hosts.within("core", "nfcapd", "-p", 4739, "-b", "127.0.0.1", "-w", folder)) as collector:
        site.attach()
        collector.wait_for("Startup")
        back = site.ping()
        assert site.core.interrupt() == 0
        collector.interrupt()
    done = subprocess.run(
        ["nfdump", "-R", folder, "-q", "-o", "fmt:%sa %da %pr %pkt %byt"], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    totals = {}
    for source, _, protocol, packets, octets in rows:
        if protocol == "ICMP":
            before = totals.get(source, (0, 0))
            totals[source] = before[0] + int(packets), before[1] + int(octets)
    assert len(totals) == 2
    assert sorted(totals.values()) == [(back, back * 84), (20, 20 * 84)], done.stdout


def test_when_checksums_are_left_to_devices_then_the_host_s_stack_makes_them(site_of):
    site = site_of("tc")
    site.attach()
    assert site.ping() >= 15
    assert site.iperf("-R")["sum_received"]["bytes"] > 1_000_000


@pytest.mark.parametrize("path", ["tun", "tc"])
@pytest.mark.parametrize(
    ("more", "places"),
    [
        ((), [("core", TUN, "rx"), ("data", "n6", "rx")]),
        (("-R",), [("core", TUN, "tx"), ("ran", "n3", "rx")]),
    ],
    ids=["up", "down"],
)
def test_when_tcp_passes_then_runs_of_segments_stay_whole_on_both_sides_of_the_upf(site_of, path, more, places):
    site = site_of(path)
    site.attach()
    assert site.ping(3) > 0
    before = [site.carried(host, link)[way] for host, link, way in places]
    assert site.iperf(*more)["sum_received"]["bytes"] > 1_000_000
    for (host, link, way), earlier in zip(places, before, strict=True):
        now = site.carried(host, link)[way]
        octets, packets = (now[unit] - earlier[unit] for unit in ("bytes", "packets"))
        sys.stdout.write(f"{path} {host} {link}: {octets / packets:.0f} octets a packet\n")
        assert octets / packets > MOST_CABLE, (host, link)
