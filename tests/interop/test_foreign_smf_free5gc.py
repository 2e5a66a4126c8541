"""free5GC's unmodified SMF drives Freehold's UPF while UERANSIM attaches: TEIDs of its own, rules as it writes them."""

import pytest

from interopkit import foreign_smf, free5gc
from interopkit.core import GATEWAY
from interopkit.foreign_smf import SMF_N4, UPF_N4
from interopkit.ueransim import DEREGISTERED, TUNNEL

MEGABYTES = 10

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


@pytest.fixture
def site(site_of):
    """A UPF that leaves F-TEIDs to its SMF."""
    return site_of(smf_n4=SMF_N4, upf_n4=UPF_N4, f_teids="smf")


@pytest.fixture
def network(site, site_of, free5gc_smf):
    """The UPF, the foreign SMF, and an AMF that knows it; the SMF beside that AMF has no UPF."""
    alone = site_of(name="amf.toml", smf_n4="127.0.0.5", upf_n4="127.0.0.6")
    site.subscribe(2)
    with foreign_smf.start_upf(site), free5gc.start_amf(alone), free5gc.start_smf(free5gc_smf, site) as smf:
        yield smf


def test_when_free5gc_drives_the_upf_then_packets_pass_and_the_session_ends(network, ueransim):
    with ueransim.gnb(), ueransim.ue() as ue:
        interface, _ = ue.wait_for(TUNNEL)[0].groups()
        assert ueransim.ping(interface, GATEWAY) == 3
        ueransim.order(1, "deregister disable-5g")
        ue.wait_for(DEREGISTERED)
        network.wait_for("PFCP Session Deletion Accepted|Send PFCP Session Deletion|is deleted from pool")
    assert not network.found("PFCP Session .* (Rejected|Not Accepted)")


def test_when_two_terminals_attach_through_free5gc_then_each_has_its_own_tunnel(network, ueransim):
    with ueransim.gnb(), ueransim.ue(2) as ues:
        for match in ues.wait_for(TUNNEL, count=2):
            assert ueransim.ping(match[1], GATEWAY) == 3


@pytest.mark.parametrize("direction", [(), ("-R",)], ids=["up", "down"])
def test_when_a_terminal_moves_megabytes_through_free5gc_then_they_arrive(network, site, ueransim, iperf3, direction):
    with ueransim.gnb(), ueransim.ue() as ue:
        _, address = ue.wait_for(TUNNEL)[0].groups()
        with iperf3(site.hosts):
            end = ueransim.move(address, GATEWAY, MEGABYTES, *direction)
        assert end["sum_received"]["bytes"] > MEGABYTES << 19
    assert not network.found("PFCP Session .* (Rejected|Not Accepted)")
