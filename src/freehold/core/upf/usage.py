"""Usage reports (TS 29.244 5.2.2): what a rule measured since its last report, out of what its session carried."""

from __future__ import annotations

from typing import Any, TypeVar

from freehold.codecs.pfcp import UsageReport, VolumeMeasurement
from freehold.core.upf.state import RuleSet, Urr
from freehold.services.userplane import Usage

R = TypeVar("R", bound=UsageReport)

Volume = tuple[int, int, int, int]
"""Uplink and downlink octets, uplink and downlink packets."""


def directions(rules: RuleSet, urr_id: int) -> tuple[bool, bool]:
    """Whether a rule measures uplink and downlink."""
    linked = {pdr.uplink for pdr in rules.pdrs.values() if urr_id in pdr.urrs}
    return True in linked, False in linked


def measured(rules: RuleSet, urr_id: int, usage: Usage) -> Volume:
    """What a rule measured since its session began."""
    uplink, downlink = directions(rules, urr_id)
    return (
        usage.uplink_octets * uplink,
        usage.downlink_octets * downlink,
        usage.uplink_packets * uplink,
        usage.downlink_packets * downlink,
    )


def report(kind: type[R], rules: RuleSet, urr_id: int, usage: Usage, trigger: int) -> R:
    """A report of what was measured since the last one; the rule remembers it."""
    urr = rules.urrs[urr_id]
    total = measured(rules, urr_id, usage)
    uplink, downlink, uplink_packets, downlink_packets = (
        now - before for now, before in zip(total, urr.reported, strict=True)
    )
    rules.urrs[urr_id] = Urr(urr.thresholds, urr.reports + 1, total)
    fields: dict[str, Any] = {
        "urr_id": urr_id,
        "ur_seqn": urr.reports,  # TS 29.244 8.2.71: from 0
        "usage_report_trigger": trigger,
        "volume_measurement": VolumeMeasurement(
            uplink + downlink,
            uplink,
            downlink,
            uplink_packets + downlink_packets,
            uplink_packets,
            downlink_packets,
        ),
    }
    return kind(**fields)


def _since(rules: RuleSet, urr_id: int, usage: Usage) -> tuple[int, int, int]:
    """Total, uplink and downlink octets since a rule's last report."""
    volumes = zip(measured(rules, urr_id, usage), rules.urrs[urr_id].reported, strict=True)
    uplink, downlink, *_ = (now - before for now, before in volumes)
    return uplink + downlink, uplink, downlink


def reached(rules: RuleSet, usage: Usage) -> list[int]:
    """The rules whose volume threshold is reached (TS 29.244 5.2.2.2.1)."""
    return [
        urr_id
        for urr_id, urr in rules.urrs.items()
        if any(
            threshold and volume >= threshold
            for volume, threshold in zip(_since(rules, urr_id, usage), urr.thresholds, strict=True)
        )
    ]


def report_at(rules: RuleSet, usage: Usage) -> int:
    """The octets of the session, both directions, at which the next threshold may be reached; 0 is never.

    The engine counts the session as a whole: a threshold of one direction cannot be reached before this.
    """
    left = [
        threshold - volume
        for urr_id, urr in rules.urrs.items()
        for volume, threshold in zip(_since(rules, urr_id, usage), urr.thresholds, strict=True)
        if threshold
    ]
    return usage.uplink_octets + usage.downlink_octets + min(left) if left else 0
