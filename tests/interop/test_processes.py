"""Freehold's own parts in processes of their own, joined by the interfaces that foreign ones use."""

import asyncio
import csv
import hashlib
import os
from contextlib import ExitStack

import pytest

from freehold.app.config import load
from freehold.app.demo import drive
from freehold.app.network import Network
from freehold.app.subscriptions import subscriber
from interopkit.core import FREEHOLD, PLMN
from interopkit.program import Program

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

NET = f"127.{os.getpid() >> 8 & 0x7F}.{os.getpid() & 0xFF}"
"""Loopback addresses of this test run alone."""
TOML = f"""
[network]
plmn = "{PLMN}"
[amf]
n2 = ["{{n2}}"]
{{dnn}}
[smf]
n4 = "{NET}.1"
n4u = "{{n4u}}"
[upf]
n3 = "{NET}.2"
n4 = "{NET}.2"
[[gnb]]
amf = "{{n2}}"
n3 = "{NET}.3"
[store]
path = "{{folder}}/data"
[management]
listen = ""
socket = "{{folder}}/api.sock"
"""
UES = 20


class Parts:
    """The processes of one network, and the terminals of this one."""

    def __init__(self, folder, n2, *, dnn="", n4u=""):
        self.file = folder / "freehold.toml"
        self.file.write_text(TOML.format(folder=folder, n2=n2, dnn=dnn, n4u=n4u), encoding="utf-8")
        self.configuration = load(self.file)
        self.subscribers = [
            subscriber(self.configuration, number, hashlib.shake_128(bytes([number])).digest)
            for number in range(1, UES + 1)
        ]
        self.running = ExitStack()
        self.sims = folder / "sims.csv"
        self._import(self.sims)

    def _import(self, place):
        with place.open("w", encoding="ascii", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(("supi", "k", "opc"))
            for one in self.subscribers:
                keys = one.authentication
                rows.writerow((one.supi.value, bytes(keys.k).hex(), bytes(keys.opc).hex()))
        with Program([FREEHOLD, "subscriber", "import", place, "-c", self.file]) as program:
            assert program.exited() == 0, program.output

    def run(self, *names, ready=""):
        """Start the named parts as their own process."""
        program = self.running.enter_context(Program([FREEHOLD, "run", *names, "-c", self.file]))
        if ready:
            program.wait_for(ready, seconds=60)
        return program

    def run_trace(self, *words):
        """Follow the core's ladder."""
        program = self.running.enter_context(Program([FREEHOLD, "trace", *words, "-c", self.file]))
        program.wait_for("SMF +UPF")
        return program

    def terminals(self):
        """A gNB and all terminals as their own process."""
        words = [FREEHOLD, "run", "gnb", "ue", "--sims", self.sims, "-c", self.file]
        return self.running.enter_context(Program(words))

    async def demonstrate(self):
        """A gNB of this process with all terminals: what became of each."""
        network = Network(self.configuration, real_time=True, outside=True, roles={"gnb", "ue"})
        async with network:
            return await drive(network, [network.ue(one) for one in self.subscribers])


@pytest.fixture
def n2(tmp_path, kernel_sctp):
    """Where gNBs reach the AMF."""
    return f"{NET}.1:38412" if kernel_sctp else f"unix:{tmp_path}/n2.sock"


@pytest.fixture
def parts(tmp_path, n2):
    """A network whose parts are started one by one."""
    made = Parts(tmp_path, n2)
    with made.running:
        yield made


@pytest.fixture
def routed(tmp_path, n2):
    """The same with IPv6, and the SMF as the router of terminals' links."""
    made = Parts(tmp_path, n2, dnn='[[dnn]]\nname = "internet"\npool6 = "fd45::/48"', n4u=f"{NET}.4")
    with made.running:
        yield made


def assert_all_served(items):
    assert [item.failure for item in items] == [""] * UES
    assert all(item.guti and item.ip and item.rtt_ms for item in items)
    assert len({item.ip for item in items}) == UES


def test_when_gnb_and_terminals_are_another_process_then_packets_pass(parts):
    core = parts.run("core", "upf", ready="0 gNB")
    assert_all_served(asyncio.run(parts.demonstrate()))
    core.wait_for(f"{UES} registered  0 connected  {UES} sessions")


def test_when_core_and_user_plane_are_two_processes_then_packets_pass(parts):
    core = parts.run("core", ready="0 gNB")
    parts.run("upf")
    core.wait_for("is associated")
    assert_all_served(asyncio.run(parts.demonstrate()))


def test_when_the_smf_is_the_router_of_our_own_upf_then_terminals_have_ipv6_of_it_and_a_trace_shows_it(routed):
    core = routed.run("core", ready="0 gNB")
    routed.run("upf")
    core.wait_for("is associated")
    trace = routed.run_trace("--interfaces", "N4-u")
    items = asyncio.run(routed.demonstrate())
    assert_all_served(items)
    assert all(item.ip6 and item.rtt6_ms for item in items)
    assert len({item.ip6 for item in items}) == UES
    trace.wait_for("N4-u RouterAdvertisement +RFC 4861 4.2", count=UES)


def test_when_the_user_plane_is_killed_then_new_sessions_pass_packets_once_it_is_back(parts):
    core = parts.run("core", ready="0 gNB")
    upf = parts.run("upf")
    core.wait_for("is associated")
    upf.kill()
    parts.run("upf").wait_for("the PFCP peer answers")
    assert not core.found("restarted")
    assert_all_served(asyncio.run(parts.demonstrate()))


def test_when_the_core_is_killed_then_all_terminals_come_back_to_the_next_one_by_themselves(parts):
    served = f"{UES} registered  {UES} connected  {UES} sessions"
    core = parts.run("core", "upf", ready="0 gNB")
    parts.terminals()
    core.wait_for(served)
    core.kill()
    core = parts.run("core", "upf", ready="gNB")  # it may be back before the first line is written
    core.wait_for(served, seconds=90)
