from __future__ import annotations

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import CreateURR, SessionDeletionRequest, SessionReportRequest, SessionReportResponse
from freehold.codecs.pfcp.flags import PFCPSRRspFlag, ReportType, UsageReportTrigger
from freehold.services.access import Tunnel
from freehold.services.userplane import DownlinkData
from freehold.spec.causes import PfcpCause
from upfkit import CP_SEID, HOLD, SMF, Attached, downlink_pdr, uplink_pdr


def one_report(world: Attached) -> tuple[pfcp.Decoded, SessionReportRequest]:
    (request,) = world.requests()
    assert isinstance(request.message, SessionReportRequest)
    assert request.header.seid == CP_SEID
    return request, request.message


def idle() -> Attached:
    world = Attached()
    world.update_downlink(HOLD)
    world.sent.clear()
    world.ping()
    return world


def test_when_a_packet_comes_for_an_idle_terminal_then_the_smf_is_told_once():
    world = idle()
    world.ping()
    _, report = one_report(world)
    assert report.report_type == ReportType.DLDR
    assert report.downlink_data_report.pdr_id == (2,)
    (information,) = report.downlink_data_report.downlink_data_service_information
    assert information.qfi == 9


def test_when_the_report_is_answered_then_it_is_not_sent_again():
    world = idle()
    request, _ = one_report(world)
    world.respond(request, SessionReportResponse(cause=PfcpCause.REQUEST_ACCEPTED))
    world.environment.clock.run_until(9)
    assert world.requests() == []
    assert world.upf_plane.counters()["drop_buffer_discarded"] == 0


def test_when_the_report_is_not_answered_then_the_packets_are_given_up_and_the_next_is_told():
    world = idle()
    world.environment.clock.run_until(13)
    reports = [one for one in world.requests() if one.header.message_type == 56]
    assert len(reports) == 4
    assert world.upf_plane.counters()["drop_buffer_discarded"] == 1
    assert "n4.report-unanswered" in [event.name for event in world.environment.events]
    world.ping()
    one_report(world)


def test_when_the_answer_says_drop_then_the_packets_are_dropped():
    world = idle()
    request, _ = one_report(world)
    world.respond(request, SessionReportResponse(cause=1, pfcpsrrsp_flags=PFCPSRRspFlag.DROBU))
    assert world.upf_plane.counters()["drop_buffer_discarded"] == 1


def test_when_the_smf_has_no_such_session_then_it_is_closed_here():
    world = idle()
    request, _ = one_report(world)
    world.respond(request, SessionReportResponse(cause=PfcpCause.SESSION_CONTEXT_NOT_FOUND))
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)


def test_when_the_session_ended_meanwhile_then_neither_events_nor_answers_matter():
    world = idle()
    request, _ = one_report(world)
    world.ask(SessionDeletionRequest(), world.seid)
    world.respond(request, SessionReportResponse(cause=PfcpCause.SESSION_CONTEXT_NOT_FOUND))
    world.upf.reports.happened(DownlinkData(world.teid, 2, 9, 0))
    assert len(world.requests()) == 0


def test_when_the_gnb_lost_the_tunnel_then_the_report_names_it():
    world = Attached()
    world.update_downlink(HOLD)
    world.ping()
    world.gnb.remove_bearer(world.handle)
    world.activate()
    world.sent.clear()
    world.poll()
    _, report = one_report(world)
    assert report.report_type == ReportType.ERIR
    (remote,) = report.error_indication_report.remote_f_teid
    assert (remote.teid, remote.ipv4) == (world.tunnel.teid, bytes((192, 0, 2, 10)))


@pytest.mark.parametrize(
    ("threshold", "counts"),
    [
        (pfcp.VolumeThreshold(total_volume=300), [2, 4, 6]),
        (pfcp.VolumeThreshold(uplink_volume=252), [3, 6]),
        (pfcp.VolumeThreshold(downlink_volume=84), [1, 2, 3, 4, 5, 6]),
    ],
)
def test_when_a_volume_threshold_is_reached_then_usage_is_reported_each_time(threshold, counts):
    urr = CreateURR(1, 2, 2, volume_threshold=threshold)
    pdrs = (uplink_pdr(urr_id=(1,)), downlink_pdr(urr_id=(1,)))
    world = Attached(create_pdr=pdrs, create_urr=(urr,))
    world.sent.clear()
    seen: list[int] = []
    for turn in range(1, 7):
        world.ping()
        world.poll()
        for request in world.requests():
            (usage,) = request.message.usage_report
            assert usage.usage_report_trigger == UsageReportTrigger.VOLTH
            assert usage.ur_seqn == len(seen)
            seen.append(turn)
            world.respond(request, SessionReportResponse(cause=1))
    assert seen == counts


def test_when_another_node_sends_on_the_tunnel_then_the_operator_is_told_what_to_do():
    world = Attached()
    other = world.plane.add_access("192.0.2.77", 3)
    bearer, _ = other.add_bearer(Tunnel("192.0.2.1", world.teid), 9)
    other.attach(1, "10.45.0.2", 1400)
    other.bind(1, bearer)
    other.ping(1, "10.45.0.1", 56, lambda _: None)
    world.poll()
    (event,) = world.environment.events
    assert (event.name, event.subject) == ("n3.foreign-source", "192.0.2.77")
    assert "192.0.2.10" in event.text
    assert "upf.trusted" in event.fix


def test_when_a_terminal_attacks_the_core_then_the_operator_is_told():
    world = Attached()
    world.gnb.ping(1, "192.0.2.1", 56, lambda _: None)
    world.poll()
    (event,) = world.environment.events
    assert (event.name, event.subject) == ("n3.core-attacked", "10.45.0.2")
    assert [destination for _, destination in world.sent if destination != SMF] == []
