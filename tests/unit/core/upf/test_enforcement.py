"""QoS enforcement rules: packet rates and averaging windows (TS 29.244 5.4)."""

from __future__ import annotations

from typing import Any

from freehold.codecs.pfcp import CreateQER, GateStatus, PacketRate, SessionModificationRequest, UpdateQER
from upfkit import Attached


def attached(**fields: Any) -> Attached:
    return Attached(create_qer=(CreateQER(1, GateStatus(0, 0), qfi=9, **fields),))


def passes(world: Attached, pings: int) -> int:
    return sum(bool(world.ping()) for _ in range(pings))


def test_when_uplink_packets_are_limited_a_minute_then_the_rest_waits_for_the_next():
    # TS 29.244 8.2.63
    world = attached(packet_rate=PacketRate(uplink_time_unit=0, max_uplink=3))
    assert passes(world, 5) == 3
    world.environment.clock.run_until(59)
    assert passes(world, 1) == 0
    world.environment.clock.run_until(61)
    assert passes(world, 1) == 1
    lifted = UpdateQER(1, packet_rate=PacketRate(downlink_time_unit=2, max_downlink=1))
    assert world.ask(SessionModificationRequest(update_qer=(lifted,)), world.seid).cause == 1
    assert passes(world, 3) == 1
    assert world.upf_plane.counters()["drop_rate_exceeded"] == 5


def test_when_a_rule_changes_otherwise_then_its_packet_rate_and_window_stay():
    world = attached(packet_rate=PacketRate(uplink_time_unit=0, max_uplink=2), averaging_window=500)
    world.ping()
    update = UpdateQER(1, gate_status=GateStatus(0, 0))
    assert world.ask(SessionModificationRequest(update_qer=(update,)), world.seid).cause == 1
    assert passes(world, 3) == 1
