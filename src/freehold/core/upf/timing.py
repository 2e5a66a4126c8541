"""Alarms of sessions whose usage rules measure time (TS 29.244 5.2.2.2): one a session, none for the others."""

from __future__ import annotations

from collections.abc import Callable

from freehold.procedure import Alarm, Environment


class Timing:
    """Wakes one listener when a session's next period, time threshold or time quota ends."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._alarms: dict[int, Alarm] = {}
        self._listener: Callable[[int], None] | None = None

    def listen(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with the TEID of a session whose time has come."""
        self._listener = listener

    def wake(self, teid: int, when: float | None) -> None:
        """Come back for a session at that time and at no other; None is never."""
        self.forget(teid)
        if when is not None:
            self._alarms[teid] = self._environment.call_at(when, lambda: self._come(teid))

    def forget(self, teid: int) -> None:
        """Do not come back for a session."""
        alarm = self._alarms.pop(teid, None)
        if alarm is not None:
            alarm.cancel()

    def _come(self, teid: int) -> None:
        self._alarms.pop(teid, None)
        if self._listener is not None:
            self._listener(teid)
