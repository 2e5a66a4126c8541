"""The target of a handover: its uplink passes before the session's downlink leads there (TS 23.502 4.9.1.3)."""

from __future__ import annotations

from freehold.codecs.pfcp import (
    CreateFAR,
    ForwardingParameters,
    OuterHeaderCreation,
    RemoveFAR,
    SessionModificationRequest,
    UpdateFAR,
    UpdateForwardingParameters,
)
from freehold.codecs.pfcp.flags import ApplyAction, Interface, PFCPSMReqFlag
from freehold.services.access import Tunnel
from upfkit import Attached

TARGET = "192.0.2.20"


class Moving(Attached):
    """A session, and a second gNB that has a bearer for its terminal."""

    def __init__(self):
        super().__init__()
        self.target = self.plane.add_access(TARGET, 8)
        handle, self.end = self.target.add_bearer(Tunnel("192.0.2.1", self.teid), 9)
        self.target.attach(1, "10.45.0.2", 1400)
        self.target.bind(1, handle)
        self.creation = OuterHeaderCreation(gtpu_ipv4=True, teid=self.end.teid, ipv4=bytes((192, 0, 2, 20)))

    def change(self, **fields):
        return self.ask(SessionModificationRequest(**fields), self.seid).cause

    def expect(self, action=ApplyAction.FORW):
        parameters = ForwardingParameters(Interface.ACCESS, outer_header_creation=self.creation)
        return self.change(create_far=(CreateFAR(3, action, forwarding_parameters=parameters),))

    def sends_at_target(self):
        """Whether a packet from there passes; the answer takes the session's downlink."""
        before = self.upf_plane.usage(self.teid).uplink_packets
        self.target.ping(1, "10.45.0.1", 56, lambda _: None)
        self.poll()
        return self.upf_plane.usage(self.teid).uplink_packets > before


def test_when_a_target_is_expected_then_its_uplink_passes_and_downlink_stays_at_the_source():
    world = Moving()
    assert not world.sends_at_target()
    assert world.expect() == 1
    assert world.sends_at_target()
    assert len(world.ping()) == 1
    assert world.change(remove_far=(RemoveFAR(3),)) == 1
    assert not world.sends_at_target()
    assert len(world.ping()) == 1


def test_when_the_terminal_arrives_then_downlink_follows_and_only_the_source_gets_an_end_marker():
    world = Moving()
    world.expect()
    parameters = UpdateForwardingParameters(
        destination_interface=0, outer_header_creation=world.creation, pfcpsmreq_flags=PFCPSMReqFlag.SNDEM
    )
    update = UpdateFAR(2, ApplyAction.FORW, update_forwarding_parameters=parameters)
    world.plane.fabric.tap(True)
    assert world.change(update_far=(update,), remove_far=(RemoveFAR(3),)) == 1
    world.poll()
    assert [(seen[2][0], seen[3][1]) for seen in world.plane.fabric.take_tap()] == [("192.0.2.10", 254)]
    world.plane.fabric.tap(False)
    results = []
    world.target.ping(1, "10.45.0.1", 56, results.append)
    world.poll()
    assert [result.octets for result in results] == [56]
    assert world.ping() == []


def test_when_an_action_does_not_forward_then_its_place_is_not_believed():
    # TS 23.502 4.2.6: a tunnel that is not used says nothing
    world = Moving()
    assert world.expect(ApplyAction.DROP) == 1
    assert not world.sends_at_target()


def test_when_a_stranger_sends_meanwhile_then_it_is_dropped_all_the_same():
    # TS 29.281, negative U02
    world = Moving()
    world.expect()
    stranger = world.plane.add_access("192.0.2.66", 9)
    handle, _ = stranger.add_bearer(Tunnel("192.0.2.1", world.teid), 9)
    stranger.attach(1, "10.45.0.2", 1400)
    stranger.bind(1, handle)
    stranger.ping(1, "10.45.0.1", 56, lambda _: None)
    world.poll()
    assert world.upf_plane.usage(world.teid).uplink_packets == 0
    assert world.upf_plane.counters()["drop_outer_source"] == 1
