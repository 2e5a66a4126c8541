"""What a session carried, as its usage reporting rules see it (TS 29.244 5.2.2).

A session whose rules measure whole directions is counted by the packet engine as one. Others have a counter for each
rule, and keep them: `RuleSet.counted`.
"""

from __future__ import annotations

import msgspec

from freehold.codecs.pfcp.flags import MeasurementInformation, MeasurementMethod, ReportingTrigger
from freehold.core.upf.state import Mark, RuleSet, Urr
from freehold.core.upf.state.measuring import Volume
from freehold.services.userplane import Measured, Usage

NOTHING: Volume = (0, 0, 0, 0)

COUNTED: int = ReportingTrigger.START | ReportingTrigger.STOPT | ReportingTrigger.DROTH | ReportingTrigger.QUHTI
"""What only a counter can tell."""


class Reading(msgspec.Struct, frozen=True):
    """What a session and its counters carried until now, now in seconds, and the time of day as Unix counts it."""

    usage: Usage
    now: float = 0.0
    utc: float = 0.0
    counters: dict[int, Measured] = {}

    @property
    def mark(self) -> Mark:
        """Where something that begins now is counted from in the whole session."""
        return Mark(_volume(self.usage), self.now)

    def volume(self, urr_id: int) -> Volume:
        """What the rule's counter, or the session, carried."""
        found = self.counters.get(urr_id)
        return _volume(self.usage if found is None else found.usage)

    def last_packet(self, urr_id: int) -> float:
        """When the rule's last packet came; 0 before the first, or where it has no counter."""
        found = self.counters.get(urr_id)
        return 0.0 if found is None else found.last

    def dropped(self, urr_id: int) -> tuple[int, int]:
        """Downlink packets and octets of the rule that were dropped."""
        found = self.counters.get(urr_id)
        return (0, 0) if found is None else (found.dropped_packets, found.dropped_octets)


def _volume(usage: Usage) -> Volume:
    return usage.uplink_octets, usage.downlink_octets, usage.uplink_packets, usage.downlink_packets


def directions(rules: RuleSet, urr_id: int) -> tuple[bool, bool]:
    """Whether a rule measures uplink and downlink."""
    uplink = downlink = False
    for pdr in rules.pdrs.values():
        if urr_id in pdr.urrs:
            uplink, downlink = uplink or pdr.uplink, downlink or not pdr.uplink
    return uplink, downlink


def measured(rules: RuleSet, urr_id: int, reading: Reading, start: Mark) -> Volume:
    """What a rule measured since `start`."""
    up, down, up_packets, down_packets = carried = _minus(reading.volume(urr_id), start.volume)
    if rules.counted or carried == NOTHING:
        return carried
    uplink, downlink = directions(rules, urr_id)
    return up * uplink, down * downlink, up_packets * uplink, down_packets * downlink


def needs_counters(rules: RuleSet) -> bool:
    """Whether a rule measures only some packets of a direction, or more of them than their number and size."""
    return any(_special(urr) or _partial(rules, urr_id) for urr_id, urr in rules.urrs.items())


def _special(urr: Urr) -> bool:
    asked = urr.asked
    information = MeasurementInformation.MBQE | MeasurementInformation.INAM
    return bool(
        asked.triggers & COUNTED
        or asked.method & MeasurementMethod.EVENT
        or asked.information & information
        or asked.waits.idle
    )


def _partial(rules: RuleSet, urr_id: int) -> bool:
    directions: dict[bool, bool] = {}
    for pdr in rules.pdrs.values():
        linked = urr_id in pdr.urrs
        if directions.setdefault(pdr.uplink, linked) is not linked:
            return True
    return False


Measures = dict[int, tuple[Volume, Volume]]
"""Of each rule what it measured since its last report and since its grant."""


def measures(rules: RuleSet, reading: Reading) -> Measures:
    """What every rule has measured until now."""
    return {
        urr_id: (measured(rules, urr_id, reading, urr.last), measured(rules, urr_id, reading, urr.granted))
        for urr_id, urr in rules.urrs.items()
    }


def carry_on(rules: RuleSet, before: Measures, reading: Reading) -> None:
    """Let changed rules go on from what they had measured, whichever way they are counted from now on."""
    rules.counted = bool(rules.urrs) and (rules.counted or needs_counters(rules))
    if not rules.counted:
        return
    for urr_id, urr in rules.urrs.items():
        basis = _volume(reading.counters[urr_id].usage) if urr_id in reading.counters else NOTHING
        last, granted = before.get(urr_id, (NOTHING, NOTHING))
        rules.urrs[urr_id] = msgspec.structs.replace(
            urr,
            last=Mark(_minus(basis, last), urr.last.time),
            granted=Mark(_minus(basis, granted), urr.granted.time),
        )


def _minus(one: Volume, other: Volume) -> Volume:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3]
