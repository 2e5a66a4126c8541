"""Timers of a terminal that are no wait of a procedure (TS 24.501 10.2)."""

from __future__ import annotations

import math
from collections.abc import Callable

from freehold.procedure import Alarm, Driver

FOREVER = math.inf
"""The length of a timer that only a switch-off ends."""


class _Never:
    """The alarm of a timer that does not expire."""

    __slots__ = ()

    def cancel(self) -> None:
        """Nothing is due."""


class Alarms:
    """Running timers by name; starting one again restarts it."""

    __slots__ = ("_driver", "_running")

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._running: dict[str, Alarm] = {}

    def start(self, name: str, expired: Callable[[], object], seconds: float | None = None) -> None:
        """Start a timer of spec.timers, or one of so many seconds; FOREVER never expires."""
        self.stop(name)
        length = self._driver.timers[name].seconds if seconds is None else seconds
        if length == FOREVER:
            self._running[name] = _Never()
            return
        environment = self._driver.environment

        def due() -> None:
            self._running.pop(name, None)
            expired()

        self._running[name] = environment.call_at(environment.now() + length, due)

    def stop(self, *names: str) -> None:
        """Stop timers; those not running are left alone."""
        for name in names:
            alarm = self._running.pop(name, None)
            if alarm is not None:
                alarm.cancel()

    def stop_all(self) -> None:
        """Stop every timer."""
        self.stop(*tuple(self._running))

    def running(self, name: str) -> bool:
        """Whether the timer runs."""
        return name in self._running
