"""N4 associations: set-up, heartbeats, restarts, strangers (TS 29.244 6.2, TS 23.527 4)."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest

from freehold.codecs import nas, pfcp
from freehold.core.smf import SmfConfiguration
from freehold.core.smf.configuration import DataNetwork
from freehold.core.smf.smf import Smf
from freehold.spec import counters
from freehold.spec.errors import Unusable

from .world import INTERNET, SUPI, UPF, World, asking


def test_when_the_smf_starts_then_it_associates_and_watches() -> None:
    # TS 29.244 6.2.6.2.1, 6.2.2
    world = World()
    (request,) = world.upf.took(pfcp.AssociationSetupRequest)
    assert request.node_id == pfcp.NodeID(ipv4=bytes((10, 0, 0, 9)))
    assert request.cp_function_features == 0
    world.wait(35)
    assert len(world.upf.took(pfcp.HeartbeatRequest)) == 3
    assert len(world.environment.emitted("upf-associated")) == 1


def test_when_the_upf_is_not_there_then_it_is_asked_until_it_is() -> None:
    world = World(deaf=True)
    world.wait(60)
    (event,) = world.environment.emitted("upf-unreachable")
    assert event.severity == "error"
    assert world.refused()[1].cause == 38
    world.deaf = False
    world.wait(25)
    world.create()
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


def test_when_the_upf_refuses_the_association_then_it_is_said_once() -> None:
    refusal = pfcp.AssociationSetupResponse(pfcp.NodeID(ipv4=bytes((10, 0, 0, 1))), 64, 1)
    world = World(script={pfcp.AssociationSetupRequest: lambda _: refusal})
    world.wait(100)
    (event,) = world.environment.emitted("upf-unreachable")
    assert "cause 64" in event.text


def test_when_heartbeats_stay_unanswered_then_sessions_wait_and_new_ones_are_refused() -> None:
    # TS 23.527 4.2
    world = World()
    world.active()
    world.deaf = True
    world.wait(30)
    assert len(world.environment.emitted("upf-lost")) == 1
    assert len(world.smf.sessions) == 1
    assert world.refused(asking(2), session=2)[1].cause == 38
    world.deaf = False
    world.wait(30)
    assert world.session.up_cnx_state == "ACTIVATED"
    world.create(asking(2), session=2)
    assert len(world.smf.sessions) == 2


@pytest.mark.parametrize(("flags", "sessions"), [(1, 1), (None, 0)])
def test_when_the_upf_answers_no_heartbeats_then_an_association_says_whether_it_has_its_sessions(
    flags: int | None, sessions: int
) -> None:
    # TS 29.244 6.2.6.2.2: a UPF that restarted may answer nobody before an association
    world = World()
    world.active()

    def answer(request: pfcp.AssociationSetupRequest) -> pfcp.AssociationSetupResponse:
        assert request.pfcp_session_retention_information is not None
        return pfcp.AssociationSetupResponse(pfcp.NodeID(ipv4=bytes((10, 0, 0, 1))), 1, 1000, pfcpasrsp_flags=flags)

    world.upf.script = {pfcp.HeartbeatRequest: lambda _: None, pfcp.AssociationSetupRequest: answer}
    world.wait(60)
    assert len([session for session in world.smf.sessions if session.state.value == "active"]) == sessions


def test_when_the_upf_restarts_then_its_sessions_are_released_with_39() -> None:
    # TS 23.527 4.3; TS 29.244 8.2.65
    world = World()
    reference = world.active()
    world.upf.restart()
    world.wait(21)
    assert (world.amf.n1.cause, world.amf.transfers[-1].n2_sm_info_type) == (39, "PDU_RES_REL_CMD")
    assert world.upf.took(pfcp.SessionDeletionRequest) == []
    assert len(world.environment.emitted("upf-restarted")) == 1
    world.from_ue(reference, nas.PduSessionReleaseComplete(1, 0))
    world.wait(11)
    assert not world.smf.sessions
    world.create(asking(1, 8))
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


def test_when_the_upf_sets_the_association_up_itself_then_it_stands() -> None:
    # TS 29.244 6.2.6.3
    world = World()
    world.smf._smf.upfs[0].associated = False
    world.smf.stop()
    answer, _ = world.upf.report(pfcp.AssociationSetupRequest(world.upf.node, 1000))
    assert answer.cause == 1
    world.create()
    world.upf.report(pfcp.AssociationSetupRequest(world.upf.node, 1001, up_function_features=0x10))
    assert len(world.environment.emitted("upf-restarted")) == 1
    assert not world.smf.sessions


def test_when_somebody_names_another_time_stamp_in_a_heartbeat_then_no_session_is_touched() -> None:
    # P10
    world = World()
    world.active()
    world.to_smf(pfcp.encode(pfcp.HeartbeatRequest(9999), 77))
    world.wait(40)
    assert world.session.up_cnx_state == "ACTIVATED"
    assert world.environment.emitted("upf-restarted") == []


@pytest.mark.parametrize(
    "message", [pfcp.HeartbeatRequest(1), pfcp.AssociationSetupRequest(pfcp.NodeID(ipv4=bytes((10, 0, 0, 1))), 5)]
)
def test_when_a_stranger_speaks_then_it_is_counted_and_not_answered(message: pfcp.Message) -> None:
    # P01: a node ID says nothing about who sent it
    world = World()
    world.active()
    assert world.upf.report(message, source=("10.0.0.66", 8805)) is None
    assert world.environment.counts[counters.PROTOCOL_FAULT, "PFCP from an unknown peer"] == 1
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_a_session_ends_while_the_upf_is_away_then_it_is_deleted_there_later() -> None:
    world = World()
    reference = world.active()
    address = world.session.address
    world.deaf = True
    world.wait(30)
    world.call(world.smf.release_sm_context(reference))
    pool = world.smf._smf.networks[0].pool
    assert (len(world.upf.sessions), pool.taken) == (1, 1)
    world.deaf = False
    world.wait(25)
    assert (len(world.upf.sessions), pool.taken) == (0, 0)
    assert pool.take() != address  # it rests
    again = world.upf.took(pfcp.AssociationSetupRequest)[1:]
    assert all(request.pfcp_session_retention_information for request in again)


def test_when_the_upf_restarts_while_sessions_to_delete_wait_then_they_are_forgotten() -> None:
    world = World()
    reference = world.active()
    world.deaf = True
    world.wait(30)
    world.call(world.smf.release_sm_context(reference))
    world.upf.restart()
    world.deaf = False
    world.wait(25)
    assert world.upf.took(pfcp.SessionDeletionRequest) == []
    assert world.smf._smf.networks[0].pool.taken == 0


def test_when_the_upf_knows_no_association_then_it_is_set_up_again() -> None:
    world = World()
    world.upf.associated = False
    world.create()
    assert world.amf.n1.cause == 38
    world.wait(21)
    world.create()
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


def test_when_the_upf_wants_to_leave_then_no_new_session_goes_there() -> None:
    # TS 29.244 6.2.7.3
    world = World()
    request = pfcp.AssociationUpdateRequest(
        world.upf.node, up_function_features=0x30, pfcp_association_release_request=1
    )
    answer, _ = world.upf.report(request)
    assert answer.cause == 1
    assert world.smf._smf.upfs[0].features == 0x30
    assert world.refused()[1].cause == 38


def test_when_the_upf_was_released_then_it_is_associated_anew_and_its_sessions_begin_again() -> None:
    # TS 29.244 6.2.7.3, 6.2.8.2, TS 23.527 4.3
    world = World()
    world.active()
    period = pfcp.GracefulReleasePeriod(0, 1)
    world.upf.report(
        pfcp.AssociationUpdateRequest(
            world.upf.node, pfcp_association_release_request=1, graceful_release_period=period
        )
    )
    world.wait(1)
    assert len(world.upf.took(pfcp.AssociationReleaseRequest)) == 1
    assert [session.identity.pdu_session_id for session in world.smf.sessions] == [1]  # there is no other UPF
    world.wait(30)
    assert len(world.upf.took(pfcp.AssociationSetupRequest)) == 2
    assert (world.amf.n1.cause, type(world.amf.n1)) == (39, nas.PduSessionReleaseCommand)


def test_when_the_smf_ends_then_it_releases_its_upfs_and_watches_them_no_more() -> None:
    world = World()
    left = world.smf.leave()
    world.settle()
    assert left.settled
    world.wait(100)
    assert len(world.upf.took(pfcp.AssociationReleaseRequest)) == 1
    assert not world.upf.took(pfcp.HeartbeatRequest)


def test_when_a_upf_that_is_asked_says_nothing_then_the_end_comes_all_the_same() -> None:
    world = World()
    world.deaf = True
    left = world.smf.leave()
    world.wait(60)
    assert left.settled


def test_when_n4_is_of_ipv6_then_node_and_session_are_named_by_it() -> None:
    # TS 29.244 8.2.37, 8.2.38
    six = IPv6Address("2001:db8::9")
    world = World(n4=six)
    world.active()
    (setup,) = world.upf.took(pfcp.AssociationSetupRequest)
    (request,) = world.upf.took(pfcp.SessionEstablishmentRequest)
    assert setup.node_id == request.node_id == pfcp.NodeID(ipv6=six.packed)
    assert (request.cp_f_seid.ipv4, request.cp_f_seid.ipv6) == (None, six.packed)


def test_when_the_upf_loses_a_gnb_then_the_operator_hears_of_it() -> None:
    # TS 29.244 6.2.9
    world = World()
    peers = pfcp.UserPlanePathFailureReport((pfcp.RemoteGTPUPeer(ipv4=bytes((10, 0, 0, 77))),))
    answer, _ = world.upf.report(pfcp.NodeReportRequest(world.upf.node, 1, user_plane_path_failure_report=peers))
    assert answer.cause == 1
    (event,) = world.environment.emitted("n3-path-lost")
    assert "does not reach 10.0.0.77" in event.text


def test_when_a_message_is_not_for_an_smf_then_the_cause_says_so() -> None:
    answer, _ = World().upf.report(pfcp.PFDManagementRequest())
    assert answer.cause == 76


@pytest.mark.parametrize(
    ("configuration", "fault"),
    [
        (SmfConfiguration(), "add a [[dnn]]"),
        (SmfConfiguration(networks=(INTERNET,)), "set [upf] n4"),
        (SmfConfiguration(networks=(DataNetwork("x", INTERNET.pool, mtu=9000),), upfs=(UPF,)), "mtu 9000"),
        (
            SmfConfiguration(networks=(DataNetwork("x", next(INTERNET.pool.subnets(new_prefix=31))),), upfs=(UPF,)),
            "room",
        ),
    ],
)
def test_when_the_configuration_is_unusable_then_one_line_says_why(configuration: SmfConfiguration, fault: str) -> None:
    world = World()
    with pytest.raises(Unusable) as raised:
        Smf(configuration, world.smf._smf.peers, world.environment)
    assert fault in str(raised.value)


def test_when_two_sessions_are_there_then_the_restart_releases_both() -> None:
    world = World()
    world.active()
    other = world.create(asking(2), session=2)
    world.set_up(other)
    world.upf.recovery += 1
    world.wait(21)
    released = [data for data in world.amf.transfers if data.n2_sm_info_type == "PDU_RES_REL_CMD"]
    assert {data.pdu_session_id for data in released} == {1, 2}
    assert world.smf.release(SUPI, 1) is False
