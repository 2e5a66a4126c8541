"""An unmodified PacketRusher against the core: what UERANSIM's gNB cannot do, a return from idle above all."""

import pytest

from interopkit import packetrusher
from interopkit.packetrusher import CONNECTED

SECOND_GNB = "10.99.1.3"
"""PacketRusher takes the address after the first gNB's."""

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


@pytest.fixture
def needed(packetrusher_program, kernel_sctp):
    """The program, where it can run."""
    if not kernel_sctp:
        pytest.skip("PacketRusher needs the SCTP of a kernel: see test_kernel_sctp.py")
    return packetrusher_program


def test_when_terminals_go_idle_and_come_back_then_their_sessions_are_served_again(needed, site):
    site.subscribe(2)
    idle = ("-n", "2", "--tr", "500", "--idl", "4000", "--tbr", "2000")
    with site.start() as core, packetrusher.start(needed, site, *idle) as ues:
        ues.wait_for(CONNECTED)
        core.wait_for("2 registered  2 connected  2 sessions")
        core.wait_for("2 registered  0 connected  2 sessions")
        core.wait_for("2 registered  2 connected  2 sessions", count=2)
        assert [row["state"] for row in site.ask("session")] == ["ACTIVATED", "ACTIVATED"]
        ues.interrupt()
        core.wait_for("0 registered  0 connected  0 sessions", count=2)


def test_when_a_terminal_moves_to_another_gnb_then_its_session_moves_with_it(needed, site_of):
    site = site_of(ie_order="any")  # PATH SWITCH REQUEST has its IEs in an order of its own
    site.hosts.run(site.hosts.ran, "ip", "addr", "add", f"{SECOND_GNB}/24", "dev", "up0")
    site.subscribe(1)
    with site.start() as core, packetrusher.start(needed, site, "-n", "1", "--xnh", "4000") as ues:
        core.wait_for("2 gNB  1 registered  1 connected  1 sessions")
        ues.wait_for("Receive PathSwitchRequestAcknowledge")
        ues.wait_for("Handover completed successfully")
        assert [row["state"] for row in site.ask("session")] == ["ACTIVATED"]
        ues.interrupt()
        core.wait_for("0 registered  0 connected  0 sessions", count=2)


def test_when_a_terminal_is_handed_over_n2_to_another_gnb_then_its_session_goes_with_it(needed, site_of):
    site = site_of(ie_order="any")
    site.hosts.run(site.hosts.ran, "ip", "addr", "add", f"{SECOND_GNB}/24", "dev", "up0")
    site.subscribe(1)
    with site.start() as core, packetrusher.start(needed, site, "-n", "1", "--ngh", "4000") as ues:
        core.wait_for("2 gNB  1 registered  1 connected  1 sessions")
        ues.wait_for("Initiating Handover Notify")
        ues.wait_for("Releasing UE Context.*Successful handover")
        core.wait_for("2 gNB  1 registered  1 connected  1 sessions")
        assert [row["state"] for row in site.ask("session")] == ["ACTIVATED"]
        ues.interrupt()
        core.wait_for("0 registered  0 connected  0 sessions", count=2)
