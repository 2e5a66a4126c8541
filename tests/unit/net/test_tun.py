from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from freehold.net.tun import Tun, TunSettings
from freehold.spec.errors import Unusable

SCENARIOS = Path(__file__).with_name("namespace.py")

pytestmark = [
    pytest.mark.root,
    pytest.mark.xdist_group("tun"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a TUN and a network namespace need root"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here"),
    pytest.mark.skipif(not all(map(shutil.which, ("ip", "unshare", "nsenter"))), reason="no iproute2 or util-linux"),
]

needs_ipv6 = pytest.mark.skipif(not Path("/proc/sys/net/ipv6").exists(), reason="no IPv6 in this kernel")
needs_nft = pytest.mark.skipif(shutil.which("nft") is None, reason="no nft here")


def scenario(name: str, **options: object) -> dict[str, object]:
    command = [*options.pop("prefix", ("unshare", "--net")), sys.executable, str(SCENARIOS), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CLEAN = {"interface": False, "tables": "", "forwarding": "0"}


@needs_nft
def test_when_n6_is_nat_then_terminals_reach_host_and_outside_and_everything_is_taken_back():
    found = scenario("nat")
    assert found == {"pings": [True, True], "name": "fh0", "after": CLEAN}


@needs_nft
def test_when_n6_is_route_then_the_printed_return_route_is_what_the_outside_needs():
    found = scenario("route")
    assert found["line"] == "ip route add 10.45.0.0/16 via 198.51.100.2"
    assert (found["before"], found["pings"], found["after"]) == ([False], [True], CLEAN)


@needs_nft
@needs_ipv6
def test_when_n6_is_nat_then_terminals_reach_the_outside_over_both_versions_and_everything_is_taken_back():
    found = scenario("nat_6")
    assert found["pings"] == [True] * 4, found["said"]
    assert (found["router"], found["after"]) == ("2", "1")
    assert found["autoconfigured"]["routers"] == ["fe80::1"]
    assert found["autoconfigured"]["addresses"][0].startswith("fd45::1:")
    assert (found["tables"], found["forwarding"]) == ("", "0")


@needs_ipv6
@pytest.mark.skipif(shutil.which("iperf3") is None, reason="no iperf3 here")
def test_when_n6_is_route_then_iperf3_passes_both_ways_over_ipv6():
    found = scenario("route_6")
    assert found["router"][0], found["router"]
    assert all(isinstance(found[way], float) and found[way] > 1e6 for way in ("up", "down")), found


@needs_ipv6
def test_when_n3_is_on_sockets_of_both_versions_then_each_gnb_is_served_on_its_own():
    assert scenario("outer_6") == {
        "127.0.0.2": ["fd45:0:0:2::102", 1300, 1300, 20_000],
        "fd03::10": ["fd45:0:0:3::103", 1300, 1300, 20_000],
    }


def test_when_a_terminal_fetches_a_page_of_the_host_then_all_of_it_comes():
    found = scenario("tcp")
    assert found["whole"]


def test_when_a_terminal_uploads_to_the_host_then_all_of_it_comes_in_order():
    found = scenario("upload")
    assert found["whole"]
    assert found["packets"] > 700


def test_when_there_is_no_right_to_a_tun_then_one_line_says_what_to_do():
    code = (
        "from freehold.net.tun import Tun, TunSettings\n"
        "from freehold.spec.errors import Unusable\n"
        "import os; os.setgid(65534); os.setuid(65534)\n"
        "try: Tun(TunSettings(('10.45.0.0/16',), 'nat'))\n"
        "except Unusable as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "a TUN needs root or CAP_NET_ADMIN" in done.stdout
    assert len(done.stdout.splitlines()) == 1


class Commands:
    """Answers the commands of a firewall, and remembers them."""

    def __init__(self, policy: str, *, fails: str = "") -> None:
        self.policy = policy
        self.fails = fails
        self.seen: list[list[str]] = []

    def __call__(self, command: list[str], given: str | None) -> subprocess.CompletedProcess[str]:
        self.seen.append(command)
        code = int("-C" in command or command[0] == self.fails)
        return subprocess.CompletedProcess(command, code, self.policy, "no such thing\nmore")


def test_when_the_host_drops_what_it_forwards_then_terminals_are_admitted_and_later_not(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/sbin/" + name if name == "iptables" else None)
    commands = Commands("-P FORWARD DROP\n")
    tun = Tun(TunSettings(("10.213.0.0/24",), "nat", name="fhtest%d"), commands)
    assert [str(address) for address in tun.gateways] == ["10.213.0.1"]
    tun.close()
    inserted = [command[command.index("-I") + 1 :] for command in commands.seen if "-I" in command]
    removed = [command[command.index("-D") + 1 :] for command in commands.seen if "-D" in command]
    assert len(inserted) == 3
    assert sorted(inserted) == sorted(removed)


@pytest.mark.parametrize(
    ("known", "fails", "line"),
    [
        ("nothing", "", 'n6 = "nat" needs nft or iptables'),
        ("nft", "nft", "nft for fhtest0: no such thing"),
    ],
)
def test_when_masquerade_is_not_possible_then_one_line_says_so_and_the_interface_is_gone(
    monkeypatch, known, fails, line
):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/sbin/" + name if name == known else None)
    with pytest.raises(Unusable, match=line):
        Tun(TunSettings(("10.213.0.0/24",), "nat", name="fhtest%d"), Commands("", fails=fails))
    assert not Path("/sys/class/net/fhtest0").exists()
