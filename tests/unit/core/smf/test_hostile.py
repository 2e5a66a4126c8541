"""Mutated N4, N1 and N2 input: the answer of the clause or silence, and a control session that notices nothing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from freehold.codecs import nas, pfcp
from freehold.codecs.pfcp.flags import ReportType
from freehold.core.smf.state.session import SmContext
from freehold.services.errors import ServiceError

from .world import OTHER, SUPI, World, asking, response

MESSAGES: list[tuple[pfcp.Message, bool]] = [
    (pfcp.HeartbeatRequest(1), False),
    (pfcp.HeartbeatResponse(2000), False),
    (pfcp.AssociationUpdateRequest(pfcp.NodeID(ipv4=bytes(4)), up_function_features=1), False),
    (pfcp.NodeReportRequest(pfcp.NodeID(fqdn="a.b"), 1), False),
    (pfcp.SessionReportRequest(ReportType.DLDR, downlink_data_report=pfcp.DownlinkDataReport((2,))), True),
    (
        pfcp.SessionReportRequest(
            ReportType.USAR,
            usage_report=(
                pfcp.UsageReportInReportRequest(
                    1, 1, 2, volume_measurement=pfcp.VolumeMeasurement(uplink_volume=1, downlink_volume=1)
                ),
            ),
        ),
        True,
    ),
    (pfcp.SessionEstablishmentResponse(pfcp.NodeID(ipv4=bytes(4)), 1), True),
    (pfcp.SessionModificationResponse(65), True),
    (pfcp.SessionDeletionResponse(1), True),
]


def damaged(random: Random, octets: bytes) -> bytes:
    changed = bytearray(octets)
    for _ in range(random.randint(1, 4)):
        match random.randrange(3):
            case 0 if changed:
                changed[random.randrange(len(changed))] = random.getrandbits(8)
            case 1:
                del changed[random.randrange(len(changed) + 1) :]
            case _:
                changed[random.randrange(len(changed) + 1) : 0] = random.randbytes(random.randint(1, 6))
    return bytes(changed)


def state(session: SmContext) -> tuple[Any, ...]:
    plane = session.user_plane
    return (session.state, session.address, session.terms, plane.downlink, plane.uplink, plane.remote_seid)


def control(world: World) -> tuple[Any, ...]:
    world.set_up(world.create(supi=OTHER))
    (session,) = (found for found in world.smf.sessions if found.identity.supi == OTHER)
    return state(session)


def unchanged(world: World, before: tuple[Any, ...]) -> None:
    (session,) = (found for found in world.smf.sessions if found.identity.supi == OTHER)
    assert state(session) == before
    assert world.environment.emitted("bug") == []
    world.set_up(world.create(asking(7), session=7))
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


def hostile_n4(count: int, seed: int) -> None:
    world = World()
    before = control(world)
    world.create()
    random = Random(seed)
    victims = [session.identity.number for session in world.smf.sessions if session.identity.supi == SUPI]
    seid = world.smf._smf.contexts.seid(world.smf.sessions[-1])
    assert victims
    world.upf.sequence = 1
    for _ in range(count):
        message, session = random.choice(MESSAGES)
        octets = pfcp.encode(message, random.getrandbits(24), seid if session else None)
        source = random.choice([("10.0.0.1", 8805), ("10.0.0.66", 8805)])
        world.smf.received(damaged(random, octets), source)
    world.upf.received = lambda octets: None  # type: ignore[method-assign]
    world.settle()
    del world.upf.received  # type: ignore[method-assign]
    world.smf._smf.upfs[0].associated = True
    unchanged(world, before)


def test_when_n4_messages_are_mutated_then_other_sessions_go_on() -> None:
    hostile_n4(10_000, 1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 27))
def test_when_very_many_n4_messages_are_mutated_then_other_sessions_go_on(seed: int) -> None:
    hostile_n4(10_000, seed)


def test_when_5gsm_messages_are_mutated_then_each_is_answered_or_ignored() -> None:
    # N13
    world = World()
    before = control(world)
    random = Random(3)
    reference = world.active()
    messages = [
        asking(),
        nas.PduSessionReleaseRequest(1, 5, cause=36),
        nas.PduSessionModificationRequest(1, 5, cause=36),
        nas.SmStatus(1, 5, cause=97),
    ]
    refusals = set[str]()
    for _ in range(1500):
        octets = damaged(random, nas.encode(random.choice(messages)))
        try:
            if random.random() < 0.5:
                world.create(octets)
            else:
                world.update(reference, n1_sm_message=octets)
        except ServiceError as error:
            refusals.add(error.application_error)
        mine = [session for session in world.smf.sessions if session.identity.supi == SUPI]
        reference = mine[0].reference if mine else world.active()
    for session in world.smf.sessions:
        if session.identity.supi == SUPI:
            world.call(world.smf.release_sm_context(session.reference))
    assert "N1_SM_ERROR" in refusals
    unchanged(world, before)


def test_when_n2_transfers_are_mutated_then_each_is_taken_or_refused() -> None:
    world = World()
    before = control(world)
    random = Random(4)
    refusals = set[str]()
    for _ in range(1500):
        reference = world.create()
        kind = random.choice(["PDU_RES_SETUP_RSP", "PDU_RES_SETUP_FAIL", "PDU_RES_NTY_REL", "PATH_SWITCH_REQ"])
        try:
            world.update(reference, n2_sm_info=damaged(random, response()), n2_sm_info_type=kind)
        except ServiceError as error:
            refusals.add(error.application_error)
    assert refusals == {"N2_SM_ERROR"}
    unchanged(world, before)
