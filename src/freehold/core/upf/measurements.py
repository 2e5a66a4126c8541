"""Usage reporting rules as PFCP creates, updates and removes them (TS 29.244 7.5.2.4, 7.5.4.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import MeasurementInformation, MeasurementMethod, ReportingTrigger
from freehold.core.upf.faults import failed, missing
from freehold.core.upf.state import Mark, Measurement, RuleSet, Urr
from freehold.core.upf.state.measuring import NO_LIMITS, Clock, Goals, Limits, Waits

MEASUREMENT_PERIOD: Final = 64
INACTIVITY_DETECTION_TIME: Final = 36
QUOTA_HOLDING_TIME: Final = 71
DROPPED_DL_TRAFFIC_THRESHOLD: Final = 72


def create_urr(rules: RuleSet, urr: pfcp.CreateURR, start: Mark) -> None:
    """Add a usage reporting rule that counts from `start`."""
    if urr.urr_id in rules.urrs:
        raise failed(f"URR {urr.urr_id} exists", urr_id=urr.urr_id)
    asked = _changed(Measurement(), urr)
    _check(urr.urr_id, asked)
    rules.urrs[urr.urr_id] = Urr(asked, start, start, Clock(_begins(asked, start.time)))


def update_urr(rules: RuleSet, update: pfcp.UpdateURR) -> None:
    """Change a usage reporting rule: what is not named stays; a new quota is counted from the last report.

    What comes without octets ends (TS 29.244 5.6.3).
    """
    old = rules.urrs.get(update.urr_id)
    if old is None:
        raise failed(f"no URR {update.urr_id}", urr_id=update.urr_id)
    asked = _changed(_without(old.asked, update.removed), update)
    _check(update.urr_id, asked)
    new = msgspec.structs.replace(old, asked=asked)
    if update.volume_quota is not None or update.time_quota is not None or update.event_quota is not None:
        clock = msgspec.structs.replace(old.clock, granted=old.clock.reported)
        traffic = msgspec.structs.replace(old.traffic, granted=len(old.traffic.begun))
        new = msgspec.structs.replace(new, granted=old.last, told=0, clock=clock, traffic=traffic)
    rules.urrs[update.urr_id] = new


def remove_urr(rules: RuleSet, remove: pfcp.RemoveURR) -> None:
    """Take a usage reporting rule away."""
    if rules.urrs.pop(remove.urr_id, None) is None:
        raise failed(f"no URR {remove.urr_id}", urr_id=remove.urr_id)


ENDS: Final = MappingProxyType({72: "dropped", 82: "linked", 100: "information", 33: "subsequent"})
ENDS_OF_GOALS: Final = MappingProxyType(
    {
        31: "thresholds",
        32: "time_threshold",
        73: "quota",
        74: "time_quota",
        148: "event_quota",
        149: "event_threshold",
    }
)
ENDS_OF_WAITS: Final = MappingProxyType({64: "period", 36: "idle", 71: "holding", 181: "validity"})
"""What of a measurement ends when an IE of this type comes without octets (TS 29.244 7.5.4.4)."""

P = TypeVar("P", Measurement, Goals, Waits)


def _without(old: Measurement, removed: Collection[int]) -> Measurement:
    if not removed:
        return old
    goals = _ended(old.goals, Goals(), ENDS_OF_GOALS, removed)
    waits = _ended(old.waits, Waits(), ENDS_OF_WAITS, removed)
    kept = msgspec.structs.replace(old, goals=goals, waits=waits)
    return _ended(kept, Measurement(), ENDS, removed)


def _ended(old: P, nothing: P, ends: Mapping[int, str], removed: Collection[int]) -> P:
    names = [name for kind, name in ends.items() if kind in removed]
    return msgspec.structs.replace(old, **{name: getattr(nothing, name) for name in names})


def _begins(asked: Measurement, now: float) -> float | None:
    """Time is measured from now on, not from the first packet, where it is asked so (TS 29.244 8.2.68)."""
    return now if asked.information & MeasurementInformation.ISTM else None


def _changed(old: Measurement, urr: pfcp.CreateURR | pfcp.UpdateURR) -> Measurement:
    information = urr.measurement_information
    return Measurement(
        method=_kept(urr.measurement_method, old.method),
        triggers=_kept(urr.reporting_triggers, old.triggers),
        information=_kept(information, old.information),
        goals=_goals(urr, old.goals),
        waits=Waits(
            _kept(urr.measurement_period, old.waits.period),
            _kept(urr.inactivity_detection_time, old.waits.idle),
            _kept(urr.quota_holding_time, old.waits.holding),
            _kept(urr.quota_validity_time, old.waits.validity),
        ),
        dropped=_dropped(urr.dropped_dl_traffic_threshold, old.dropped),
        linked=urr.linked_urr_id or old.linked,
        subsequent=_all_subsequent(urr) or old.subsequent,
    )


def _kept(new: int | None, old: int) -> int:
    return old if new is None else new


def _goals(urr: pfcp.CreateURR | pfcp.UpdateURR, old: Goals) -> Goals:
    return Goals(
        old.thresholds if urr.volume_threshold is None else _thresholds(_limits(urr.volume_threshold, NO_LIMITS)),
        _limits(urr.volume_quota, old.quota),
        _kept(urr.time_threshold, old.time_threshold),
        old.time_quota if urr.time_quota is None else urr.time_quota,
        _kept(urr.event_threshold, old.event_threshold),
        old.event_quota if urr.event_quota is None else urr.event_quota,
    )


def _all_subsequent(urr: pfcp.CreateURR | pfcp.UpdateURR) -> tuple[tuple[int, Goals], ...]:
    if urr.monitoring_time is None and not urr.additional_monitoring_time:
        return ()
    return tuple(sorted(_subsequent(urr), key=lambda item: item[0]))


def _subsequent(urr: pfcp.CreateURR | pfcp.UpdateURR) -> Iterator[tuple[int, Goals]]:
    """The goals from each monitoring time on (TS 29.244 7.5.2.4)."""
    for one in (urr, *urr.additional_monitoring_time):
        if one.monitoring_time is not None:
            yield (
                one.monitoring_time,
                Goals(
                    _thresholds(_limits(one.subsequent_volume_threshold, NO_LIMITS)),
                    _limits(one.subsequent_volume_quota, NO_LIMITS),
                    one.subsequent_time_threshold or 0,
                    one.subsequent_time_quota,
                    one.subsequent_event_threshold or 0,
                    one.subsequent_event_quota,
                ),
            )


def _check(urr_id: int, asked: Measurement) -> None:
    """What a trigger needs must be there (TS 29.244 7.5.2.4)."""
    if asked.triggers & DEMANDING:
        _check_triggers(urr_id, asked)
    if not asked.method & (MeasurementMethod.DURAT | MeasurementMethod.VOLUM | MeasurementMethod.EVENT):
        raise failed(f"URR {urr_id} measures nothing", urr_id=urr_id)


DEMANDING: Final = (
    ReportingTrigger.PERIO
    | ReportingTrigger.QUHTI
    | ReportingTrigger.STOPT
    | ReportingTrigger.DROTH
    | ReportingTrigger.ENVCL
)
"""The triggers that need something beside themselves."""


def _check_triggers(urr_id: int, asked: Measurement) -> None:
    for trigger, there, element in (
        (ReportingTrigger.PERIO, asked.waits.period, MEASUREMENT_PERIOD),
        (ReportingTrigger.QUHTI, asked.waits.holding, QUOTA_HOLDING_TIME),
        (ReportingTrigger.STOPT, asked.waits.idle, INACTIVITY_DETECTION_TIME),
        (ReportingTrigger.DROTH, any(asked.dropped), DROPPED_DL_TRAFFIC_THRESHOLD),
    ):
        if asked.triggers & trigger and not there:
            raise missing(element, f"URR {urr_id} lacks what its reporting trigger {trigger:#x} needs")
    if asked.triggers & ReportingTrigger.ENVCL:
        raise failed(f"URR {urr_id} reports envelopes, which are not measured here", urr_id=urr_id)


def _dropped(threshold: pfcp.DroppedDLTrafficThreshold | None, old: tuple[int, int]) -> tuple[int, int]:
    return old if threshold is None else (threshold.downlink_packets or 0, threshold.downlink_bytes or 0)


Volumes = pfcp.VolumeThreshold | pfcp.VolumeQuota | pfcp.SubsequentVolumeThreshold | pfcp.SubsequentVolumeQuota


def _limits(limits: Volumes | None, old: Limits) -> Limits:
    if limits is None:
        return old
    return limits.total_volume, limits.uplink_volume, limits.downlink_volume


def _thresholds(limits: Limits) -> Limits:
    """Reporting after no octets at all would never end: such a threshold is none."""
    total, uplink, downlink = limits
    return total or None, uplink or None, downlink or None
