"""Usage reports (TS 29.244 5.2.2): what a rule measured since its last report, out of what its session carried."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, TypeVar

import msgspec

from freehold.codecs.pfcp import UsageReport, VolumeMeasurement
from freehold.codecs.pfcp.flags import MeasurementMethod, ReportingTrigger, UsageReportTrigger
from freehold.core.upf.state import Mark, RuleSet, Urr
from freehold.core.upf.state.measuring import Limits, Volume
from freehold.services.userplane import Usage
from freehold.stack.pfcp import NTP_EPOCH

R = TypeVar("R", bound=UsageReport)

NEVER: Final = 2**64 - 1


class Reading(msgspec.Struct, frozen=True):
    """What a session carried until now, now in seconds, and the time of day as Unix counts it."""

    usage: Usage
    now: float = 0.0
    utc: float = 0.0

    @property
    def mark(self) -> Mark:
        """Where something that begins now is counted from."""
        usage = self.usage
        volume = usage.uplink_octets, usage.downlink_octets, usage.uplink_packets, usage.downlink_packets
        return Mark(volume, self.now)


def directions(rules: RuleSet, urr_id: int) -> tuple[bool, bool]:
    """Whether a rule measures uplink and downlink."""
    linked = {pdr.uplink for pdr in rules.pdrs.values() if urr_id in pdr.urrs}
    return True in linked, False in linked


def measured(rules: RuleSet, urr_id: int, reading: Reading, start: Mark) -> Volume:
    """What a rule measured since `start`."""
    uplink, downlink = directions(rules, urr_id)
    up, down, up_packets, down_packets = (
        now - before for now, before in zip(reading.mark.volume, start.volume, strict=True)
    )
    return up * uplink, down * downlink, up_packets * uplink, down_packets * downlink


# --- Reports (TS 29.244 7.5.8.3) -----------------------------------------------------------------
def report(kind: type[R], rules: RuleSet, urr_id: int, reading: Reading, trigger: int) -> R:
    """A report of what was measured since the last one; the rule counts anew from here (TS 29.244 5.2.2.3.1)."""
    urr = rules.urrs[urr_id]
    told = urr.told | trigger & (UsageReportTrigger.VOLQU | UsageReportTrigger.TIMQU)
    rules.urrs[urr_id] = msgspec.structs.replace(urr, last=reading.mark, reports=urr.reports + 1, told=told)
    end = int(reading.utc) + NTP_EPOCH
    fields: dict[str, Any] = {
        "urr_id": urr_id,
        "ur_seqn": urr.reports,  # TS 29.244 8.2.71: from 0
        "usage_report_trigger": trigger,
        "start_time": end - round(reading.now - urr.last.time),
        "end_time": end,
    }
    if urr.asked.method & MeasurementMethod.VOLUM:
        fields["volume_measurement"] = _volume(measured(rules, urr_id, reading, urr.last))
    if urr.asked.method & MeasurementMethod.DURAT:
        begun = reading.now if urr.counting is None else max(urr.counting, urr.last.time)
        fields["duration_measurement"] = round(reading.now - begun)
    return kind(**fields)


def _volume(volume: Volume) -> VolumeMeasurement:
    up, down, up_packets, down_packets = volume
    return VolumeMeasurement(up + down, up, down, up_packets + down_packets, up_packets, down_packets)


# --- When (TS 29.244 5.2.2.2) --------------------------------------------------------------------
def start_clocks(rules: RuleSet, reading: Reading) -> None:
    """Time is measured from the first packet on, unless it was at once (TS 29.244 8.2.68)."""
    for urr_id, urr in rules.urrs.items():
        if urr.counting is None and reading.mark.volume != urr.last.volume:
            rules.urrs[urr_id] = msgspec.structs.replace(urr, counting=reading.now)


def due(rules: RuleSet, reading: Reading) -> dict[int, int]:
    """The rules that are to report now, each with its triggers, and those that report with them."""
    found = {urr_id: _triggers(rules, urr_id, urr, reading) for urr_id, urr in rules.urrs.items()}
    for urr_id in linked(rules, {urr_id for urr_id, triggers in found.items() if triggers}):
        found[urr_id] |= UsageReportTrigger.LIUSA
    return {urr_id: triggers for urr_id, triggers in found.items() if triggers}


def linked(rules: RuleSet, reported: Collection[int]) -> list[int]:
    """The rules that report because one they are linked to does (TS 29.244 8.2.19, LIUSA)."""
    return [
        urr_id
        for urr_id, urr in rules.urrs.items()
        if urr.asked.triggers & ReportingTrigger.LIUSA and not set(reported).isdisjoint(urr.asked.linked)
    ]


def _triggers(rules: RuleSet, urr_id: int, urr: Urr, reading: Reading) -> int:
    asked, triggers = urr.asked, 0
    if min(_left(rules, urr_id, reading, urr.last, asked.thresholds), default=1) <= 0:
        triggers |= asked.triggers & ReportingTrigger.VOLTH
    if min(_left(rules, urr_id, reading, urr.granted, asked.quota), default=1) <= 0:
        triggers |= asked.triggers & ReportingTrigger.VOLQU
    ends = _threshold_at(urr), _quota_at(urr), _period_at(urr)
    for end, trigger in zip(
        ends, (ReportingTrigger.TIMTH, ReportingTrigger.TIMQU, ReportingTrigger.PERIO), strict=True
    ):
        if end is not None and reading.now >= end:
            triggers |= asked.triggers & trigger
    return triggers & ~urr.told  # these five have the same bits in both flags: TS 29.244 8.2.19, 8.2.41


def _left(rules: RuleSet, urr_id: int, reading: Reading, start: Mark, limits: Limits) -> Iterator[int]:
    """Octets until each limit."""
    up, down, *_ = measured(rules, urr_id, reading, start)
    for volume, limit in zip((up + down, up, down), limits, strict=True):
        if limit is not None:
            yield limit - volume


def _threshold_at(urr: Urr) -> float | None:
    if urr.counting is None or not urr.asked.time_threshold:
        return None
    return max(urr.counting, urr.last.time) + urr.asked.time_threshold


def _quota_at(urr: Urr) -> float | None:
    if urr.counting is None or urr.asked.time_quota is None:
        return None
    return max(urr.counting, urr.granted.time) + urr.asked.time_quota


def _period_at(urr: Urr) -> float | None:
    return urr.last.time + urr.asked.period if urr.asked.triggers & ReportingTrigger.PERIO else None


def next_at(rules: RuleSet, now: float) -> float | None:
    """When a rule reports or stops next without a packet that passes; None is never."""
    ends: list[float | None] = []
    for urr in rules.urrs.values():
        if 0 in urr.asked.quota and urr.asked.triggers & ReportingTrigger.VOLQU & ~urr.told:
            ends.append(now)  # used up before the first packet, which therefore never counts
        ends.append(_period_at(urr))
        if urr.asked.triggers & ReportingTrigger.TIMTH:
            ends.append(_threshold_at(urr))
        quota = _quota_at(urr)
        ends.append(quota if quota is not None and quota > now else None)
    return min((end for end in ends if end is not None), default=None)


# --- What the engine watches ---------------------------------------------------------------------
def report_at(rules: RuleSet, reading: Reading) -> int:
    """The octets of the session, both directions, at which the next threshold may be reached; 0 is never.

    The engine counts the session as a whole: a threshold of one direction cannot be reached before this.
    """
    left: list[int] = []
    for urr_id, urr in rules.urrs.items():
        asked = urr.asked
        if asked.triggers & ReportingTrigger.VOLTH:
            left += _left(rules, urr_id, reading, urr.last, asked.thresholds)
        if asked.triggers & ReportingTrigger.VOLQU & ~urr.told:
            left += _left(rules, urr_id, reading, urr.granted, asked.quota)
        if urr.counting is None and _measures_time(urr):
            left.append(1)  # the first packet starts the clock
    return reading.usage.uplink_octets + reading.usage.downlink_octets + max(min(left), 1) if left else 0


def _measures_time(urr: Urr) -> bool:
    asked = urr.asked
    return bool(asked.method & MeasurementMethod.DURAT or asked.time_threshold) or asked.time_quota is not None


def stops_at(rules: RuleSet, now: float) -> tuple[int, int, int] | None:
    """The session's uplink, downlink and total octets from which on quotas let nothing pass (TS 29.244 5.2.2.2)."""
    limits = [NEVER, NEVER, NEVER]
    for urr_id, urr in rules.urrs.items():
        for place, limit in _stops(directions(rules, urr_id), urr, now):
            limits[place] = min(limits[place], limit)
    uplink, downlink, total = limits
    return None if uplink == downlink == total == NEVER else (uplink, downlink, total)


def _stops(linked: tuple[bool, bool], urr: Urr, now: float) -> Iterator[tuple[int, int]]:
    """Limits of one rule: 0 is uplink, 1 downlink, 2 both."""
    (up, down, *_), (total, *alone) = urr.granted.volume, urr.asked.quota
    end = _quota_at(urr)
    for place, (before, limit) in enumerate(zip((up, down), alone, strict=True)):
        if not linked[place]:
            continue
        if limit is not None:
            yield place, before + limit
        if end is not None and now >= end:
            yield place, 0
    if total is not None and any(linked):
        place = 2 if all(linked) else linked.index(True)
        yield place, (up, down, up + down)[place] + total
