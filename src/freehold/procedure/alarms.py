"""The queue of alarms that real and virtual environments share."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class QueuedAlarm:
    """One callback in an `AlarmQueue`."""

    __slots__ = ("callback", "queue", "when")

    def __init__(self, queue: AlarmQueue, when: float, callback: Callable[[], None]) -> None:
        self.queue = queue
        self.when = when
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Never call it; harmless when it was called already."""
        if self.callback is not None:
            self.callback = None
            self.queue.forget()


class AlarmQueue:
    """Callbacks by due time in seconds; cancelled ones are dropped when half of the queue is dead."""

    __slots__ = ("_dead", "_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, QueuedAlarm]] = []
        self._order = 0
        self._dead = 0

    def __len__(self) -> int:
        return len(self._heap) - self._dead

    def call_at(self, when: float, callback: Callable[[], None]) -> QueuedAlarm:
        """Add a callback; equal times are called in the order of their adding."""
        alarm = QueuedAlarm(self, when, callback)
        self._order += 1
        heapq.heappush(self._heap, (when, self._order, alarm))
        return alarm

    def forget(self) -> None:
        """Take note that one queued alarm was cancelled."""
        self._dead += 1
        if self._dead > 64 and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._dead = 0

    def due(self) -> float | None:
        """When the next live alarm is due, in seconds; None when there is none."""
        while self._heap:
            when, _, alarm = self._heap[0]
            if alarm.callback is not None:
                return when
            heapq.heappop(self._heap)
            self._dead -= 1
        return None

    def run(self, now: float, limit: int = 1_000_000) -> int:
        """Call everything due at `now`, at most `limit` callbacks; how many were called."""
        called = 0
        while called < limit and (when := self.due()) is not None and when <= now:
            alarm = heapq.heappop(self._heap)[2]
            callback, alarm.callback = alarm.callback, None
            if callback is not None:
                callback()
                called += 1
        return called
