"""Restarts of the SMF without loss of traffic, and leaving with notice (TS 29.244 6.2.6, 6.2.7, TS 23.527 4)."""

from __future__ import annotations

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    AssociationSetupRequest,
    AssociationUpdateRequest,
    AssociationUpdateResponse,
    CPPFCPEntityIPAddress,
    HeartbeatResponse,
    PFCPSessionRetentionInformation,
)
from freehold.spec.causes import PfcpCause
from upfkit import SMF, SMF_NODE, Attached

OWN, FOREIGN = (CPPFCPEntityIPAddress(ipv4=bytes((10, 0, 0, octet))) for octet in (9, 7))


def names(world: Attached) -> list[str]:
    return [event.name for event in world.environment.events]


def set_up(world: Attached, *addresses: CPPFCPEntityIPAddress) -> pfcp.AssociationSetupResponse:
    retention = PFCPSessionRetentionInformation(addresses)
    request = AssociationSetupRequest(SMF_NODE, 2, pfcp_session_retention_information=retention)
    response = world.ask(request)
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    return response


@pytest.mark.parametrize(("addresses", "stay"), [((), True), ((OWN, FOREIGN), True), ((FOREIGN,), False)])
def test_when_a_restarted_smf_knows_its_sessions_then_their_traffic_goes_on(addresses, stay):
    # TS 29.244 7.4.4.1, 8.2.134
    world = Attached()
    response = set_up(world, *addresses)
    assert response.pfcpasrsp_flags == (1 if stay else None)
    assert bool(world.ping()) is stay
    if stay:
        assert world.ask(pfcp.SessionDeletionRequest(), world.seid).cause == PfcpCause.REQUEST_ACCEPTED


def heartbeat(world: Attached, recovery: int) -> None:
    """Let the next heartbeat come, and answer it."""
    world.sent.clear()
    while not (found := world.requests_of(pfcp.HeartbeatRequest)):
        world.environment.clock.run_until(world.environment.now() + 1)
    world.respond(found[0], HeartbeatResponse(recovery))


def test_when_a_heartbeat_tells_of_a_restart_then_traffic_goes_on_until_the_smf_says_what_it_knows():
    world = Attached()
    heartbeat(world, 2)
    assert world.ping()[0].octets == 56
    assert world.ask(pfcp.SessionDeletionRequest(), world.seid).cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
    assert set_up(world).pfcpasrsp_flags == 1
    world.environment.clock.run_until(world.environment.now() + 3)
    assert world.ping()[0].octets == 56


def test_when_a_restarted_smf_does_not_come_back_or_knows_nothing_then_its_sessions_are_closed():
    world = Attached()
    heartbeat(world, 2)
    world.environment.clock.run_until(world.environment.now() + 120)
    assert (len(world.upf.sessions), names(world)) == (0, ["n4.peer-restarted"])
    other = Attached()
    heartbeat(other, 2)
    assert other.associate(recovery=2).pfcpasrsp_flags is None
    assert (len(other.upf.sessions), names(other)) == (0, ["n4.peer-restarted"])


def test_when_the_upf_goes_then_its_peers_hear_how_long_it_serves():
    # TS 29.244 6.2.7.2, 8.2.77, 8.2.78
    world = Attached()
    world.sent.clear()
    world.upf.associations.ask_release(15)
    (request,) = (one for one in map(pfcp.decode, (octets for octets, _ in world.sent)) if one.message is not None)
    assert isinstance(request.message, AssociationUpdateRequest)
    period = request.message.graceful_release_period
    assert (request.message.pfcp_association_release_request, period.unit, period.value) == (1, 0, 8)
    world.respond(request, AssociationUpdateResponse(node_id=SMF_NODE, cause=1))
    assert world.ping()[0].octets == 56
    world.upf.associations.ask_release(15)
    world.environment.clock.run_until(30)
    assert "n4.release-unanswered" in names(world)
    assert world.sent[-1][1] == SMF
