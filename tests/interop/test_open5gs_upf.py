"""Freehold's SMF drives an unmodified open5gs-upfd, and UERANSIM's packets pass through it."""

import json
import sys
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from interopkit import open5gs, own_terminal
from interopkit.core import GATEWAY, N2_PORT, POOL, POOL6, Site
from interopkit.namespaces import CORE_ADDRESS
from interopkit.ueransim import DEREGISTERED, TUNNEL

MEGABYTES = 10

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


@pytest.fixture
def site(site_of):
    """A core whose SMF has its UPF at another address."""
    return site_of(upf="", smf_n4="127.0.0.4", upf_n4=open5gs.N4_ADDRESS)


def test_when_a_foreign_upf_is_driven_then_packets_pass_and_the_session_ends_there(site, open5gs_upf, ueransim):
    site.subscribe(1)
    with open5gs.start(open5gs_upf, site) as upf, site.start("core"), ueransim.gnb(), ueransim.ue() as ue:
        upf.wait_for(open5gs.ASSOCIATED)
        interface, address = ue.wait_for(TUNNEL)[0].groups()
        assert upf.wait_for(open5gs.ADDED)[0][1] == "1"
        assert ueransim.ping(interface, GATEWAY) == 3
        assert [session["ip"] for session in site.ask("session")] == [address]
        ueransim.order(1, "deregister disable-5g")
        ue.wait_for(DEREGISTERED)
        assert upf.wait_for(open5gs.REMOVED)[0][1] == "0"
        assert site.ask("session") == []


@pytest.mark.parametrize("direction", [(), ("-R",)])
def test_when_a_terminal_moves_megabytes_through_a_foreign_upf_then_they_arrive(
    site, open5gs_upf, ueransim, iperf3, direction
):
    site.subscribe(1)
    with open5gs.start(open5gs_upf, site), site.start("core"), ueransim.gnb(), ueransim.ue() as ue:
        _, address = ue.wait_for(TUNNEL)[0].groups()
        with iperf3(site.hosts):
            end = ueransim.move(address, GATEWAY, MEGABYTES, *direction)
        assert end["sum_received"]["bytes"] > MEGABYTES << 19


def test_when_a_foreign_upf_is_killed_and_started_again_then_the_session_is_set_up_again(site, open5gs_upf, ueransim):
    site.subscribe(1)
    with site.start("core"), ueransim.gnb(), open5gs.start(open5gs_upf, site) as first, ueransim.ue() as ue:
        ue.wait_for(TUNNEL)
        first.kill()
        site.hosts.run(site.hosts.core, "ip", "link", "del", open5gs.TUN)
        with open5gs.start(open5gs_upf, site) as second:
            second.wait_for(open5gs.ASSOCIATED, seconds=60)
            interface, _ = ue.wait_for(TUNNEL, count=2, seconds=60)[1].groups()
            assert ueransim.ping(interface, GATEWAY) == 3


class Own:
    """Our core and our gNB with one terminal, with that UPF between them."""

    def __init__(self, folder, hosts, kernel_sctp, n4u):
        n2 = f"{CORE_ADDRESS}:{N2_PORT}" if kernel_sctp else f"unix:{folder}/n2.sock"
        settings = {"upf": "", "smf_n4": "127.0.0.4", "upf_n4": open5gs.N4_ADDRESS, "n4u": n4u}
        self.site = Site(folder, hosts, n2, dnn=f'pool6 = "{POOL6}"', **settings)
        self.place, sims = own_terminal.prepare(Path(folder), n2, POOL, POOL6)
        assert self.site.ask("subscriber", "import", str(sims)) == {"added": 1}

    def terminal(self):
        """What became of the terminal's main job."""
        hosts = self.site.hosts
        kit = f"PYTHONPATH={Path(own_terminal.__file__).parents[1]}"
        words = ("env", kit, sys.executable, "-m", "interopkit.own_terminal", self.place)
        done = hosts.run(hosts.ran, *words, seconds=90)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def own_of(hosts, tmp_path, kernel_sctp):
    """Makes our own network; `n4u` is where its SMF is the router of terminals' IPv6 links."""
    return lambda n4u: Own(tmp_path, hosts, kernel_sctp, n4u)


def test_when_the_smf_is_the_router_then_a_terminal_gets_its_prefix_and_pings_through_the_foreign_upf(
    own_of, open5gs_upf
):
    own = own_of("127.0.0.4")
    with open5gs.start(open5gs_upf, own.site) as upf, own.site.start("core"):
        upf.wait_for(open5gs.ASSOCIATED)
        came = own.terminal()
    assert came["failure"] == ""
    assert IPv6Address(came["ip6"]) in IPv6Network(POOL6)
    assert came["rtt"] is not None
    assert came["rtt6"] is not None


def test_when_nobody_is_the_router_then_a_terminal_has_ipv4_alone(own_of, open5gs_upf):
    own = own_of("")
    with open5gs.start(open5gs_upf, own.site) as upf, own.site.start("core"):
        upf.wait_for(open5gs.ASSOCIATED)
        came = own.terminal()
    assert (came["failure"], came["ip6"]) == ("", None)
    assert came["rtt"] is not None
