from __future__ import annotations

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    AssociationReleaseRequest,
    AssociationSetupResponse,
    AssociationUpdateRequest,
    HeartbeatResponse,
    NodeID,
)
from freehold.codecs.pfcp.flags import UPFunctionFeature
from freehold.core.upf.associations import canonical
from freehold.core.upf.function import node
from freehold.spec.causes import PfcpCause
from freehold.stack.pfcp import NTP_EPOCH
from upfkit import OTHER, SMF, SMF_NODE, STRANGER, Attached, World, establishment


def test_when_a_peer_is_configured_in_a_long_form_then_it_is_the_same_peer():
    assert canonical("2001:0db8:0::1") == canonical("2001:db8::1")
    assert canonical("smf") == "smf"


def names(world: World) -> list[str]:
    return [event.name for event in world.environment.events]


def test_when_a_configured_smf_asks_then_it_is_let_in_and_told_what_is_served():
    response = World(associated=False).associate()
    assert isinstance(response, AssociationSetupResponse)
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    assert response.node_id == NodeID(ipv4=bytes((10, 0, 0, 1)))
    assert response.up_function_features & UPFunctionFeature.FTUP
    assert response.recovery_time_stamp > NTP_EPOCH


def test_when_a_stranger_asks_then_it_is_refused_and_told_to_the_operator():
    world = World()
    assert world.associate(STRANGER).cause == PfcpCause.REQUEST_REJECTED
    assert names(world) == ["n4.unlisted-peer"]
    assert list(world.upf.associations.by_peer) == [SMF[0]]


def test_when_a_peer_names_itself_as_another_then_it_is_refused():
    world = Attached()
    assert world.associate(OTHER, recovery=99).cause == PfcpCause.REQUEST_REJECTED
    assert names(world) == ["n4.node-id-taken"]
    assert world.ping()[0].octets == 56


def test_when_the_smf_sets_up_again_without_a_restart_then_its_sessions_stay():
    world = Attached()
    response = world.associate()
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    assert response.pfcpasrsp_flags == 1  # PSREI: TS 29.244 8.2.134
    assert world.ping()[0].octets == 56


def test_when_the_smf_restarted_then_its_sessions_are_closed_and_those_of_others_stay():
    world = Attached()
    world.associate(OTHER, node=NodeID(fqdn="other.example"))
    assert world.associate(OTHER, recovery=2, node=NodeID(fqdn="other.example")).cause == PfcpCause.REQUEST_ACCEPTED
    assert len(world.upf.sessions) == 1
    world.associate(recovery=2)
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)
    assert names(world) == ["n4.peer-restarted", "n4.peer-restarted"]
    assert world.ask(establishment()).cause == PfcpCause.REQUEST_ACCEPTED


def test_when_the_smf_restarted_and_counts_anew_then_its_requests_are_no_old_ones():
    world = World()
    world.sequence = 100
    first = world.ask(establishment())
    world.sequence = 200
    world.associate(recovery=2)
    world.sequence = 100
    again = world.ask(establishment())
    assert again.cause == PfcpCause.REQUEST_ACCEPTED
    assert again.up_f_seid != first.up_f_seid
    assert list(world.upf_plane.teids()) == [again.created_pdr[0].local_f_teid.teid]


def test_when_the_association_is_released_then_its_sessions_go_with_it():
    world = Attached()
    assert world.ask(AssociationReleaseRequest(node_id=SMF_NODE)).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.upf_plane.sessions() == 0
    assert world.ask(establishment()).cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
    response = world.ask(AssociationReleaseRequest(node_id=SMF_NODE))
    assert response.cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION


def test_when_the_association_is_updated_then_it_stays():
    world = Attached()
    assert world.ask(AssociationUpdateRequest(node_id=SMF_NODE)).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.upf_plane.sessions() == 1


def heartbeat(world: World, recovery: int) -> None:
    world.sent.clear()
    world.environment.clock.run_until(world.environment.now() + 10)
    (request,) = world.requests()
    assert request.header.message_type == 1
    world.respond(request, HeartbeatResponse(recovery_time_stamp=recovery))


def test_when_the_smf_answers_heartbeats_then_everything_stays():
    world = Attached()
    for _ in range(3):
        heartbeat(world, 1)
    assert (names(world), world.upf_plane.sessions()) == ([], 1)


def test_when_a_heartbeat_shows_a_restart_then_sessions_and_association_end():
    world = Attached()
    heartbeat(world, 2)
    assert SMF[0] not in world.upf.associations.by_peer
    world.environment.clock.run_until(world.environment.now() + 120)
    assert (names(world), world.upf_plane.sessions()) == (["n4.peer-restarted"], 0)
    assert world.upf.associations.by_peer == {}
    world.sent.clear()
    world.environment.clock.run_until(1000)
    assert world.sent == []


def test_when_the_smf_says_in_a_heartbeat_that_it_restarted_then_it_is_asked_and_believed_by_its_answer():
    # TS 23.527 4.3
    world = Attached()
    world.sent.clear()
    for sequence in (70, 71):
        world.upf.received(pfcp.encode(pfcp.HeartbeatRequest(recovery_time_stamp=9), sequence), SMF)
    (request,) = world.requests()
    assert (request.header.message_type, world.upf_plane.sessions()) == (1, 1)
    world.respond(request, HeartbeatResponse(recovery_time_stamp=9))
    assert SMF[0] not in world.upf.associations.by_peer
    assert world.associate(recovery=9).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.upf_plane.sessions() == 0


def test_when_somebody_says_in_the_smfs_name_that_it_restarted_then_its_own_answer_counts():
    world = Attached()
    world.sent.clear()
    world.upf.received(pfcp.encode(pfcp.HeartbeatRequest(recovery_time_stamp=9), 70), SMF)
    (request,) = world.requests()
    world.respond(request, HeartbeatResponse(recovery_time_stamp=1))
    assert (names(world), world.upf_plane.sessions()) == ([], 1)
    heartbeat(world, 1)
    assert world.upf_plane.sessions() == 1


def test_when_strangers_knock_without_end_then_it_is_told_seldom_and_nothing_grows():
    world = World()
    for number in range(90):
        world.associate((f"10.9.0.{number}", 8805))
    assert len(world.environment.events) == 64
    assert len(world.upf.associations._alarms._told) <= 64
    world.environment.clock.run_until(world.environment.now() + 61)
    before = len(world.environment.events)
    world.associate(STRANGER)
    assert len(world.environment.events) == before + 1


def test_when_a_third_party_answers_the_heartbeat_then_nothing_happens():
    world = Attached()
    world.sent.clear()
    world.environment.clock.run_until(10)
    (request,) = world.requests()
    world.respond(request, HeartbeatResponse(recovery_time_stamp=77), STRANGER)
    assert (names(world), world.upf_plane.sessions()) == ([], 1)


def test_when_the_smf_is_silent_then_it_is_told_once_and_its_sessions_stay():
    world = Attached()
    world.environment.clock.run_until(200)
    assert names(world) == ["n4.peer-silent"]
    assert world.ping()[0].octets == 56
    assert not world.upf.associations.by_peer[SMF[0]].alive
    world.sent.clear()
    world.environment.clock.run_until(210)
    request = world.requests()[-1]
    world.respond(request, HeartbeatResponse(recovery_time_stamp=1))
    assert world.upf.associations.by_peer[SMF[0]].alive


def test_when_a_node_id_is_written_then_its_kind_is_seen():
    assert node("10.0.0.1") == NodeID(ipv4=bytes((10, 0, 0, 1)))
    assert node("::1") == NodeID(ipv6=bytes(15) + b"\1")
    assert node("upf.example") == NodeID(fqdn="upf.example")


def test_when_octets_are_damaged_then_the_upf_goes_on():
    world = Attached()
    whole = pfcp.encode(establishment(), 77, 0)
    for end in range(len(whole)):
        world.upf.received(whole[:end], SMF)
        world.upf.received(whole[:end] + b"\xff" + whole[end + 1 :], SMF)
    assert [event for event in world.environment.events if event.severity == "error"] == []
    assert world.ping()[0].octets == 56
