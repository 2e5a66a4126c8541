"""When usage reporting rules report and when they stop traffic (TS 29.244 5.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from freehold.codecs.pfcp.flags import MeasurementInformation, MeasurementMethod, ReportingTrigger, UsageReportTrigger
from freehold.core.upf.readings import Reading, measured
from freehold.core.upf.state import Mark, RuleSet, Urr
from freehold.core.upf.state.measuring import NO_LIMITS, Limits
from freehold.services.userplane import Counter
from freehold.stack.pfcp import NTP_EPOCH

NEVER: Final = 2**64 - 1

TRIGGERS: Final = {
    ReportingTrigger.PERIO: UsageReportTrigger.PERIO,
    ReportingTrigger.VOLTH: UsageReportTrigger.VOLTH,
    ReportingTrigger.TIMTH: UsageReportTrigger.TIMTH,
    ReportingTrigger.QUHTI: UsageReportTrigger.QUHTI,
    ReportingTrigger.START: UsageReportTrigger.START,
    ReportingTrigger.STOPT: UsageReportTrigger.STOPT,
    ReportingTrigger.DROTH: UsageReportTrigger.DROTH,
    ReportingTrigger.VOLQU: UsageReportTrigger.VOLQU,
    ReportingTrigger.TIMQU: UsageReportTrigger.TIMQU,
    ReportingTrigger.EVETH: UsageReportTrigger.EVETH,
    ReportingTrigger.EVEQU: UsageReportTrigger.EVEQU,
    ReportingTrigger.QUVTI: UsageReportTrigger.QUVTI,
}
"""What is asked for, and what a report of it says (TS 29.244 8.2.19, 8.2.41)."""

ONCE: Final = UsageReportTrigger.VOLQU | UsageReportTrigger.TIMQU | UsageReportTrigger.EVEQU | UsageReportTrigger.QUVTI
"""Reported once for each grant."""


def detects(urr: Urr) -> bool:
    """Whether the rule has to know when traffic starts and stops."""
    watched = ReportingTrigger.START | ReportingTrigger.STOPT
    return bool(urr.asked.triggers & watched or urr.asked.method & MeasurementMethod.EVENT or urr.asked.waits.idle)


def triggers(rules: RuleSet, urr_id: int, urr: Urr, reading: Reading) -> int:
    """Why a rule is to report now, as its report says it; 0 is not at all."""
    found = 0
    for asked in _reached(rules, urr_id, urr, reading):
        if urr.asked.triggers & asked:
            found |= TRIGGERS[asked]
    return found & ~urr.told


def _reached(rules: RuleSet, urr_id: int, urr: Urr, reading: Reading) -> Iterator[int]:
    goals, traffic = urr.asked.goals, urr.traffic
    if min(_left(rules, urr_id, reading, urr.last, goals.thresholds), default=1) <= 0:
        yield ReportingTrigger.VOLTH
    if min(_left(rules, urr_id, reading, urr.granted, goals.quota), default=1) <= 0:
        yield ReportingTrigger.VOLQU
    if goals.event_threshold and len(traffic.begun) >= goals.event_threshold:
        yield ReportingTrigger.EVETH
    if goals.event_quota is not None and traffic.granted >= goals.event_quota:
        yield ReportingTrigger.EVEQU
    if any(
        limit and dropped >= limit
        for dropped, limit in zip(_dropped(urr_id, urr, reading), urr.asked.dropped, strict=True)
    ):
        yield ReportingTrigger.DROTH
    for end, trigger in _ends(urr_id, urr, reading):
        if end is not None and reading.now >= end:
            yield trigger


def _ends(urr_id: int, urr: Urr, reading: Reading) -> Iterator[tuple[float | None, int]]:
    waits = urr.asked.waits
    yield threshold_at(urr), ReportingTrigger.TIMTH
    yield quota_at(urr), ReportingTrigger.TIMQU
    yield urr.last.time + waits.period if waits.period else None, ReportingTrigger.PERIO
    yield urr.granted.time + waits.validity if waits.validity else None, ReportingTrigger.QUVTI
    quiet = max(reading.last_packet(urr_id), urr.last.time)
    yield quiet + waits.holding if waits.holding else None, ReportingTrigger.QUHTI


def _left(rules: RuleSet, urr_id: int, reading: Reading, start: Mark, limits: Limits) -> Iterator[int]:
    """Octets until each limit."""
    if limits == NO_LIMITS:
        return
    up, down, *_ = measured(rules, urr_id, reading, start)
    total, uplink, downlink = limits
    if total is not None:
        yield total - up - down
    if uplink is not None:
        yield uplink - up
    if downlink is not None:
        yield downlink - down


def _dropped(urr_id: int, urr: Urr, reading: Reading) -> tuple[int, int]:
    """Downlink packets and octets dropped since the last report."""
    (packets, octets), (before, octets_before) = reading.dropped(urr_id), urr.traffic.dropped
    return packets - before, octets - octets_before


def threshold_at(urr: Urr) -> float | None:
    """When a time threshold is reached, if traffic goes on."""
    if urr.clock.since is None or not urr.asked.goals.time_threshold:
        return None
    return max(urr.clock.since, urr.last.time) + urr.asked.goals.time_threshold - urr.clock.reported


def quota_at(urr: Urr) -> float | None:
    """When a time quota is used up, if traffic goes on."""
    quota = urr.asked.goals.time_quota
    if quota is None or urr.clock.since is None:
        return None
    return max(urr.clock.since, urr.granted.time) + quota - urr.clock.granted


def next_at(rules: RuleSet, reading: Reading) -> float | None:
    """When a rule reports, stops or changes next without a packet that passes; None is never."""
    found = None
    for urr_id, urr in rules.urrs.items():
        if _is_timed(urr):
            for end in _moments(urr_id, urr, reading):
                if end is not None and (found is None or end < found):
                    found = end
    return found


TIMED: Final = (
    ReportingTrigger.PERIO
    | ReportingTrigger.TIMTH
    | ReportingTrigger.QUHTI
    | ReportingTrigger.VOLQU
    | ReportingTrigger.EVEQU
    | ReportingTrigger.QUVTI
)


def _is_timed(urr: Urr) -> bool:
    """Whether something of a rule may come without a packet."""
    asked = urr.asked
    quota = asked.goals.time_quota is not None
    return bool(asked.triggers & TIMED or quota or asked.waits.idle or asked.subsequent)


def _moments(urr_id: int, urr: Urr, reading: Reading) -> Iterator[float | None]:
    asked, now = urr.asked, reading.now
    quotas = 0 in asked.goals.quota, asked.goals.event_quota == 0
    for empty, trigger in zip(quotas, (ReportingTrigger.VOLQU, ReportingTrigger.EVEQU), strict=True):
        if empty and asked.triggers & trigger and not urr.told & TRIGGERS[trigger]:
            yield now  # used up before the first packet, which therefore never counts
    for end, trigger in _ends(urr_id, urr, reading):
        told = urr.told & TRIGGERS[trigger]
        if trigger == ReportingTrigger.TIMQU:  # traffic stops then, told or not
            yield end if end is not None and end > now else None
        elif asked.triggers & trigger and not told:
            yield end
    if urr.traffic.flows and asked.waits.idle:
        yield max(reading.last_packet(urr_id), urr.clock.since or 0.0) + asked.waits.idle
    if asked.subsequent:
        yield now + max(asked.subsequent[0][0] - NTP_EPOCH - reading.utc, 0.0)


# --- What the engine watches ---------------------------------------------------------------------
def report_at(rules: RuleSet, urr_id: int, reading: Reading) -> int:
    """The octets, both directions, at which the rule may have to report next; 0 is never.

    A threshold of one direction cannot be reached before this.
    """
    urr = rules.urrs[urr_id]
    asked, goals = urr.asked, urr.asked.goals
    left: list[int] = []
    if asked.triggers & ReportingTrigger.VOLTH:
        left += _left(rules, urr_id, reading, urr.last, goals.thresholds)
    if asked.triggers & ReportingTrigger.VOLQU and not urr.told & UsageReportTrigger.VOLQU:
        left += _left(rules, urr_id, reading, urr.granted, goals.quota)
    if (urr.clock.since is None and _measures_time(urr)) or (detects(urr) and not urr.traffic.flows):
        left.append(1)  # the first packet starts the clock
    if not left:
        return 0
    up, down, *_ = reading.volume(urr_id)
    return up + down + max(min(left), 1)


def _measures_time(urr: Urr) -> bool:
    goals = urr.asked.goals
    return bool(urr.asked.method & MeasurementMethod.DURAT or goals.time_threshold) or goals.time_quota is not None


def has_quota(urr: Urr) -> bool:
    """Whether anything may stop the traffic of a rule."""
    goals = urr.asked.goals
    return goals.quota != NO_LIMITS or goals.time_quota is not None or goals.event_quota is not None


def stops_at(rules: RuleSet, urr_id: int, reading: Reading, linked: tuple[bool, bool]) -> tuple[int, int, int] | None:
    """The uplink, downlink and total octets from which on the rule's quotas let nothing pass (TS 29.244 5.2.2.2)."""
    if not has_quota(rules.urrs[urr_id]):
        return None
    limits = [NEVER, NEVER, NEVER]
    for place, limit in _stops(linked, rules.urrs[urr_id], reading.now):
        limits[place] = min(limits[place], limit)
    uplink, downlink, total = limits
    return None if uplink == downlink == total == NEVER else (uplink, downlink, total)


def _stops(linked: tuple[bool, bool], urr: Urr, now: float) -> Iterator[tuple[int, int]]:
    """Limits of one rule: 0 is uplink, 1 downlink, 2 both."""
    goals = urr.asked.goals
    (up, down, *_), (total, *alone) = urr.granted.volume, goals.quota
    end = quota_at(urr)
    ended = (end is not None and now >= end) or (
        goals.event_quota is not None and urr.traffic.granted >= goals.event_quota
    )
    for place, (before, limit) in enumerate(zip((up, down), alone, strict=True)):
        if not linked[place]:
            continue
        if limit is not None:
            yield place, max(before + limit, 0)
        if ended:
            yield place, 0
    if total is not None and any(linked):
        place = 2 if all(linked) else linked.index(True)
        yield place, max((up, down, up + down)[place] + total, 0)


def counter(rules: RuleSet, urr_id: int, reading: Reading) -> Counter:
    """The engine's counter of a rule."""
    urr = rules.urrs[urr_id]
    information = urr.asked.information
    (packets, octets), (most, most_octets) = urr.traffic.dropped, urr.asked.dropped
    watches = bool(urr.asked.triggers & ReportingTrigger.DROTH)
    return Counter(
        urr_id,
        report_at(rules, urr_id, reading),
        stops_at(rules, urr_id, reading, (True, True)),
        (packets + most if watches and most else 0, octets + most_octets if watches and most_octets else 0),
        bool(information & MeasurementInformation.MBQE),
        bool(information & MeasurementInformation.INAM),
        urr.last.time == reading.now,
    )
