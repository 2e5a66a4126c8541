"""Timers of a terminal that are no wait of a procedure (TS 24.501 10.2)."""

from __future__ import annotations

from collections.abc import Callable

from freehold.procedure import Alarm, Driver


class Alarms:
    """Running timers by name; starting one again restarts it."""

    __slots__ = ("_driver", "_running")

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._running: dict[str, Alarm] = {}

    def start(self, name: str, expired: Callable[[], None], seconds: float | None = None) -> None:
        """Start a timer of spec.timers, or one of so many seconds."""
        self.stop(name)
        length = self._driver.timers[name].seconds if seconds is None else seconds
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
