"""Turns what functions tell, and what is looked at, into alarms (TS 28.111)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from freehold.manage.faults.alarm_list import AlarmList
from freehold.manage.faults.rules import CLEARING, LEVELS, RAISING, RULES
from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.readings import Period
from freehold.manage.performance.thresholds import Threshold, Thresholds
from freehold.spec.events import Event

UNNAMED: Final = "ManagedElement=1"
"""The object of an alarm that names none."""


class Windows(Protocol):
    """What was counted lately."""

    def last(self, seconds: float) -> Period:
        """The last so many seconds."""


class Supervision:
    """Watches one network: events as they come, levels and thresholds when asked to look."""

    def __init__(self, alarms: AlarmList, thresholds: Thresholds) -> None:
        self._alarms = alarms
        self._thresholds = thresholds

    def heard(self, event: Event) -> None:
        """An event may end alarms, and raise one."""
        instance = event.subject or UNNAMED
        for problem in CLEARING.get(event.name, ()):
            if event.severity == "info":  # "ng-setup" tells of a setup with reservations too
                self._alarms.clear(problem, instance)
        rule = RAISING.get(event.name)
        if rule is None and event.severity == "error":
            rule = RULES["software"] if event.name == "bug" else None
        if rule is not None:
            self._alarms.raise_(rule, instance, rule.severity, event.text, event.fix, event.clause)

    def levels(self, values: Mapping[tuple[str, str], float]) -> None:
        """Values that are looked at, by problem and object."""
        for (problem, instance), value in values.items():
            level, rule = LEVELS[problem], RULES[problem]
            known = self._alarms.of(problem, instance)
            before = known.perceived_severity if known is not None and known.stands else None
            severity = level.severity(value, before)
            if severity is None:
                self._alarms.clear(problem, instance)
            elif severity != before:
                detail = "" if level.shown == "{value:.0f}" else f": {level.shown.format(value=value)}"
                self._alarms.raise_(rule, instance, severity, f"{rule.text}{detail}")

    def thresholds(self, windows: Windows) -> None:
        """Judge every threshold by its own window; one that is gone or switched off ends its alarm."""
        judged: dict[float, Period] = {}
        there = set()
        for threshold in self._thresholds.all():
            if not threshold.enabled:
                continue
            there.add(threshold.name)
            window = threshold.window_s
            if window not in judged:
                judged[window] = windows.last(window)
            self._judge(threshold, judged[window])
        for alarm in self._alarms.all():
            if alarm.specific_problem == "threshold" and alarm.stands and alarm.object_instance not in there:
                self._alarms.clear("threshold", alarm.object_instance)

    def _judge(self, threshold: Threshold, period: Period) -> None:
        value, rule = threshold.measured(period), RULES["threshold"]
        known = self._alarms.of("threshold", threshold.name)
        stands = known is not None and known.stands
        if value is None:
            return  # nothing happened that would say anything
        if not stands and threshold.crossed(value):
            kpi = KPIS.get(threshold.of)
            unit = f" {kpi.unit}" if kpi is not None and kpi.unit else ""
            text = (
                f"{threshold.of} is {value:.1f}{unit} over {threshold.window_s:.0f} s, "
                f"{threshold.side} the threshold of {threshold.value:g}{unit}"
            )
            self._alarms.raise_(rule, threshold.name, threshold.severity, text, threshold.fix)
        elif stands and threshold.back(value):
            self._alarms.clear("threshold", threshold.name)
