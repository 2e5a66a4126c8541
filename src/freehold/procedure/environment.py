"""What a network function is given instead of a clock, randomness and an operator's ear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from freehold.procedure.tap import Tap
from freehold.spec.events import Event


class Alarm(Protocol):
    """A callback due at some time."""

    def cancel(self) -> None:
        """Never call it; harmless when it was called already."""


class Environment(Protocol):
    """The outside world of one network function: `net` gives a real one, `sim` a virtual one."""

    tap: Tap

    def now(self) -> float:
        """Monotonic time in seconds."""

    def utc(self) -> float:
        """Seconds since 1970 in UTC, for what a peer or a person reads."""

    def random(self, octets: int) -> bytes:
        """That many unpredictable octets."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Alarm:
        """Call back once monotonic time reaches `when` seconds."""

    def count(self, name: str, label: str = "", amount: int = 1) -> None:
        """Add to a counter of spec.counters."""

    def emit(self, event: Event) -> None:
        """Tell the operator."""
