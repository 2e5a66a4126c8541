"""Any PFCP on N4: whatever comes, every other session's packets flow, and nothing breaks (negative.md P01 to P10)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    MBR,
    AssociationUpdateRequest,
    CreateQER,
    GateStatus,
    HeartbeatRequest,
    Message,
    NodeID,
    QueryURR,
    RemovePDR,
    SDFFilter,
    SessionDeletionRequest,
    SessionModificationRequest,
    SessionReportResponse,
    UEIPAddress,
    UpdateFAR,
    UpdateQER,
)
from upfkit import OTHER, SMF, SMF_NODE, STRANGER, URR, Attached, downlink_pdr, establishment, uplink_pdr

OTHER_NODE = NodeID(fqdn="other.example")


def templates(number: int) -> list[Message]:
    """Messages as a peer means them, about the terminal with that number."""
    address = (UEIPAddress(ipv4=bytes((10, 45, 1, number))),)
    rules = (
        uplink_pdr(ue_ip_address=address, urr_id=(1,)),
        downlink_pdr(
            ue_ip_address=address, urr_id=(1,), sdf_filter=(SDFFilter(b"permit out ip from any to assigned"),)
        ),
    )
    more = downlink_pdr(pdr_id=3, ue_ip_address=address, precedence=1, urr_id=(1,), qer_id=(2,))
    return [
        establishment(create_pdr=rules, create_urr=(URR,)),
        SessionModificationRequest(update_far=(UpdateFAR(far_id=2, apply_action=12),)),
        SessionModificationRequest(create_pdr=(more,), create_qer=(CreateQER(2, GateStatus(0, 0), mbr=MBR(1, 1)),)),
        SessionModificationRequest(update_qer=(UpdateQER(qer_id=1, gate_status=GateStatus(1, 0)),)),
        SessionModificationRequest(remove_pdr=(RemovePDR(pdr_id=3),), query_urr=(QueryURR(urr_id=1),)),
        SessionDeletionRequest(),
        HeartbeatRequest(recovery_time_stamp=1),
        AssociationUpdateRequest(node_id=OTHER_NODE),
        SessionReportResponse(cause=65),
    ]


class Storm:
    """A session that everybody attacks and its owner must keep, and peers that attack."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world = Attached()
        self.world.associate(OTHER, node=OTHER_NODE)
        self.seids = [0, self.world.seid]
        self.sequence = 1 << 20

    def strike(self) -> None:
        """One message, damaged more often than not; the victim's own SMF sends none about it."""
        rng = self.rng
        message = rng.choice(templates(rng.randrange(1, 6)))
        source = rng.choice((OTHER, OTHER, OTHER, STRANGER))
        seid = rng.choice(self.seids) if message.session else None
        self.sequence += rng.randrange(2)
        octets = bytearray(pfcp.encode(message, self.sequence, seid))
        for _ in range(rng.choice((0, 0, 1, 2, 5))):
            octets[rng.randrange(len(octets))] = rng.getrandbits(8)
        if rng.random() < 0.2:
            del octets[rng.randrange(len(octets)) :]
        self.world.sent.clear()
        self.world.upf.received(bytes(octets), source)
        self.learn()

    def learn(self) -> None:
        """Remember the SEIDs that answers tell."""
        for octets, _ in self.world.sent:
            message = pfcp.decode(octets).message
            if isinstance(message, pfcp.SessionEstablishmentResponse) and message.up_f_seid is not None:
                self.seids = [*self.seids[:2], *self.seids[-6:], message.up_f_seid.seid]

    def check(self) -> None:
        """The victim's packets flow, nothing of ours broke, sessions and packet engine agree."""
        world = self.world
        assert [event.text for event in world.environment.events if event.severity == "error"] == []
        assert world.upf.sessions.audit() == (0, 0)
        assert world.ping()[0].octets == 56
        assert len(world.upf.sessions) <= 1 + 256
        assert SMF[0] in world.upf.associations.by_peer


def storms(count: int, strikes: int) -> Iterator[Storm]:
    for seed in range(count):
        storm = Storm(seed)
        for turn in range(strikes):
            storm.strike()
            if turn % 100 == 0:
                storm.check()
        yield storm


def test_when_anything_comes_on_n4_then_the_other_sessions_go_on():
    for storm in storms(10, 1000):
        storm.check()
        assert storm.world.ask(SessionDeletionRequest(), storm.world.seid).cause == 1


@pytest.mark.soak
def test_when_very_much_comes_on_n4_then_the_other_sessions_go_on():
    for storm in storms(50, 5000):
        storm.check()


def test_when_the_attacker_leaves_then_nothing_of_it_stays():
    (storm,) = storms(1, 500)
    world = storm.world
    for node in (OTHER_NODE, SMF_NODE):
        source = OTHER if node is OTHER_NODE else SMF
        if source[0] in world.upf.associations.by_peer:
            assert world.ask(pfcp.AssociationReleaseRequest(node_id=node), source=source).cause == 1
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)
