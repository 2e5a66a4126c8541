"""Usage reports that need counters: events, starts and stops, drops, monitoring times (TS 29.244 5.2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import CreateURR, QueryURR, SessionModificationRequest, SessionReportResponse, UpdateURR
from freehold.codecs.pfcp.flags import (
    MeasurementInformation,
    MeasurementMethod,
    PFCPSMReqFlag,
    ReportingTrigger,
    ReportType,
    UsageInformation,
    UsageReportTrigger,
)
from freehold.spec.causes import PfcpCause
from freehold.stack.pfcp import NTP_EPOCH
from upfkit import Attached, World, downlink_pdr, establishment, uplink_pdr

VOLUME, DURATION, EVENT = MeasurementMethod.VOLUM, MeasurementMethod.DURAT, MeasurementMethod.EVENT


def attached(*urrs: CreateURR, **fields: Any) -> Attached:
    ids = tuple(urr.urr_id for urr in urrs)
    pdrs = uplink_pdr(urr_id=ids), downlink_pdr(urr_id=ids)
    world = Attached(create_pdr=pdrs, create_urr=urrs, **fields)
    world.sent.clear()
    return world


def requests(world: Attached) -> list[pfcp.SessionReportRequest]:
    """The reports sent since last asked, each answered."""
    world.poll()
    found = {request.header.sequence: request for request in world.requests_of(pfcp.SessionReportRequest)}
    for request in found.values():
        world.respond(request, SessionReportResponse(cause=PfcpCause.REQUEST_ACCEPTED))
    return [request.message for request in found.values()]


def reports(world: Attached) -> list[Any]:
    return [report for request in requests(world) for report in request.usage_report]


def run(world: Attached, seconds: float) -> list[Any]:
    world.environment.clock.run_until(world.environment.now() + seconds)
    return reports(world)


def triggers(found: list[Any]) -> list[int]:
    return [report.usage_report_trigger for report in found]


def ask(world: Attached, **fields: Any) -> Any:
    return world.ask(SessionModificationRequest(**fields), world.seid)


def ntp(world: Attached, seconds: float = 0.0) -> int:
    return int(world.environment.utc() + seconds) + NTP_EPOCH


def test_when_traffic_starts_and_stops_then_both_are_reported_each_time():
    # TS 29.244 8.2.18, 8.2.19
    urr = CreateURR(1, VOLUME | DURATION, ReportingTrigger.START | ReportingTrigger.STOPT, inactivity_detection_time=5)
    world = attached(urr)
    run(world, 10)
    world.ping()
    (started,) = reports(world)
    assert triggers([started]) == [UsageReportTrigger.START]
    assert run(world, 3) == []
    world.ping()
    assert run(world, 4) == []
    (stopped,) = run(world, 2)
    assert triggers([stopped]) == [UsageReportTrigger.STOPT]
    assert stopped.duration_measurement == 8, "three seconds until the second packet, and five without one"
    assert stopped.volume_measurement.total_volume + started.volume_measurement.total_volume == 336
    assert stopped.time_of_last_packet - stopped.time_of_first_packet <= 3
    assert run(world, 60) == []
    world.ping()
    assert triggers(reports(world)) == [UsageReportTrigger.START]


def test_when_events_are_counted_then_threshold_and_quota_of_them_hold():
    # TS 29.244 8.2.112, 8.2.113
    urr = CreateURR(
        1,
        EVENT,
        ReportingTrigger.EVETH | ReportingTrigger.EVEQU,
        event_threshold=2,
        event_quota=3,
        inactivity_detection_time=2,
    )
    world = attached(urr)
    seen = []
    for _ in range(4):
        seen += run(world, 10)
        before = ntp(world)
        world.ping()
        seen += reports(world)
    second, third = seen
    assert triggers([second, third]) == [UsageReportTrigger.EVETH, UsageReportTrigger.EVEQU]
    assert (len(second.event_time_stamp), len(third.event_time_stamp)) == (2, 1)
    assert third.event_time_stamp[0] == before - 10
    assert second.volume_measurement is None
    assert world.upf_plane.counters()["drop_quota_exhausted"] > 0, "no fourth"
    assert ask(world, update_urr=(UpdateURR(1, event_quota=5),)).cause == PfcpCause.REQUEST_ACCEPTED
    dropped = world.upf_plane.counters()["drop_quota_exhausted"]
    world.ping()
    assert world.upf_plane.counters()["drop_quota_exhausted"] == dropped


def test_when_nothing_comes_for_the_quota_holding_time_then_it_is_reported():
    # TS 29.244 8.2.48
    urr = CreateURR(1, VOLUME, ReportingTrigger.QUHTI, quota_holding_time=10, volume_quota=pfcp.VolumeQuota(10_000))
    world = attached(urr)
    run(world, 5)
    world.ping()
    assert run(world, 9) == []
    (report,) = run(world, 2)
    assert triggers([report]) == [UsageReportTrigger.QUHTI]
    assert report.volume_measurement.total_volume == 168


def test_when_a_quota_is_valid_for_a_time_then_its_end_is_reported_once():
    # TS 29.244 8.2.132
    urr = CreateURR(1, VOLUME, ReportingTrigger.QUVTI, quota_validity_time=10)
    world = attached(urr)
    assert triggers(run(world, 11)) == [UsageReportTrigger.QUVTI]
    assert run(world, 30) == []


@pytest.mark.parametrize(
    "threshold",
    [pfcp.DroppedDLTrafficThreshold(downlink_packets=2), pfcp.DroppedDLTrafficThreshold(downlink_bytes=168)],
)
def test_when_downlink_is_dropped_then_its_threshold_is_reported_each_time(threshold):
    # TS 29.244 8.2.49
    urr = CreateURR(1, VOLUME, ReportingTrigger.DROTH, dropped_dl_traffic_threshold=threshold)
    world = attached(urr)
    world.update_downlink(1)
    seen = []
    for _ in range(5):
        world.ping()
        seen += reports(world)
    assert triggers(seen) == [UsageReportTrigger.DROTH] * 2
    assert seen[0].volume_measurement.downlink_volume == 0


def test_when_it_is_measured_before_enforcement_then_what_gates_drop_counts():
    # TS 29.244 8.2.68
    before = CreateURR(1, VOLUME, 0, measurement_information=MeasurementInformation.MBQE)
    after = CreateURR(2, VOLUME, 0, measurement_information=MeasurementInformation.MNOP)
    paused = CreateURR(3, VOLUME, 0, measurement_information=MeasurementInformation.INAM)
    world = attached(before, after, paused)
    ask(world, update_qer=(pfcp.UpdateQER(1, gate_status=pfcp.GateStatus(0, 1)),))
    world.ping()
    found = ask(world, pfcpsmreq_flags=PFCPSMReqFlag.QAURR).usage_report
    volumes = [report.volume_measurement for report in found]
    assert [one.total_volume for one in volumes] == [168, 84, 0]
    assert [one.total_packets for one in volumes] == [None, 1, None]


def test_when_a_monitoring_time_passes_then_usage_before_and_after_is_told_apart_and_new_goals_hold():
    # TS 29.244 8.2.15, 8.2.59
    world = World()
    urr = CreateURR(
        1,
        VOLUME,
        ReportingTrigger.VOLTH,
        volume_threshold=pfcp.VolumeThreshold(total_volume=10_000),
        monitoring_time=ntp(world, 30),
        subsequent_volume_threshold=pfcp.SubsequentVolumeThreshold(total_volume=200),
    )
    world = attached(urr)
    world.ping()
    assert run(world, 40) == []
    world.ping()
    assert reports(world) == []
    world.ping()
    before, after = reports(world)
    assert triggers([before, after]) == [
        UsageReportTrigger.VOLTH | UsageReportTrigger.MONIT,
        UsageReportTrigger.VOLTH,
    ]
    assert [before.usage_information, after.usage_information] == [UsageInformation.BEF, UsageInformation.AFT]
    assert [report.volume_measurement.total_volume for report in (before, after)] == [168, 336]
    assert (before.ur_seqn, after.ur_seqn) == (0, 1)
    assert before.end_time == after.start_time
    world.ping()
    world.ping()
    (last,) = reports(world)
    assert (last.ur_seqn, last.usage_information) == (2, None)


def test_when_a_monitoring_time_brings_no_threshold_then_the_rest_of_the_old_one_holds():
    world = World()
    urr = CreateURR(
        1,
        VOLUME,
        ReportingTrigger.VOLTH,
        volume_threshold=pfcp.VolumeThreshold(total_volume=500),
        monitoring_time=ntp(world, 30),
    )
    world = attached(urr)
    world.ping()
    run(world, 40)
    world.ping()
    assert reports(world) == []
    world.ping()
    assert [report.volume_measurement.total_volume for report in reports(world)] == [168, 336]


def test_when_usage_is_queried_then_the_reports_carry_the_reference():
    # TS 29.244 7.5.4.10
    world = attached(CreateURR(1, VOLUME, 0), CreateURR(2, VOLUME, 0))
    world.ping()
    (report,) = ask(world, query_urr=(QueryURR(2), QueryURR(9)), query_urr_reference=77).usage_report
    assert (report.urr_id, report.query_urr_reference) == (2, 77)
    assert report.usage_report_trigger == UsageReportTrigger.IMMER


def test_when_a_session_carries_nothing_for_its_inactivity_time_then_the_smf_is_told_once():
    # TS 29.244 8.2.83
    world = attached(CreateURR(1, VOLUME, 0), user_plane_inactivity_timer=40)
    for _ in range(4):
        world.ping()
        world.environment.clock.run_until(world.environment.now() + 30)
        assert requests(world) == []
    world.environment.clock.run_until(world.environment.now() + 25)
    (request,) = requests(world)
    assert request.report_type == ReportType.UPIR
    world.environment.clock.run_until(world.environment.now() + 200)
    assert requests(world) == []
    world.ping()
    world.environment.clock.run_until(world.environment.now() + 55)
    assert len(requests(world)) == 1
    ask(world, user_plane_inactivity_timer=0)
    world.ping()
    world.environment.clock.run_until(world.environment.now() + 200)
    assert requests(world) == []


def test_when_a_rule_gets_a_counter_later_then_nothing_it_measured_is_lost_or_told_twice():
    world = attached(CreateURR(1, VOLUME, 0))
    world.ping()
    some = downlink_pdr(pdr_id=3, precedence=1, urr_id=(2,))
    assert ask(world, create_pdr=(some,), create_urr=(CreateURR(2, VOLUME, 0),)).cause == PfcpCause.REQUEST_ACCEPTED
    world.ping()
    found = world.ask(pfcp.SessionDeletionRequest(), world.seid).usage_report
    assert {report.urr_id: report.volume_measurement.total_volume for report in found} == {1: 168 + 84, 2: 84}


@pytest.mark.parametrize(
    ("trigger", "element"),
    [(ReportingTrigger.QUHTI, 71), (ReportingTrigger.STOPT, 36), (ReportingTrigger.DROTH, 72)],
)
def test_when_a_trigger_lacks_what_it_needs_then_the_missing_element_is_named(trigger, element):
    pdrs = uplink_pdr(urr_id=(1,)), downlink_pdr(urr_id=(1,))
    refused = World().ask(establishment(create_pdr=pdrs, create_urr=(CreateURR(1, VOLUME, trigger),)))
    assert (refused.cause, refused.offending_ie) == (PfcpCause.CONDITIONAL_IE_MISSING, element)


def test_when_envelopes_are_asked_for_then_the_rule_is_refused():
    pdrs = uplink_pdr(urr_id=(1,)), downlink_pdr(urr_id=(1,))
    urr = CreateURR(1, VOLUME, ReportingTrigger.ENVCL)
    refused = World().ask(establishment(create_pdr=pdrs, create_urr=(urr,)))
    assert refused.failed_rule_id == pfcp.FailedRuleID(urr_id=1)
