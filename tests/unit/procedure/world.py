"""A world for kernel tests: virtual time, recorded counts and events, a channel that keeps what was sent."""

from __future__ import annotations

from collections.abc import Callable

from freehold.procedure import AlarmQueue, Driver, Tap
from freehold.procedure.alarms import QueuedAlarm
from freehold.spec.events import Event
from freehold.spec.timers import Timers


class World:
    def __init__(self) -> None:
        self.queue = AlarmQueue()
        self.time = 0.0
        self.counts: list[tuple[str, str]] = []
        self.events: list[Event] = []
        self.tap = Tap()
        self.driver = Driver("AMF", self, Timers({"T3560": 2.0}))

    def now(self) -> float:
        return self.time

    def utc(self) -> float:
        return self.time

    def random(self, octets: int) -> bytes:
        return b"\x5a" * octets

    def call_at(self, when: float, callback: Callable[[], None]) -> QueuedAlarm:
        return self.queue.call_at(when, callback)

    def count(self, name: str, label: str = "", amount: int = 1) -> None:
        self.counts.append((name, label))

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def until(self, time: float) -> None:
        while (due := self.queue.due()) is not None and due <= time:
            self.time = due
            self.queue.run(due)
        self.time = time


class Line:
    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, message: object) -> None:
        self.sent.append(message)
