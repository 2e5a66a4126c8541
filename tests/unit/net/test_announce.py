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

import pytest

from freehold.app.config import parse
from freehold.net.announce import Announcement, route
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
    with pytest.raises(Unusable, match=r"upf\.announce\.networks: 10\.9\.0\.0/24"):
        route(ip_network("10.9.0.0/24"), "fh0", shell)


def test_when_nothing_is_routed_then_there_is_nothing_to_announce():
    with pytest.raises(Unusable, match="nothing to announce"):
        parse("[upf.announce]\nasn = 64512\n")


@pytest.mark.root
def test_when_the_upf_runs_then_a_neighbour_learns_the_pool_and_loses_it_with_the_upf():
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
        "withdrawn": [],
        "learnt again": ["10.45.0.0/16", "10.77.0.0/24"],
        "killed": [],
    }
