"""Usage reporting on virtual time, with the native engine's packets of 84 octets each way."""

from __future__ import annotations

from typing import Any

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import CreateURR, SessionModificationRequest, SessionReportResponse, UpdateURR
from freehold.codecs.pfcp.flags import MeasurementMethod, ReportingTrigger, UsageReportTrigger
from freehold.spec.causes import PfcpCause
from freehold.stack.pfcp import NTP_EPOCH
from upfkit import Attached, World, downlink_pdr, establishment, uplink_pdr

ISTM = 8
VOLUME, DURATION = MeasurementMethod.VOLUM, MeasurementMethod.DURAT


def attached(*urrs: CreateURR, downlink: tuple[int, ...] | None = None) -> Attached:
    ids = tuple(urr.urr_id for urr in urrs)
    pdrs = uplink_pdr(urr_id=ids), downlink_pdr(urr_id=ids if downlink is None else downlink)
    world = Attached(create_pdr=pdrs, create_urr=urrs)
    world.sent.clear()
    return world


def reports(world: Attached) -> list[Any]:
    """The usage reports sent since last asked, each message answered."""
    world.poll()
    found = []
    for request in world.requests():
        if isinstance(request.message, pfcp.SessionReportRequest):
            found += request.message.usage_report
            world.respond(request, SessionReportResponse(cause=PfcpCause.REQUEST_ACCEPTED))
    return found


def run(world: Attached, seconds: float) -> list[Any]:
    """The usage reports of so many seconds."""
    world.environment.clock.run_until(world.environment.now() + seconds)
    return reports(world)


def carried(world: Attached) -> int:
    usage = world.upf_plane.usage(world.teid)
    return usage.uplink_octets + usage.downlink_octets


@pytest.mark.parametrize(
    ("quota", "most"),
    [
        (pfcp.VolumeQuota(total_volume=300), 336),
        (pfcp.VolumeQuota(uplink_volume=168), 336),
        (pfcp.VolumeQuota(downlink_volume=84), 168),
    ],
)
def test_when_a_volume_quota_is_used_up_then_traffic_stops_until_more_is_granted(quota, most):
    # TS 29.244 5.2.2.2
    world = attached(CreateURR(1, VOLUME, ReportingTrigger.VOLQU, volume_quota=quota))
    seen = []
    for _ in range(6):
        world.gnb.ping(1, "10.45.0.1", 56, lambda _: None)
        seen += reports(world)
    octets = carried(world)
    assert most <= octets <= most + 5 * 84  # a downlink quota stops downlink alone
    assert world.upf_plane.counters()["drop_quota_exhausted"] > 0
    (report,) = seen
    assert report.usage_report_trigger == UsageReportTrigger.VOLQU
    more = UpdateURR(1, volume_quota=pfcp.VolumeQuota(total_volume=10_000))
    answer = world.ask(SessionModificationRequest(update_urr=(more,)), world.seid)
    assert answer.cause == PfcpCause.REQUEST_ACCEPTED
    world.ping()
    assert carried(world) == octets + 168


@pytest.mark.parametrize("quota", [pfcp.VolumeQuota(total_volume=0), pfcp.VolumeQuota(uplink_volume=0)])
def test_when_the_quota_is_nothing_from_the_beginning_then_it_is_reported_once_and_more_lets_traffic_pass(quota):
    # TS 29.244 5.2.2.2
    world = attached(CreateURR(1, VOLUME, ReportingTrigger.VOLQU, volume_quota=quota))
    (report,) = run(world, 1)
    assert report.usage_report_trigger == UsageReportTrigger.VOLQU
    assert report.volume_measurement.total_volume == 0
    world.gnb.ping(1, "10.45.0.1", 56, lambda _: None)
    assert run(world, 1) == []
    assert carried(world) == 0
    more = UpdateURR(1, volume_quota=pfcp.VolumeQuota(total_volume=10_000))
    world.ask(SessionModificationRequest(update_urr=(more,)), world.seid)
    world.ping()
    assert carried(world) > 0
    nothing = UpdateURR(1, volume_quota=pfcp.VolumeQuota(total_volume=0))
    world.ask(SessionModificationRequest(update_urr=(nothing,)), world.seid)
    assert [one.usage_report_trigger for one in run(world, 1)] == [UsageReportTrigger.VOLQU]


def test_when_the_session_ends_then_everything_it_carried_was_reported_once():
    urr = CreateURR(1, VOLUME, ReportingTrigger.VOLTH, volume_threshold=pfcp.VolumeThreshold(total_volume=200))
    world = attached(urr)
    seen = []
    for _ in range(5):
        world.ping()
        seen += reports(world)
    last = world.ask(pfcp.SessionDeletionRequest(), world.seid)
    seen += last.usage_report
    assert sum(report.volume_measurement.total_volume for report in seen) == 5 * 168
    assert [report.ur_seqn for report in seen] == list(range(len(seen)))
    assert seen[-1].usage_report_trigger == UsageReportTrigger.TERMR


def test_when_a_period_is_asked_for_then_reports_come_every_period():
    world = attached(CreateURR(1, VOLUME, ReportingTrigger.PERIO, measurement_period=2))
    world.ping()
    first, second = run(world, 2), run(world, 2)
    assert [report.usage_report_trigger for report in first + second] == [UsageReportTrigger.PERIO] * 2
    assert [report.volume_measurement.total_volume for report in first + second] == [168, 0]
    assert first[0].end_time - first[0].start_time == 2
    assert first[0].end_time == int(world.environment.utc()) + NTP_EPOCH - 2
    world.ask(pfcp.SessionDeletionRequest(), world.seid)
    assert run(world, 6) == []


def test_when_time_is_measured_then_it_begins_with_the_first_packet_unless_asked_at_once():
    # TS 29.244 8.2.68
    threshold: dict[str, Any] = {"time_threshold": 3}
    later = CreateURR(1, DURATION, ReportingTrigger.TIMTH, **threshold)
    at_once = CreateURR(2, DURATION, ReportingTrigger.TIMTH, measurement_information=ISTM, **threshold)
    world = attached(later, at_once)
    (report,) = run(world, 4)
    assert (report.urr_id, report.usage_report_trigger) == (2, UsageReportTrigger.TIMTH)
    assert (report.duration_measurement, report.volume_measurement) == (3, None)
    world.ping()
    world.poll()
    assert 1 in [report.urr_id for report in run(world, 3)]


def test_when_a_time_quota_is_used_up_then_traffic_stops_until_more_is_granted():
    world = attached(CreateURR(1, DURATION, ReportingTrigger.TIMQU, time_quota=2))
    world.ping()
    world.poll()
    (report,) = run(world, 2)
    assert report.usage_report_trigger == UsageReportTrigger.TIMQU
    before = carried(world)
    world.gnb.ping(1, "10.45.0.1", 56, lambda _: None)
    assert (run(world, 2), carried(world)) == ([], before)
    world.ask(SessionModificationRequest(update_urr=(UpdateURR(1, time_quota=60),)), world.seid)
    world.ping()
    assert carried(world) == before + 168


def test_when_several_rules_are_due_then_one_message_reports_them_all():
    period = CreateURR(1, VOLUME, ReportingTrigger.PERIO, measurement_period=2)
    both = CreateURR(
        2,
        VOLUME | DURATION,
        ReportingTrigger.TIMTH | ReportingTrigger.VOLTH,
        time_threshold=2,
        measurement_information=ISTM,
    )
    world = attached(period, both, downlink=(2,))
    world.ping()
    world.environment.clock.run_until(world.environment.now() + 2)
    (request,) = (one for one in world.requests() if isinstance(one.message, pfcp.SessionReportRequest))
    uplink, whole = request.message.usage_report
    assert (uplink.volume_measurement.total_volume, whole.volume_measurement.total_volume) == (84, 168)
    assert whole.duration_measurement == 2


def test_when_a_rule_is_linked_then_it_reports_with_the_one_it_is_linked_to():
    # TS 29.244 8.2.19, 8.2.41
    threshold = pfcp.VolumeThreshold(total_volume=300)
    world = attached(
        CreateURR(1, VOLUME, ReportingTrigger.VOLTH, volume_threshold=threshold),
        CreateURR(2, VOLUME, ReportingTrigger.LIUSA, linked_urr_id=(1,)),
        CreateURR(3, VOLUME, 0, linked_urr_id=(1,)),
        CreateURR(4, VOLUME, ReportingTrigger.LIUSA, linked_urr_id=(9,)),
    )
    world.ping()
    assert reports(world) == []
    world.ping()
    found = {report.urr_id: report for report in reports(world)}
    assert {urr_id: report.usage_report_trigger for urr_id, report in found.items()} == {
        1: UsageReportTrigger.VOLTH,
        2: UsageReportTrigger.LIUSA,
    }
    assert found[1].volume_measurement == found[2].volume_measurement
    world.ping()
    world.ping()
    assert sorted(report.urr_id for report in reports(world)) == [1, 2]


def test_when_a_rule_comes_later_then_it_counts_from_there():
    world = attached(CreateURR(1, VOLUME, ReportingTrigger.VOLTH))
    world.ping()
    link = tuple(pfcp.UpdatePDR(pdr_id=pdr, urr_id=(1, 2)) for pdr in (1, 2))
    world.ask(SessionModificationRequest(create_urr=(CreateURR(2, VOLUME, 0),), update_pdr=link), world.seid)
    world.ping()
    last = world.ask(pfcp.SessionDeletionRequest(), world.seid)
    assert {report.urr_id: report.volume_measurement.total_volume for report in last.usage_report} == {1: 336, 2: 168}


@pytest.mark.parametrize(
    ("urr", "cause"),
    [
        (CreateURR(1, VOLUME, ReportingTrigger.PERIO), PfcpCause.CONDITIONAL_IE_MISSING),
        (CreateURR(1, 0, 0), PfcpCause.RULE_CREATION_MODIFICATION_FAILURE),
    ],
)
def test_when_a_rule_cannot_be_measured_then_the_session_is_refused(urr, cause):
    pdrs = uplink_pdr(urr_id=(1,)), downlink_pdr(urr_id=(1,))
    assert World().ask(establishment(create_pdr=pdrs, create_urr=(urr,))).cause == cause
