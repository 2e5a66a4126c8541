"""Freehold's SMF drives eUPF, whose datapath is XDP, and UERANSIM's packets pass through it."""

import shutil

import pytest

from interopkit import eupf
from interopkit.core import GATEWAY
from interopkit.data_network import serve
from interopkit.ueransim import DEREGISTERED, TUNNEL

MEGABYTES = 10

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


@pytest.fixture
def site(site_of):
    """A core whose SMF has its UPF at another address."""
    return site_of(upf="", smf_n4="127.0.0.4", upf_n4=eupf.N4_ADDRESS)


@pytest.fixture
def network(site, eupf_program):
    """eUPF and the core with an association between them; the host behind N6, and eUPF."""
    site.subscribe(1)
    with eupf.behind_n6(site.hosts) as behind, eupf.start(eupf_program, site) as upf, site.start("core"):
        upf.wait_for("Got Association Setup Request")
        yield behind, upf


def test_when_eupf_is_driven_then_packets_pass_and_the_session_ends_there(network, site, ueransim):
    _, upf = network
    with ueransim.gnb(), ueransim.ue() as ue:
        interface, address = ue.wait_for(TUNNEL)[0].groups()
        assert ueransim.ping(interface, GATEWAY) == 3
        assert [session["ip"] for session in site.ask("session")] == [address]
        ueransim.order(1, "deregister disable-5g")
        ue.wait_for(DEREGISTERED)
        upf.wait_for(eupf.DELETED)
        assert site.ask("session") == []


@pytest.mark.parametrize("direction", [(), ("-R",)], ids=["up", "down"])
def test_when_a_terminal_moves_megabytes_through_eupf_then_they_arrive(network, site, ueransim, iperf3, direction):
    behind, _ = network
    if shutil.which("ethtool") is None:
        pytest.skip("packets as a wire has them need ethtool")
    assert iperf3
    with ueransim.gnb(), ueransim.ue() as ue:
        _, address = ue.wait_for(TUNNEL)[0].groups()
        with serve(site.hosts, behind, GATEWAY):
            end = ueransim.move(address, GATEWAY, MEGABYTES, *direction)
        assert end["sum_received"]["bytes"] > MEGABYTES << 19
