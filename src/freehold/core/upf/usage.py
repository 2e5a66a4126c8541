"""Usage reports (TS 29.244 5.2.2): what a rule measured since its last report, and when it is to be told."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, TypeVar

import msgspec

from freehold.codecs.pfcp import UsageReport, VolumeMeasurement
from freehold.codecs.pfcp.flags import (
    MeasurementInformation,
    MeasurementMethod,
    ReportingTrigger,
    UsageInformation,
    UsageReportTrigger,
)
from freehold.core.upf.limits import ONCE, detects, triggers
from freehold.core.upf.readings import Reading, measured
from freehold.core.upf.state import RuleSet, Urr
from freehold.core.upf.state.measuring import Clock, Goals, Kept, Limits, Traffic, Volume
from freehold.services.userplane import Measured
from freehold.stack.pfcp import NTP_EPOCH

R = TypeVar("R", bound=UsageReport)

MOST_EVENTS: Final = 64
"""Times of events that one report has: older ones are counted only."""


# --- Reports (TS 29.244 7.5.8.3) -----------------------------------------------------------------
def report(
    kind: type[R], rules: RuleSet, urr_id: int, reading: Reading, trigger: int, reference: int | None = None
) -> list[R]:
    """The reports of what was measured since the last one; the rule counts anew from here (TS 29.244 5.2.2.3.1).

    One, and before it one for each monitoring time that passed. `reference` is what the SMF called its query.
    """
    urr = rules.urrs[urr_id]
    found = [kind(**_kept_fields(urr_id, urr, kept, trigger)) for kept in urr.kept]
    now = _kept(rules, urr_id, urr, reading)
    fields = _fields(urr_id, urr, now, trigger)
    fields |= _packet_times(reading.counters.get(urr_id), urr, reading)
    if urr.kept:
        fields["usage_information"] = UsageInformation.AFT
    if reference is not None:
        fields["query_urr_reference"] = reference
    if urr.traffic.begun and urr.asked.method & MeasurementMethod.EVENT:
        fields["event_time_stamp"] = tuple(_ntp(reading, at) for at in urr.traffic.begun[-MOST_EVENTS:])
    rules.urrs[urr_id] = _begin(rules.urrs[urr_id], reading, urr_id, urr.told | trigger & ONCE)
    return [*found, kind(**fields)]


def _begin(urr: Urr, reading: Reading, urr_id: int, told: int) -> Urr:
    """The rule after its report."""
    traffic = msgspec.structs.replace(urr.traffic, begun=(), dropped=reading.dropped(urr_id))
    return msgspec.structs.replace(
        urr,
        last=msgspec.structs.replace(urr.last, volume=reading.volume(urr_id), time=reading.now),
        clock=msgspec.structs.replace(urr.clock, reported=0.0),
        traffic=traffic,
        reports=urr.reports + len(urr.kept) + 1,
        told=told,
        kept=(),
    )


def _kept(rules: RuleSet, urr_id: int, urr: Urr, reading: Reading) -> Kept:
    end = int(reading.utc) + NTP_EPOCH
    return Kept(
        urr.reports + len(urr.kept),  # TS 29.244 8.2.71: from 0
        end - round(reading.now - urr.last.time),
        end,
        measured(rules, urr_id, reading, urr.last),
        round(_duration(urr, reading.now)),
    )


def _duration(urr: Urr, now: float) -> float:
    since = urr.clock.since
    return urr.clock.reported + (0.0 if since is None else now - max(since, urr.last.time))


def _kept_fields(urr_id: int, urr: Urr, kept: Kept, trigger: int) -> dict[str, Any]:
    """Of what came before a monitoring time (TS 29.244 8.2.41, 8.2.59)."""
    fields = _fields(urr_id, urr, kept, trigger | UsageReportTrigger.MONIT)
    return fields | {"usage_information": UsageInformation.BEF}


def _fields(urr_id: int, urr: Urr, kept: Kept, trigger: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "urr_id": urr_id,
        "ur_seqn": kept.number,
        "usage_report_trigger": trigger,
        "start_time": kept.start,
        "end_time": kept.end,
    }
    if urr.asked.method & MeasurementMethod.VOLUM:
        packets = bool(urr.asked.information & MeasurementInformation.MNOP)
        fields["volume_measurement"] = _volume(kept.volume, packets=packets)
    if urr.asked.method & MeasurementMethod.DURAT:
        fields["duration_measurement"] = kept.duration
    return fields


def _volume(volume: Volume, *, packets: bool) -> VolumeMeasurement:
    up, down, up_packets, down_packets = volume
    if not packets:
        return VolumeMeasurement(up + down, up, down)
    return VolumeMeasurement(up + down, up, down, up_packets + down_packets, up_packets, down_packets)


def _packet_times(counted: Measured | None, urr: Urr, reading: Reading) -> dict[str, Any]:
    """When the first and the last packet of this report came (TS 29.244 8.2.46, 8.2.47)."""
    if counted is None or not counted.last or counted.last <= urr.last.time:
        return {}
    return {
        "time_of_first_packet": _ntp(reading, counted.first),
        "time_of_last_packet": _ntp(reading, counted.last),
    }


def _ntp(reading: Reading, at: float) -> int:
    return int(reading.utc - (reading.now - at)) + NTP_EPOCH


# --- What happened meanwhile ---------------------------------------------------------------------
def advance(rules: RuleSet, reading: Reading) -> dict[int, int]:
    """Start and stop clocks, notice traffic that began or ended; the triggers of rules that are told so."""
    found: dict[int, int] = {}
    for urr_id in list(rules.urrs):
        urr, why = _advanced(rules, urr_id, reading)
        rules.urrs[urr_id] = urr
        if why:
            found[urr_id] = why
    return found


def _advanced(rules: RuleSet, urr_id: int, reading: Reading) -> tuple[Urr, int]:
    urr, why = rules.urrs[urr_id], 0
    carried = _carried(rules, urr_id, reading)
    if not detects(urr):
        if urr.clock.since is None and carried:
            # time is measured from the first packet on: TS 29.244 8.2.68
            urr = msgspec.structs.replace(urr, clock=msgspec.structs.replace(urr.clock, since=reading.now))
    elif not urr.traffic.flows and carried and not _quiet(urr_id, urr, reading):
        urr, why = _started(urr_id, urr, reading), UsageReportTrigger.START
    elif urr.traffic.flows and _quiet(urr_id, urr, reading):
        urr, why = _stopped(urr_id, urr, reading), UsageReportTrigger.STOPT
    asked = {UsageReportTrigger.START: ReportingTrigger.START, UsageReportTrigger.STOPT: ReportingTrigger.STOPT}
    if why and not urr.asked.triggers & asked[why]:
        why = 0
    while urr.asked.subsequent and reading.utc + NTP_EPOCH >= urr.asked.subsequent[0][0]:
        urr = _monitored(rules, urr_id, urr, reading)
    return urr, why


def _carried(rules: RuleSet, urr_id: int, reading: Reading) -> bool:
    return any(measured(rules, urr_id, reading, rules.urrs[urr_id].last)[2:])


def _quiet(urr_id: int, urr: Urr, reading: Reading) -> bool:
    """Whether no packet came for the inactivity detection time (TS 29.244 8.2.18)."""
    idle = urr.asked.waits.idle
    return bool(idle) and reading.now >= max(reading.last_packet(urr_id), urr.clock.since or 0.0) + idle


def _started(urr_id: int, urr: Urr, reading: Reading) -> Urr:
    first = max(reading.counters[urr_id].first, urr.last.time) if urr_id in reading.counters else reading.now
    traffic = Traffic(
        flows=True,
        begun=(*urr.traffic.begun, first),
        granted=urr.traffic.granted + 1,
        dropped=urr.traffic.dropped,
    )
    since = urr.clock.since if urr.clock.since is not None else first
    return msgspec.structs.replace(urr, traffic=traffic, clock=msgspec.structs.replace(urr.clock, since=since))


def _stopped(urr_id: int, urr: Urr, reading: Reading) -> Urr:
    """Time stands from the end of the inactivity detection time on (TS 29.244 8.2.18)."""
    clock, end = urr.clock, max(reading.last_packet(urr_id), urr.clock.since or 0.0) + urr.asked.waits.idle
    since = reading.now if clock.since is None else clock.since
    stopped = Clock(
        None,
        clock.reported + max(end - max(since, urr.last.time), 0.0),
        clock.granted + max(end - max(since, urr.granted.time), 0.0),
    )
    return msgspec.structs.replace(urr, traffic=msgspec.structs.replace(urr.traffic, flows=False), clock=stopped)


def _monitored(rules: RuleSet, urr_id: int, urr: Urr, reading: Reading) -> Urr:
    """At a monitoring time the usage is set aside, and other goals hold (TS 29.244 5.2.2.2)."""
    (_, subsequent), *rest = urr.asked.subsequent
    kept = _kept(rules, urr_id, urr, reading)
    goals = _from_now_on(urr.asked.goals, subsequent, kept)
    asked = msgspec.structs.replace(urr.asked, goals=goals, subsequent=tuple(rest))
    mark = msgspec.structs.replace(urr.last, volume=reading.volume(urr_id), time=reading.now)
    clock = msgspec.structs.replace(urr.clock, reported=0.0)
    new = msgspec.structs.replace(urr, asked=asked, last=mark, clock=clock, kept=(*urr.kept, kept))
    renewed = subsequent.quota != (None, None, None) or subsequent.time_quota is not None
    if renewed:
        granted = msgspec.structs.replace(new.clock, granted=0.0)
        new = msgspec.structs.replace(new, granted=mark, told=0, clock=granted)
    return new


def _from_now_on(old: Goals, new: Goals, kept: Kept) -> Goals:
    """The goals after a monitoring time; a threshold without a new one goes on with what is left of it."""
    nothing: Limits = (None, None, None)
    up, down, *_ = kept.volume
    left = [
        None if limit is None else max(limit - done, 1)
        for limit, done in zip(old.thresholds, (up + down, up, down), strict=True)
    ]
    return Goals(
        new.thresholds if new.thresholds != nothing else (left[0], left[1], left[2]),
        new.quota if new.quota != nothing else old.quota,
        new.time_threshold or (max(old.time_threshold - kept.duration, 1) if old.time_threshold else 0),
        old.time_quota if new.time_quota is None else new.time_quota,
        new.event_threshold or old.event_threshold,
        old.event_quota if new.event_quota is None else new.event_quota,
    )


# --- Which (TS 29.244 5.2.2.2) -------------------------------------------------------------------
def due(rules: RuleSet, reading: Reading, noticed: dict[int, int] | None = None) -> dict[int, int]:
    """The rules that are to report now, each with its triggers, and those that report with them."""
    found = {
        urr_id: triggers(rules, urr_id, urr, reading) | (noticed or {}).get(urr_id, 0)
        for urr_id, urr in rules.urrs.items()
    }
    for urr_id in linked(rules, {urr_id for urr_id, why in found.items() if why}):
        found[urr_id] |= UsageReportTrigger.LIUSA
    return {urr_id: why for urr_id, why in found.items() if why}


def linked(rules: RuleSet, reported: Collection[int]) -> list[int]:
    """The rules that report because one they are linked to does (TS 29.244 8.2.19, LIUSA)."""
    return [
        urr_id
        for urr_id, urr in rules.urrs.items()
        if urr.asked.triggers & ReportingTrigger.LIUSA and not set(reported).isdisjoint(urr.asked.linked)
    ]


def reports(
    kind: type[R], rules: RuleSet, reading: Reading, why: dict[int, int], reference: int | None = None
) -> Iterator[R]:
    """The reports of several rules in one message."""
    for urr_id, trigger in why.items():
        yield from report(kind, rules, urr_id, reading, trigger, reference)
