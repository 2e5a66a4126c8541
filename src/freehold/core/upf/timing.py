"""Alarms of sessions whose rules measure time (TS 29.244 5.2.2.2), and of those whose inactivity is to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from freehold.procedure import Alarm, Environment
from freehold.services.userplane import SessionPlane

PARTS: Final = 4
"""How often in its inactivity time a session is looked at: it is told at most a part of it late."""

Listener = Callable[[int], None]


class Activity(msgspec.Struct):
    """How long a session may carry nothing, what it had carried when it was looked at, and since when no more."""

    seconds: int
    packets: int
    quiet_since: float
    alarm: Alarm | None = None
    told: bool = False


class Timing:
    """Wakes listeners when a session's next period, threshold or quota of time ends, and when it carries nothing."""

    def __init__(self, environment: Environment, plane: SessionPlane) -> None:
        self._environment = environment
        self._plane = plane
        self._alarms: dict[int, Alarm] = {}
        self._activities: dict[int, Activity] = {}
        self._listener: Listener | None = None
        self._inactive: Listener | None = None

    def listen(self, listener: Listener, inactive: Listener) -> None:
        """Call `listener` with the TEID of a session whose time has come, `inactive` with that of a silent one."""
        self._listener, self._inactive = listener, inactive

    def wake(self, teid: int, when: float | None) -> None:
        """Come back for a session at that time and at no other; None is never."""
        self.forget(teid)
        if when is not None:
            self._alarms[teid] = self._environment.call_at(when, lambda: self._come(teid))

    def forget(self, teid: int) -> None:
        """Do not come back for a session because of its rules."""
        alarm = self._alarms.pop(teid, None)
        if alarm is not None:
            alarm.cancel()

    def end(self, teid: int) -> None:
        """The session ended."""
        self.forget(teid)
        self.watch_activity(teid, 0)

    def _come(self, teid: int) -> None:
        self._alarms.pop(teid, None)
        if self._listener is not None:
            self._listener(teid)

    # --- User plane inactivity (TS 29.244 8.2.83) ----------------------------------------------
    def watch_activity(self, teid: int, seconds: int) -> None:
        """Tell when a session carried nothing for so long; 0 is never, the same again changes nothing."""
        known = self._activities.get(teid)
        if (known.seconds if known else 0) == seconds:
            return
        if known is not None and known.alarm is not None:
            known.alarm.cancel()
        self._activities.pop(teid, None)
        if seconds:
            activity = Activity(seconds, self._packets(teid), self._environment.now())
            self._activities[teid] = activity
            self._look_later(teid, activity)

    def _look_later(self, teid: int, activity: Activity) -> None:
        at = self._environment.now() + activity.seconds / PARTS
        activity.alarm = self._environment.call_at(at, lambda: self._look(teid, activity))

    def _look(self, teid: int, activity: Activity) -> None:
        now, packets = self._environment.now(), self._packets(teid)
        if packets != activity.packets:
            activity.packets, activity.quiet_since, activity.told = packets, now, False
        elif now - activity.quiet_since >= activity.seconds and not activity.told:
            activity.told = True
            if self._inactive is not None:
                self._inactive(teid)
        if self._activities.get(teid) is activity:
            self._look_later(teid, activity)

    def _packets(self, teid: int) -> int:
        usage = self._plane.usage(teid)
        return usage.uplink_packets + usage.downlink_packets
