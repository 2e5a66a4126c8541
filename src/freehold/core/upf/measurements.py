"""Usage reporting rules as PFCP creates, updates and removes them (TS 29.244 7.5.2.4, 7.5.4.4)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import MeasurementMethod, ReportingTrigger
from freehold.core.upf.faults import failed, missing
from freehold.core.upf.state import Mark, Measurement, RuleSet, Urr
from freehold.core.upf.state.measuring import Limits

MEASUREMENT_PERIOD: Final = 64
ENDS: Final = MappingProxyType(
    {
        31: "thresholds",
        32: "time_threshold",
        64: "period",
        73: "quota",
        74: "time_quota",
        82: "linked",
        100: "at_once",
    }
)
"""What of a measurement ends when an IE of this type comes without octets (TS 29.244 7.5.4.4)."""
ISTM: Final = 0x08
"""Time is measured from now on, not from the first packet (TS 29.244 8.2.68)."""


def create_urr(rules: RuleSet, urr: pfcp.CreateURR, start: Mark) -> None:
    """Add a usage reporting rule that counts from `start`."""
    if urr.urr_id in rules.urrs:
        raise failed(f"URR {urr.urr_id} exists", urr_id=urr.urr_id)
    asked = _changed(Measurement(), urr)
    _check(urr.urr_id, asked)
    rules.urrs[urr.urr_id] = Urr(asked, start, start, start.time if asked.at_once else None)


def update_urr(rules: RuleSet, update: pfcp.UpdateURR) -> None:
    """Change a usage reporting rule: what is not named stays; a new quota is counted from the last report.

    What comes without octets ends (TS 29.244 5.6.3).
    """
    old = rules.urrs.get(update.urr_id)
    if old is None:
        raise failed(f"no URR {update.urr_id}", urr_id=update.urr_id)
    ended = {name: getattr(Measurement(), name) for kind, name in ENDS.items() if kind in update.removed}
    asked = _changed(msgspec.structs.replace(old.asked, **ended), update)
    _check(update.urr_id, asked)
    new = msgspec.structs.replace(old, asked=asked)
    if update.volume_quota is not None or update.time_quota is not None:
        new = msgspec.structs.replace(new, granted=old.last, told=0)
    rules.urrs[update.urr_id] = new


def remove_urr(rules: RuleSet, remove: pfcp.RemoveURR) -> None:
    """Take a usage reporting rule away."""
    if rules.urrs.pop(remove.urr_id, None) is None:
        raise failed(f"no URR {remove.urr_id}", urr_id=remove.urr_id)


def _changed(old: Measurement, urr: pfcp.CreateURR | pfcp.UpdateURR) -> Measurement:
    information = urr.measurement_information
    return Measurement(
        method=old.method if urr.measurement_method is None else urr.measurement_method,
        triggers=old.triggers if urr.reporting_triggers is None else urr.reporting_triggers,
        thresholds=_thresholds(_limits(urr.volume_threshold, old.thresholds)),
        quota=_limits(urr.volume_quota, old.quota),
        time_threshold=old.time_threshold if urr.time_threshold is None else urr.time_threshold,
        time_quota=old.time_quota if urr.time_quota is None else urr.time_quota,
        period=old.period if urr.measurement_period is None else urr.measurement_period,
        at_once=old.at_once if information is None else bool(information & ISTM),
        linked=urr.linked_urr_id or old.linked,
    )


def _check(urr_id: int, asked: Measurement) -> None:
    if asked.triggers & ReportingTrigger.PERIO and not asked.period:
        raise missing(MEASUREMENT_PERIOD, f"URR {urr_id} reports periodically without a period")
    if asked.method & MeasurementMethod.EVENT:
        raise failed(f"URR {urr_id} counts events, of which the user plane knows none", urr_id=urr_id)


def _limits(limits: pfcp.VolumeThreshold | pfcp.VolumeQuota | None, old: Limits) -> Limits:
    if limits is None:
        return old
    return limits.total_volume, limits.uplink_volume, limits.downlink_volume


def _thresholds(limits: Limits) -> Limits:
    """Reporting after no octets at all would never end: such a threshold is none."""
    total, uplink, downlink = limits
    return total or None, uplink or None, downlink or None
