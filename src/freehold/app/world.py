"""The two worlds a network can live in: the loop's own time, or virtual time that moves only when somebody waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from freehold.net.environment import LoopEnvironment
from freehold.net.local import Batch, Delivery
from freehold.procedure import Environment, Signal
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.errors import Bug
from freehold.spec.events import Event

T = TypeVar("T")


class World(Protocol):
    """Time, chance and hand-over for everything in one process."""

    @property
    def environment(self) -> Environment:
        """Clock, chance, counters, events and tap."""

    @property
    def deliver(self) -> Delivery:
        """How links in this process hand over."""

    async def wait(self, signal: Signal[T]) -> T:
        """The value of a signal, once the network has brought it about."""

    async def sleep(self, seconds: float) -> None:
        """Let the network run for that long."""

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""

    def counted(self) -> dict[tuple[str, str], int]:
        """All counters by name and label."""

    def hush(self) -> None:
        """Tell nobody anything any more: the network is being taken down."""


class RealWorld:
    """The running asyncio loop."""

    def __init__(self) -> None:
        self.environment = LoopEnvironment()
        self._listening: list[Callable[[], None]] = []
        self.deliver: Delivery = Batch(self.environment.call_soon)

    async def wait(self, signal: Signal[T]) -> T:
        """Give the loop to others until the signal is settled."""
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        signal.watch(lambda _: None if settled.done() else settled.set_result(None))
        await settled
        return signal.result()

    async def sleep(self, seconds: float) -> None:
        """Sleep in the loop."""
        await asyncio.sleep(seconds)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""
        stop = self.environment.listen(listener)
        self._listening.append(stop)
        return stop

    def hush(self) -> None:
        """Tell nobody anything any more."""
        stops, self._listening = self._listening, []
        for stop in stops:
            with contextlib.suppress(ValueError):  # it had stopped by itself
                stop()

    def counted(self) -> dict[tuple[str, str], int]:
        """All counters by name and label."""
        return dict(self.environment.counts)


class VirtualWorld:
    """Virtual time from one seed: waiting moves the clock from alarm to alarm, at no cost in real time."""

    LIMIT = 24 * 3600.0
    """Virtual seconds after which a wait is a mistake of the test."""

    def __init__(self, seed: int = 0) -> None:
        self.environment = VirtualEnvironment(seed=seed)
        self._listening: list[Callable[[], None]] = []
        self.deliver: Delivery = Batch(self.environment.call_soon)

    async def wait(self, signal: Signal[T]) -> T:
        """Run virtual time until the signal is settled; Bug where nothing more can happen."""
        if not self.environment.clock.run_while(lambda: not signal.settled, self.LIMIT):
            raise Bug("nothing more will happen, and what was waited for has not")
        return signal.result()

    async def sleep(self, seconds: float) -> None:
        """Run that much virtual time."""
        self.environment.run_for(seconds)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""
        stop = self.environment.listen(listener)
        self._listening.append(stop)
        return stop

    def hush(self) -> None:
        """Tell nobody anything any more."""
        stops, self._listening = self._listening, []
        for stop in stops:
            with contextlib.suppress(ValueError):  # it had stopped by itself
                stop()

    def counted(self) -> dict[tuple[str, str], int]:
        """All counters by name and label."""
        return dict(self.environment.counts)
