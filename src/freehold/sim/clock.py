"""Virtual time: hours of timers in seconds, everything repeatable from one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from freehold.procedure import AlarmQueue, Tap
from freehold.procedure.alarms import QueuedAlarm
from freehold.spec.errors import Bug
from freehold.spec.events import Event

START_UTC: Final = 1_767_225_600.0
"""Virtual time zero as a person reads it: 2026-01-01 00:00:00 UTC."""
SHORTEST: Final = 1e-6
"""Seconds until an engine that wants to work again at once does."""
LIVELOCK: Final = 1_000_000
"""So many callbacks at one instant are a loop without progress."""


class Engine:
    """A native engine on a virtual clock, with the alarm for its next deadline."""

    __slots__ = ("_alarm", "_clock", "_poll", "_then")

    def __init__(self, clock: VirtualClock, poll: Callable[[float], float | None]) -> None:
        self._clock = clock
        self._poll = poll
        self._alarm: QueuedAlarm | None = None
        self._then: float | None = None

    def run(self) -> None:
        """Let it work now, and set the alarm for when it asked to work again."""
        then = self._poll(self._clock.now())
        if then == self._then and then is not None and then > self._clock.now():
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._then = then
        later = None if then is None else max(then, self._clock.now() + SHORTEST)
        self._alarm = None if later is None else self._clock.alarms.call_at(later, _wake)


def _wake() -> None:
    """The clock calls every engine at each instant: an engine's alarm only makes the instant."""


class VirtualClock:
    """One time line that many environments may share; it moves only when told."""

    __slots__ = ("_engines", "_time", "alarms", "randomness")

    def __init__(self, seed: int = 0) -> None:
        self._time = 0.0
        self._engines: list[Engine] = []
        self.alarms = AlarmQueue()
        self.randomness = Random(seed)  # noqa: S311 - a simulation must be repeatable

    def now(self) -> float:
        """Virtual seconds since the start."""
        return self._time

    def drive(self, poll: Callable[[float], float | None]) -> None:
        """Call a native engine's `poll` at every instant; it answers when it wants to be called again, in seconds."""
        self._engines.append(Engine(self, poll))

    def settle(self) -> int:
        """Call everything that is due now and what it makes due now; how many callbacks."""
        called = 0
        while True:
            just = self.alarms.run(self._time, LIVELOCK)
            for engine in self._engines:
                engine.run()
            called += just
            if called >= LIVELOCK:
                raise Bug(f"{LIVELOCK} callbacks at virtual second {self._time}: a loop without progress")
            due = self.alarms.due()
            if due is None or due > self._time:
                return called

    def run_until(self, when: float) -> None:
        """Move to `when` seconds, calling everything due on the way at its own time."""
        self.settle()
        while (due := self.alarms.due()) is not None and due <= when:
            self._time = max(self._time, due)
            self.settle()
        self._time = max(self._time, when)

    def run_while(self, condition: Callable[[], bool], limit: float = 3600.0) -> bool:
        """Move from alarm to alarm while `condition` holds, for at most `limit` seconds; whether it ceased to hold."""
        self.settle()
        end = self._time + limit
        while condition():
            due = self.alarms.due()
            if due is None or due > end:
                return False
            self.run_until(due)
        return True


class VirtualEnvironment:
    """The outside world of network functions on a virtual clock: what they count and emit stays readable here."""

    __slots__ = ("_listeners", "clock", "counts", "events", "tap")

    def __init__(self, clock: VirtualClock | None = None, *, seed: int = 0, tap: Tap | None = None) -> None:
        self.clock = clock or VirtualClock(seed)
        self.tap = tap or Tap()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.events: list[Event] = []
        self._listeners: list[Callable[[Event], None]] = []

    # --- Environment ----------------------------------------------------------------------
    def now(self) -> float:
        """Virtual seconds since the start."""
        return self.clock.now()

    def utc(self) -> float:
        """Virtual time as seconds since 1970."""
        return START_UTC + self.clock.now()

    def random(self, octets: int) -> bytes:
        """Octets that only the seed decides."""
        return self.clock.randomness.randbytes(octets)

    def call_at(self, when: float, callback: Callable[[], None]) -> QueuedAlarm:
        """Call back at `when` virtual seconds."""
        return self.clock.alarms.call_at(when, callback)

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back at this instant, after what runs now."""
        self.clock.alarms.call_at(self.clock.now(), callback)

    def count(self, name: str, label: str = "", amount: int = 1) -> None:
        """Add to `counts[name, label]`."""
        self.counts[name, label] += amount

    def emit(self, event: Event) -> None:
        """Append to `events`, and hand to every listener."""
        self.events.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # --- what a test asks -------------------------------------------------------------------
    def counted(self, name: str) -> int:
        """A counter over all its labels."""
        return sum(value for (counter, _), value in self.counts.items() if counter == name)

    def emitted(self, name: str) -> list[Event]:
        """The events of one name, oldest first."""
        return [event for event in self.events if event.name == name]

    def settle(self) -> int:
        """Call everything due now; how many callbacks."""
        return self.clock.settle()

    def run_until(self, when: float) -> None:
        """Move to `when` virtual seconds."""
        self.clock.run_until(when)

    def run_for(self, seconds: float) -> None:
        """Move on by so many virtual seconds."""
        self.clock.run_until(self.clock.now() + seconds)
