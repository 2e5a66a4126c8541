"""An unmodified UERANSIM against the core and UPF as an owner runs them."""

import pytest

from interopkit.core import GATEWAY, POOL
from interopkit.ueransim import DEREGISTERED, REGISTERED, SQN, SWITCHED_OFF, TUNNEL

MEGABYTES = 30

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


def test_when_an_unmodified_gnb_and_terminal_come_then_packets_pass(site, ueransim):
    site.subscribe(1)
    with site.start(), ueransim.gnb(), ueransim.ue() as ue:
        ue.wait_for(REGISTERED)
        interface, address = ue.wait_for(TUNNEL)[0].groups()
        assert ueransim.ping(interface, GATEWAY) == 3
        status = site.ask("status")
        assert (status["gnbs"], status["ues_registered"], status["sessions"]) == (1, 1, 1)
        assert status["uplink_bytes"] == status["downlink_bytes"] == 3 * 84
        assert [session["ip"] for session in site.ask("session")] == [address]
        assert POOL.startswith(address.rsplit(".", 2)[0])
        ueransim.order(1, "deregister disable-5g")
        ue.wait_for(DEREGISTERED)
        status = site.ask("status")
        assert (status["ues_registered"], status["ues_connected"], status["sessions"]) == (0, 0, 0)


def test_when_a_terminal_conceals_its_supi_then_it_is_served(site, ueransim):
    site.subscribe(1)
    with site.start(), ueransim.gnb(), ueransim.ue(home_key=site.home_key()) as ue:
        interface, _ = ue.wait_for(TUNNEL)[0].groups()
        assert ueransim.ping(interface, GATEWAY) == 3
        ueransim.order(1, "deregister switch-off")
        ue.wait_for(SWITCHED_OFF)
        assert site.ask("session") == []


def test_when_the_core_is_killed_then_the_terminal_is_served_again(site, ueransim):
    site.subscribe(1)
    with site.start() as core, ueransim.gnb(), ueransim.ue() as ue:
        ue.wait_for(TUNNEL)
        before = int(ue.wait_for(SQN)[0][1], 16)
        core.kill()
    assert [row["supi"] for row in site.ask("subscriber", "list")] == ["imsi-999700000000001"]
    with site.start(), ueransim.gnb(), ueransim.ue() as ue:
        interface, _ = ue.wait_for(TUNNEL)[0].groups()
        assert ueransim.ping(interface, GATEWAY) == 3
        assert int(ue.wait_for(SQN)[0][1], 16) > before


def test_when_fifty_terminals_come_at_once_then_all_pass_packets(site, ueransim):
    site.subscribe(50)
    with site.start(), ueransim.gnb(), ueransim.ue(50) as ues:
        tunnels = [match.groups() for match in ues.wait_for(TUNNEL, count=50, seconds=120)]
        assert len({address for _, address in tunnels}) == 50
        assert [ueransim.ping(interface, GATEWAY, count=1) for interface, _ in tunnels] == [1] * 50
        status = site.ask("status")
        assert (status["ues_registered"], status["sessions"]) == (50, 50)


@pytest.mark.parametrize(("counted", "direction"), [("uplink_bytes", ()), ("downlink_bytes", ("-R",))])
def test_when_a_terminal_moves_megabytes_then_the_user_plane_counts_them_and_drops_none(
    site, ueransim, iperf3, counted, direction
):
    site.subscribe(1)
    with site.start(), ueransim.gnb(), ueransim.ue() as ue:
        _, address = ue.wait_for(TUNNEL)[0].groups()
        with iperf3(site.hosts):
            end = ueransim.move(address, GATEWAY, MEGABYTES, *direction)
        received = end["sum_received"]["bytes"]
        assert received > MEGABYTES << 19  # iperf3 ends without waiting for the last ones
        [session] = site.ask("session")
        assert session[counted] > received
        dropped = {row["label"]: row["value"] for row in site.ask("counter") if row["label"].startswith("drop_")}
        assert dropped
        assert not any(dropped.values())
