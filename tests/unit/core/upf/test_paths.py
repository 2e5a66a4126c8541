"""The user plane path: who does not answer on N3 is reported to every SMF (TS 29.244 6.2.9, TS 23.527 5.4)."""

from __future__ import annotations

from freehold.codecs import pfcp
from freehold.codecs.pfcp import NodeReportResponse
from freehold.codecs.pfcp.flags import NodeReportType
from freehold.services.userplane import PathFailed, PathRecovered
from upfkit import OTHER, SMF, SMF_NODE, Attached


def test_when_a_path_fails_and_recovers_then_the_smf_is_told_of_both():
    world = Attached()
    world.sent.clear()
    for event, kind in (
        (PathFailed("192.0.2.10"), NodeReportType.UPFR),
        (PathRecovered("2001:db8::7"), NodeReportType.UPRR),
    ):
        world.upf.reports.happened(event)
        (request,) = world.requests_of(pfcp.NodeReportRequest)
        assert request.message.node_report_type == kind
        failure, recovery = (
            request.message.user_plane_path_failure_report,
            request.message.user_plane_path_recovery_report,
        )
        (peer,) = (failure or recovery).remote_gtp_u_peer
        assert (failure is None, peer.ipv4) == (
            (kind == NodeReportType.UPRR),
            None if failure is None else bytes((192, 0, 2, 10)),
        )
        world.respond(request, NodeReportResponse(node_id=SMF_NODE, cause=1))
    names = [event.name for event in world.environment.events]
    assert names == ["n3.path-failed", "n3.path-recovered"]
    world.environment.clock.run_until(30)
    assert world.requests_of(pfcp.NodeReportRequest) == []


def test_when_an_smf_does_not_answer_a_node_report_then_the_operator_is_told_and_the_others_are_told_too():
    world = Attached()
    world.associate(OTHER, node=pfcp.NodeID(ipv4=bytes((10, 0, 0, 8))))
    world.sent.clear()
    world.upf.reports.happened(PathFailed("192.0.2.10"))
    assert sorted(destination for _, destination in world.sent) == sorted([SMF, OTHER])
    world.environment.clock.run_until(30)
    assert "n4.report-unanswered" in [event.name for event in world.environment.events]
