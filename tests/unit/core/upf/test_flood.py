"""A flood on N4 (negative.md P: a peer that floods)."""

from __future__ import annotations

from freehold.codecs import pfcp
from freehold.spec import counters
from upfkit import OTHER, SMF, SMF_NODE, STRANGER, World


def test_when_a_stranger_floods_then_it_is_counted_and_a_peer_is_still_answered():
    world = World()
    heartbeat = pfcp.HeartbeatRequest(recovery_time_stamp=1)
    for sequence in range(300):
        world.upf.received(pfcp.encode(heartbeat, sequence, None), STRANGER)
    assert world.environment.counts[counters.N4_RATE_EXCEEDED, ""] >= 199
    assert world.ask(heartbeat, source=SMF).recovery_time_stamp
    assert world.associate(OTHER, node=pfcp.NodeID(fqdn="other.example")).cause == 1
    assert world.upf.entity.node_id != SMF_NODE
