"""Pools announced by a routing daemon of the host, and withdrawn."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from unittest.mock import patch

import pytest

from freehold.app.config import parse
from freehold.net.announce import Announcement, route
from freehold.net.behind import Behind, Outside
from freehold.spec.errors import Unusable

POOLS = (ip_network("10.45.0.0/16"), ip_network("fd45::/48"))
FRR = Path("/usr/lib/frr")


class Shell:
    def __init__(self, *answers: tuple[int, str]) -> None:
        self.lines: list[list[str]] = []
        self.answers = list(answers)

    def __call__(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        self.lines.append(command)
        status, said = self.answers.pop(0) if self.answers else (0, "")
        return subprocess.CompletedProcess(command, status, said, "")


def words(command: list[str]) -> tuple[str, str]:
    return command[-3], command[-1]


def test_when_pools_are_announced_then_each_family_has_its_own_and_the_end_withdraws_them():
    shell = Shell()
    announced = Announcement(64512, POOLS, "/run/other", shell)
    assert shell.lines[0][:5] == ["vtysh", "--vty_socket", "/run/other", "-c", "configure terminal"]
    assert "router bgp 64512" in shell.lines[0]
    announced.close()
    announced.close()
    assert [words(line) for line in shell.lines] == [
        ("address-family ipv4 unicast", "network 10.45.0.0/16"),
        ("address-family ipv6 unicast", "network fd45::/48"),
        ("address-family ipv6 unicast", "no network fd45::/48"),
        ("address-family ipv4 unicast", "no network 10.45.0.0/16"),
    ]


def test_when_the_daemon_refuses_then_one_line_says_so_and_nothing_stays_announced():
    shell = Shell((0, ""), (1, "BGP is already running; AS is 64513\n"))
    with pytest.raises(Unusable, match="AS is 64513"):
        Announcement(64512, POOLS, run=shell)
    assert words(shell.lines[-1])[1] == "no network 10.45.0.0/16"


def test_when_no_route_can_be_had_then_one_line_says_so():
    shell = Shell((2, ""))
    with pytest.raises(Unusable, match=r"route to 10\.9\.0\.0/24, behind fh0"):
        route(ip_network("10.9.0.0/24"), "fh0", shell)


def test_when_nothing_is_routed_then_there_is_nothing_to_announce():
    with pytest.raises(Unusable, match="nothing to announce"):
        parse("[upf.announce]\nasn = 64512\n")


INTERNET, PRIVATE = Outside("fh0", POOLS, announced=True), Outside("fh1")


class Led:
    """What is behind terminals of two data networks, of which the first is announced."""

    def __init__(self, *refusals: str) -> None:
        self.shell = Shell()
        self.host: list[str] = []
        self.refusals = refusals
        self.told: list[str] = []
        announcement = Announcement(64512, (), run=self.shell)
        self.behind = Behind({1: INTERNET, 2: PRIVATE}, announcement, self.told.append, self.route)

    def route(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        said = " ".join(command[3:])
        self.host.append(said)
        refused = any(refusal in said for refusal in self.refusals)
        return subprocess.CompletedProcess(command, int(refused), "", "File exists" if refused else "")

    def changes(self, *changes: tuple[int, str, bool]) -> None:
        """What sessions bring, gathered as while the thread is busy."""
        with patch.object(Behind, "_work", lambda _: None):
            for instance, network, there in changes:
                address, length = network.split("/")
                self.behind.changed(instance, (address, int(length)), there)
        self.behind.settle()

    def announced(self) -> list[str]:
        return [word for line in self.shell.lines for word in line if "network " in word]


def test_when_sessions_bring_networks_then_the_host_has_routes_and_bgp_those_of_routed_ones():
    # TS 23.501 5.6.14
    led = Led()
    led.changes((1, "10.88.1.0/24", True), (1, "10.88.2.0/24", True), (2, "10.99.0.0/24", True))
    assert led.host == ["add 10.88.1.0/24 dev fh0", "add 10.88.2.0/24 dev fh0", "add 10.99.0.0/24 dev fh1"]
    assert len(led.shell.lines) == 1
    assert led.announced() == ["network 10.88.1.0/24", "network 10.88.2.0/24"]
    led.changes((1, "10.88.1.0/24", False), (2, "10.99.0.0/24", False))
    assert led.host[3:] == ["del 10.88.1.0/24 dev fh0", "del 10.99.0.0/24 dev fh1"]
    assert led.announced()[2:] == ["no network 10.88.1.0/24"]
    led.behind.close()
    led.behind.close()
    assert led.announced()[3:] == ["no network 10.88.2.0/24"]
    assert led.told == []


def test_when_a_pool_has_the_network_or_it_comes_and_goes_at_once_then_nothing_is_done():
    led = Led()
    led.changes((1, "10.45.7.0/24", True), (1, "fd45:0:0:700::/56", True), (9, "10.1.0.0/24", True))
    led.changes((1, "10.88.1.0/24", True), (1, "10.88.1.0/24", False))
    assert (led.host, led.shell.lines) == ([], [])


def test_when_a_route_cannot_be_had_then_it_is_told_and_not_announced():
    led = Led("10.88.1.0")
    led.changes((1, "10.88.1.0/24", True), (1, "10.88.2.0/24", True))
    assert led.announced() == ["network 10.88.2.0/24"]
    [why] = led.told
    assert "10.88.1.0/24" in why
    assert "File exists" in why
    led.changes((1, "10.88.1.0/24", False))
    assert len(led.told) == 1


def test_when_two_terminals_of_two_networks_have_one_network_then_the_later_has_it():
    led = Led()
    led.changes((1, "10.88.1.0/24", True))
    led.changes((2, "10.88.1.0/24", True), (1, "10.88.1.0/24", False))
    assert led.host == ["add 10.88.1.0/24 dev fh0", "del 10.88.1.0/24 dev fh0", "add 10.88.1.0/24 dev fh1"]
    assert led.announced() == ["network 10.88.1.0/24", "no network 10.88.1.0/24"]


def test_when_the_daemon_refuses_a_terminals_network_then_it_is_told_and_the_route_stays():
    led = Led()
    led.shell.answers.append((1, "bgpd is not running"))
    led.changes((1, "10.88.1.0/24", True))
    assert led.host == ["add 10.88.1.0/24 dev fh0"]
    assert "bgpd is not running" in led.told[0]


@pytest.mark.root
def test_when_the_upf_runs_then_a_neighbour_learns_pools_and_what_is_behind_terminals_and_loses_it_again():
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare for namespaces")
    if shutil.which("vtysh") is None or not (FRR / "bgpd").exists():
        pytest.skip("FRR (zebra, bgpd, vtysh) is not installed")
    folder = Path("/tmp") / f"freehold-frr-{os.getpid()}"  # where FRR's own user reaches it
    owner = pwd.getpwnam("frr")
    for place in (folder, folder / "own", folder / "far"):
        place.mkdir(mode=0o755)
        os.chown(place, owner.pw_uid, owner.pw_gid)
    try:
        script = Path(__file__).with_name("announce_namespace.py")
        command = ["unshare", "--net", sys.executable, str(script), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told == {
        "learnt": ["10.45.0.0/16", "10.77.0.0/24"],
        "with a session": ["10.45.0.0/16", "10.77.0.0/24", "10.88.1.0/24"],
        "routed": ["fh"],
        "without it": ["10.45.0.0/16", "10.77.0.0/24"],
        "not routed": [],
        "with another": ["10.45.0.0/16", "10.77.0.0/24", "10.88.1.0/24"],
        "withdrawn": [],
        "learnt again": ["10.45.0.0/16", "10.77.0.0/24"],
        "killed": [],
    }
