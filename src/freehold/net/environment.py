"""The real environment: an asyncio loop's clock, the system's randomness, counters and events for the operator."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from freehold.procedure import AlarmQueue, Tap
from freehold.procedure.alarms import QueuedAlarm
from freehold.spec.events import Event


class LoopEnvironment:
    """The outside world of network functions in one loop; the loop holds one timer, for the earliest alarm."""

    __slots__ = ("_alarms", "_clock", "_handle", "_listeners", "_loop", "_wake", "counts", "tap")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        tap: Tap | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._clock = clock
        self._alarms = AlarmQueue()
        self._handle: asyncio.TimerHandle | None = None
        self._wake = float("inf")
        self._listeners: list[Callable[[Event], None]] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.tap = tap or Tap(os.urandom(16))

    def now(self) -> float:
        """Monotonic time in seconds, by a clock finer than a loop's, which may stand still in a turn."""
        return self._clock()

    def utc(self) -> float:
        """Seconds since 1970 by the system's clock."""
        return time.time()

    def random(self, octets: int) -> bytes:
        """Octets of the system's cryptographic generator."""
        return os.urandom(octets)

    def call_at(self, when: float, callback: Callable[[], None]) -> QueuedAlarm:
        """Call back from the loop once its time reaches `when`."""
        alarm = self._alarms.call_at(when, callback)
        if when < self._wake:
            self._sleep_until(when)
        return alarm

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back in the loop's next turn."""
        self._loop.call_soon(callback)

    def count(self, name: str, label: str = "", amount: int = 1) -> None:
        """Add to `counts[name, label]`."""
        self.counts[name, label] += amount

    def emit(self, event: Event) -> None:
        """Hand an event to every listener."""
        for listener in tuple(self._listeners):
            listener(event)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""
        self._listeners.append(listener)

        def stop() -> None:
            with suppress(ValueError):  # after `close` nobody listens
                self._listeners.remove(listener)

        return stop

    def close(self) -> None:
        """Call nothing any more."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._alarms, self._wake = None, AlarmQueue(), float("-inf")

    def _sleep_until(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._wake = when
        self._handle = self._loop.call_later(max(0.0, when - self._clock()), self._ring)

    def _ring(self) -> None:
        self._handle = None
        self._wake = float("-inf")  # what callbacks add is looked at once, below
        try:
            self._alarms.run(self._clock())
        finally:
            self._wake = float("inf")
            due = self._alarms.due()
            if due is not None:
                self._sleep_until(due)
