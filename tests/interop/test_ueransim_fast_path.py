"""UERANSIM's packets through the program in the kernel and through the engine: which way they took, and how."""

import shutil
import sys
import time

import pytest

from interopkit.data_network import SERVER, data_network, serve
from interopkit.ueransim import TUNNEL
from interopkit.ways_taken import taken

MEGABYTES = 10
LONGEST = 1400
"""Octets of a terminal's longest packet, its interface's MTU: more in one is a run of segments."""
UDP = ("-u", "-b", "20M", "-l", "1200")
PLACES = {"xdp": "native XDP", "tc": r"\(TC\)", "tun": "leave through"}

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


@pytest.fixture
def site(site_of, path, n6):
    """A core whose UPF takes packets there."""
    return site_of(path=path, n6=n6)


@pytest.fixture
def terminal(site, ueransim, iperf3, path, n6):
    """A terminal's interface and address; a server is in the data network, and neighbours are known."""
    if shutil.which("ethtool") is None:
        pytest.skip("packets as a wire has them need ethtool")
    assert iperf3
    site.subscribe(1)
    with (
        data_network(site.hosts, SERVER, routed=n6 == "route", runs=path == "tun") as behind,
        site.start() as core,
        serve(site.hosts, behind, SERVER),
        ueransim.gnb(),
        ueransim.ue() as ue,
    ):
        core.wait_for(PLACES[path])
        interface, address = ue.wait_for(TUNNEL)[0].groups()
        assert ueransim.ping(interface, SERVER) > 0
        yield interface, address


def settled(site, ping):
    """Packets of ping once none of its packets meets the engine."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        before = taken(site.hosts)
        answered, ways = ping(), taken(site.hosts).since(before)
        if not ways.up and not ways.down:
            return answered, ways
    raise AssertionError(ways)


def moved(site, ueransim, address, *words):
    """The octets that iperf3 brought to the other end, and the ways of their packets."""
    before = taken(site.hosts)
    end = ueransim.move(address, SERVER, MEGABYTES, *words)
    return end, taken(site.hosts).since(before)


def tcp(site, ueransim, address):
    """TCP up and down: the ways that its packets took."""
    found = []
    for words in ((), ("-R",)):
        end, ways = moved(site, ueransim, address, *words)
        assert end["sum_received"]["bytes"] > MEGABYTES << 19
        sys.stdout.write(f"TCP {words}: {end['sum_received']['bits_per_second'] / 1e6:.0f} Mbit/s, {ways}\n")
        found.append(ways)
    return found


def udp(site, ueransim, address):
    """Datagrams up and down: how many arrived, and the ways that they took."""
    found = []
    for words in (UDP, (*UDP, "-R")):
        end, ways = moved(site, ueransim, address, *words)
        arrived = end["sum"]["packets"] - end["sum"]["lost_packets"]
        sys.stdout.write(f"UDP {words}: {arrived} of {end['sum']['packets']} arrived, {ways}\n")
        assert arrived > end["sum"]["packets"] / 2
        found.append((arrived, ways))
    return found


@pytest.mark.parametrize("n6", ["route"])
@pytest.mark.parametrize("path", ["xdp", "tc"])
def test_when_the_data_network_is_routed_then_the_program_carries_the_packets_of_a_foreign_gnb(
    site, ueransim, terminal
):
    interface, address = terminal
    answered, ways = settled(site, lambda: ueransim.ping(interface, SERVER))
    assert (answered, ways.fast_up, ways.fast_down) == (3, 3, 3)
    up, down = tcp(site, ueransim, address)
    (datagrams_up, udp_up), (datagrams_down, udp_down) = udp(site, ueransim, address)
    assert min(up.fast_up, down.fast_down) > (MEGABYTES << 19) / LONGEST
    assert udp_up.fast_up >= datagrams_up
    assert udp_down.fast_down >= datagrams_down
    for ways in (up, down, udp_up, udp_down):
        assert ways.up + ways.down < (ways.fast_up + ways.fast_down) / 100
    [session] = site.ask("session")
    assert session["uplink_bytes"] > MEGABYTES << 20
    assert session["downlink_bytes"] > MEGABYTES << 20


@pytest.mark.parametrize("n6", ["nat"])
@pytest.mark.parametrize("path", ["xdp", "tc"])
def test_when_terminals_are_hidden_then_the_program_carries_settled_connections_of_a_foreign_gnb(
    site, ueransim, terminal
):
    interface, address = terminal
    assert ueransim.ping(interface, SERVER) == 3
    up, down = tcp(site, ueransim, address)
    assert up.up + up.down < up.fast_up / 10
    assert down.up + down.down < down.fast_down / 10
    for (arrived, ways), way in zip(udp(site, ueransim, address), ("fast_up", "fast_down"), strict=True):
        assert getattr(ways, way) > arrived / 8  # two seconds pass before the host calls a flow of datagrams assured


@pytest.mark.parametrize(("path", "n6"), [("tun", "route"), ("tun", "nat")])
def test_when_the_engine_carries_tcp_of_a_foreign_gnb_then_runs_of_segments_pass_its_tun(site, ueransim, terminal):
    _, address = terminal
    up, down = tcp(site, ueransim, address)
    assert up.fast_up == down.fast_down == 0
    assert up.up_octets / up.up > LONGEST
    assert down.down_octets / down.down > LONGEST
