"""An SMF lost a part of its sessions, which it named as a set (TS 23.527 4.6, TS 29.244 7.4.6)."""

from __future__ import annotations

import pytest

from freehold.codecs.pfcp import NodeID, SessionModificationRequest, SessionSetDeletionRequest, UEIPAddress
from freehold.core.upf.faults import RuleFault
from freehold.core.upf.sets import sets_of
from freehold.spec.causes import PfcpCause
from upfkit import OTHER, SMF, SMF_NODE, STRANGER, Attached, World, downlink_pdr, establishment, uplink_pdr

OTHER_NODE = NodeID(ipv4=bytes((10, 0, 0, 8)))


def fq_csid(*numbers, node=bytes((10, 0, 0, 9))):
    """Sets of a node by its IPv4 address (TS 29.244 8.2.43)."""
    return bytes((len(numbers),)) + node + b"".join(number.to_bytes(2, "big") for number in numbers)


def opened(world, host, *sets, source=SMF):
    """A session of the terminal 10.45.0.`host`: its SEID here."""
    address = (UEIPAddress(ipv4=bytes((10, 45, 0, host))),)
    pdrs = (uplink_pdr(ue_ip_address=address), downlink_pdr(ue_ip_address=address))
    answer = world.ask(establishment(create_pdr=pdrs, fq_csid=sets), source=source)
    assert answer.cause == PfcpCause.REQUEST_ACCEPTED
    return answer.up_f_seid.seid


def lost(world, *sets, source=SMF, node=SMF_NODE):
    return world.ask(SessionSetDeletionRequest(node_id=node, fq_csid=sets), source=source).cause


def left(world):
    return {session.seid for session in world.upf.sessions.by_teid.values()}


def test_when_a_set_is_lost_then_its_sessions_end_and_no_others():
    world = World()
    seids = [opened(world, host, *sets) for host, sets in enumerate(((fq_csid(1),), (fq_csid(2),), ()), 2)]
    assert lost(world, fq_csid(1)) == PfcpCause.REQUEST_ACCEPTED
    assert left(world) == set(seids[1:])
    assert world.upf_plane.sessions() == 2
    assert [event.name for event in world.environment.events][-1] == "n4.sessions-lost"
    assert lost(world, fq_csid(7, 2)) == PfcpCause.REQUEST_ACCEPTED
    assert left(world) == {seids[2]}


def test_when_another_peer_names_the_set_then_nothing_of_ours_ends():
    # TS 33.513 4.2.2, negative P02
    world = Attached(fq_csid=(fq_csid(1),))
    world.associate(OTHER, node=OTHER_NODE)
    assert lost(world, fq_csid(1), source=OTHER, node=OTHER_NODE) == PfcpCause.REQUEST_ACCEPTED
    assert len(world.ping()) == 1
    assert lost(world, fq_csid(1), source=STRANGER) == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION


def test_when_a_session_moves_to_another_set_then_that_one_counts():
    world = World()
    seid = opened(world, 2, fq_csid(1))
    assert world.ask(SessionModificationRequest(fq_csid=(fq_csid(5),)), seid).cause == PfcpCause.REQUEST_ACCEPTED
    lost(world, fq_csid(1))
    assert left(world) == {seid}
    assert world.ask(SessionModificationRequest(fq_csid=(bytes(6),)), seid).cause == PfcpCause.REQUEST_ACCEPTED
    lost(world, fq_csid(5))
    assert left(world) == {seid}


@pytest.mark.parametrize(
    ("octets", "sets"),
    [
        (fq_csid(1, 2), 2),
        (b"\x11" + bytes(16) + b"\x00\x09", 1),
        (b"\x21" + bytes(4) + b"\x00\x09\x04", 1),
        (bytes(5), 0),
        (b"", None),
        (b"\x01\x0a\x00\x00\x09\x00", None),
        (b"\x31" + bytes(30), None),
    ],
)
def test_when_an_identifier_is_read_then_it_names_sets_or_is_refused(octets, sets):
    if sets is None:
        with pytest.raises(RuleFault) as refused:
            sets_of((octets,))
        assert (refused.value.cause, refused.value.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 65)
    else:
        assert len(sets_of((octets, octets))) == sets
