"""Acts and events on their way to one log server: in their order, again after an outage, losses told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from freehold.manage.syslog.message import SEVERITIES, Origin, of_act, of_event
from freehold.manage.syslog.queue import Queue
from freehold.manage.syslog.server import Receiver, Way, trusted, way_to
from freehold.services.ledger import Act
from freehold.spec.events import Event, Severity

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two tries: doubled each time."""
LOOK: Final = 0.05
"""Seconds between two looks whether everything arrived."""
LAST: Final = 2.0
"""Seconds that an end waits for what is on its way."""
UNSURE: Final = 100
"""Messages that may be on their way at once."""
NUMBERS: Final = 2**31 - 1
"""The largest sequenceId, after which 1 follows (RFC 5424 7.3.1)."""

Open = Callable[[Receiver, ssl.SSLContext | None], Awaitable[Way]]


class Forwarder:
    """Tells one server; `failing` says what is wrong now, `on_loss` hears how many messages are lost for ever."""

    def __init__(
        self,
        receiver: Receiver,
        origin: Origin,
        queue: Queue,
        utc: Callable[[], float],
        *,
        least: Severity = "warning",
        on_loss: Callable[[int], None] = lambda _: None,
        opened: Open = way_to,
    ) -> None:
        """`least` is the mildest event that is told; acts always are. Unusable where a file of TLS cannot be used."""
        self.receiver = receiver
        self.failing = ""
        self.delivered = 0
        self._context = trusted(receiver)
        self._origin = origin
        self._queue = queue
        self._utc = utc
        self._least = SEVERITIES[least]
        self._on_loss = on_loss
        self._open = opened
        self._number = 0
        self._unsure: list[bytes] = []
        """Sent, and nobody knows yet whether it came."""
        self._something = asyncio.Event()
        self._all = asyncio.Event()
        self._all.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def place(self) -> str:
        """Which server it is."""
        return self.receiver.place

    # --- what is told -------------------------------------------------------------------------
    def act(self, act: Act) -> None:
        """Tell an act."""
        self._put(of_act(self._origin, act, self._next()))

    def event(self, event: Event) -> None:
        """Tell an event that is not too mild."""
        if SEVERITIES[event.severity] <= self._least:
            self._put(of_event(self._origin, event, self._utc(), self._next()))

    def _next(self) -> int:
        self._number = self._number % NUMBERS + 1
        return self._number

    def _put(self, message: bytes) -> None:
        self._queue.put(message)
        self._all.clear()
        self._something.set()

    # --- how it gets there --------------------------------------------------------------------
    def start(self) -> None:
        """Deliver from now on."""
        if len(self._queue):
            self._something.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Deliver no more; what could not be delivered in a moment waits for the next start."""
        if self._task is not None:
            if not self.failing:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._all.wait(), LAST)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._queue.close()

    async def _run(self) -> None:
        wait = FIRST_WAIT
        while True:
            await self._something.wait()
            try:
                way = await self._open(self.receiver, self._context)
            except (OSError, TimeoutError) as error:
                self._broken(error)
            else:
                try:
                    wait = FIRST_WAIT
                    await self._deliver(way)
                except (OSError, TimeoutError) as error:
                    self._broken(error)
                finally:
                    self._queue.back(self._unsure)
                    self._unsure = []
                    way.close()
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, 2 * wait)

    def _broken(self, error: OSError) -> None:
        self.failing = str(error) or type(error).__name__
        self._queue.hold()

    async def _deliver(self, way: Way) -> None:
        """Send what waits, and what comes, until the way breaks."""
        while True:
            await self._something.wait()
            while len(self._queue):
                await way.send(self._queue.first())
                self._unsure.append(self._queue.taken())
                if len(self._unsure) >= UNSURE:
                    await self._arrival(way)
            await self._arrival(way)
            if not len(self._queue):
                self._something.clear()
                self._all.set()

    async def _arrival(self, way: Way) -> None:
        """Wait until all that was sent has come; told then is what was lost before."""
        while not way.arrived():  # noqa: ASYNC110 - the host tells nobody
            await asyncio.sleep(LOOK)
        self.delivered += len(self._unsure)
        self._unsure = []
        self.failing = ""
        self._queue.settled()
        lost, self._queue.lost = self._queue.lost, 0
        if lost:
            self._on_loss(lost)
