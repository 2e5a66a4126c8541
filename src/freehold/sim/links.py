"""Links on virtual time: delay for everything, loss, duplication and reordering for datagrams."""

from __future__ import annotations

import msgspec

from freehold.net.local import Thunk
from freehold.sim.clock import VirtualEnvironment


class Impairment(msgspec.Struct, frozen=True, gc=False):
    """What a path does: delay and jitter in seconds, loss and duplication as probabilities 0..1."""

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0


class Ordered:
    """The delivery of a reliable path: every hand-over after the delay, in order; for associations."""

    __slots__ = ("_environment", "_last", "impairment")

    def __init__(self, environment: VirtualEnvironment, impairment: Impairment | None = None) -> None:
        self._environment = environment
        self._last = 0.0
        self.impairment = impairment or Impairment()

    def __call__(self, thunk: Thunk) -> None:
        """Take one hand-over onto the path."""
        path, clock = self.impairment, self._environment.clock
        due = clock.now() + path.delay + path.jitter * clock.randomness.random()
        self._last = max(self._last, due)
        self._environment.call_at(self._last, thunk)


class Unordered:
    """The delivery of an IP path: each hand-over may be late, lost or come twice; for datagrams."""

    __slots__ = ("_environment", "impairment", "lost")

    def __init__(self, environment: VirtualEnvironment, impairment: Impairment | None = None) -> None:
        self._environment = environment
        self.impairment = impairment or Impairment()
        self.lost = 0

    def __call__(self, thunk: Thunk) -> None:
        """Take one hand-over onto the path."""
        path, clock = self.impairment, self._environment.clock
        if clock.randomness.random() < path.loss:
            self.lost += 1
            return
        for _ in range(2 if clock.randomness.random() < path.duplication else 1):
            self._environment.call_at(clock.now() + path.delay + path.jitter * clock.randomness.random(), thunk)
