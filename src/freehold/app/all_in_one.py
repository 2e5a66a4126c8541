"""`freehold up` and `freehold run`: a network of this process for its owner, with its management API."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from freehold import __version__
from freehold.app import config, logs
from freehold.app.config import Configuration, ManagementSection
from freehold.app.demo import AT_ONCE, main_job
from freehold.app.handles import UserEquipment
from freehold.app.ledger import own_act
from freehold.app.managed import Managed
from freehold.app.network import WHOLE, Network, Role
from freehold.app.registry import slices_of
from freehold.app.subscriptions import next_number, subscriber
from freehold.app.web import Web
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Aborted, PeerError, Reject, TimerExpired
from freehold.ue.errors import NoConnection

if TYPE_CHECKING:
    from freehold.manage.api import Api

CODE: Final = 16
"""Random octets in the code for the first account."""
DEMO: Final = "demo terminal"
"""The name of the subscriptions that `up --demo` makes, and finds again at the next start."""
PAUSE: Final = 1.0
"""Seconds between two rounds of a demonstration terminal's traffic."""
FEW: Final = 20
"""So many demonstration terminals start one after the other, so that the ladder can be read; more start together."""
DOWNLOAD: Final = 200_000
"""Octets it fetches in each round."""
STALLED: Final = 15.0
"""Seconds after which a download that does not end is given up."""
AGAIN: Final = 5.0
"""Seconds until a demonstration terminal that failed tries again."""

log = logging.getLogger("freehold")


class TerminalCounts(msgspec.Struct, frozen=True, gc=False):
    """Terminals of one process: how many there are, are registered, and how many sessions they have."""

    ues: int
    registered: int
    sessions: int


class Running:
    """A network that serves its owner; `managed` is there where the core runs in this process."""

    def __init__(self, network: Network, source: Path | None = None) -> None:
        self.network = network
        self.managed = Managed(network, source) if "core" in network.roles else None
        self.console = ""
        """Where the console is, and what its first visitor needs; empty where there is none."""
        self._tasks: set[asyncio.Task[None]] = set()

    def demonstrate(self, terminals: int) -> None:
        """Let terminals register, open a session and pass traffic until the end."""
        self.attach(demo_subscribers(self.network, terminals))

    def attach(self, subscribers: Sequence[Subscriber]) -> None:
        """The same for terminals with these SIMs."""
        room = asyncio.Semaphore(1 if len(subscribers) <= FEW else AT_ONCE)
        for given in subscribers:
            self._start(_live(self.network, self.network.ue(given), room))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def terminals(self) -> TerminalCounts:
        """How far the terminals of this process are."""
        ues = self.network.ues
        sessions = sum(bool(session.addresses) for ue in ues for session in ue.sessions.values())
        return TerminalCounts(len(ues), sum(ue.registered for ue in ues), sessions)

    async def stop(self) -> None:
        """End the demonstration."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def running(
    configuration: Configuration,
    roles: Iterable[Role] = WHOLE,
    source: Path | None = None,
    *,
    console: bool = False,
) -> AsyncIterator[Running]:
    """A network by its owner's configuration, with its data folder and, where the core is, the management socket.

    `source` is the file of the configuration, where changes through the API are written. `console`: it listens for the
    console too where nobody said otherwise.
    """
    chosen = frozenset(roles)
    folder = config.data_folder(configuration) if "core" in chosen else None
    async with Network(configuration, real_time=True, outside=True, roles=chosen, folder=folder) as network:
        made = Running(network, source)
        if made.managed is not None:
            await network.wait(network.ledger.append(own_act("network.start", __version__, _digest(configuration))))
        network.world.listen(logs.log)
        for note in network.packets.notes:
            log.info(note)
        try:
            async with _management(configuration, made, console=console):
                yield made
        finally:
            await made.stop()


@contextlib.asynccontextmanager
async def _management(configuration: Configuration, made: Running, *, console: bool) -> AsyncIterator[None]:
    if made.managed is None or not configuration.management.enabled:
        yield
        return
    from freehold.app import oversight
    from freehold.manage.accounts import Accounts
    from freehold.manage.api import Api  # after the network runs: its first terminal need not wait for it
    from freehold.manage.http import HttpServer

    path = config.socket_path(configuration)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    network = made.network
    accounts = Accounts(network.store, network.wait, network.world.environment.utc)
    code = "" if accounts.initialised else secrets.token_urlsafe(CODE)
    api = Api(
        made.managed,
        slices_of(configuration),
        accounts,
        code,
        store=network.store,
        recording=oversight.recording(configuration.performance),
        thresholds=oversight.thresholds(configuration.alarms),
    )
    server = HttpServer(path, api)
    await server.start()
    try:
        async with (
            oversight.forwarded(configuration.alarms, api),
            oversight.traced(configuration.telemetry, network),
            _web(configuration.management, api, made, console=console),
        ):
            api.start()
            yield
    finally:
        await server.close()
        api.close()


@contextlib.asynccontextmanager
async def _web(section: ManagementSection, api: Api, made: Running, *, console: bool) -> AsyncIterator[None]:
    """The console and the API for accounts, where the owner lets them listen."""
    usual = section.listen == config.CONSOLE
    if not section.listen or (usual and not console):
        yield
        return
    web = Web(section, api, made)
    starting = asyncio.get_running_loop().create_task(web.start_if_free() if usual else web.start())
    try:
        if not usual:
            await starting  # the usual place need not be had, and the first terminal need not wait for it
        yield
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await web.close()


def _digest(configuration: Configuration) -> str:
    """What the ledger keeps of a configuration."""
    return f"configuration sha256:{hashlib.sha256(repr(configuration).encode()).hexdigest()}"


async def watched(watch: Coroutine[Any, Any, object], seconds: float | None) -> None:
    """Run a view of the network until it ends, or for `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await watch


def demo_subscribers(network: Network, wanted: int) -> list[Subscriber]:
    """The subscriptions of demonstration terminals: those there are, and as many new ones as are missing."""
    udr, configuration = network.core.udr, network.configuration
    found = [known for known in udr.subscribers() if known.name == DEMO and known.enabled][:wanted]
    first = next_number(configuration, udr.subscribers())
    random: Callable[[int], bytes] = network.world.environment.random
    missing = [subscriber(configuration, first + n, random, name=DEMO) for n in range(wanted - len(found))]
    if missing:
        _durable = udr.put_all(missing)
    return found + missing


async def _live(network: Network, ue: UserEquipment, room: asyncio.Semaphore) -> None:
    """One demonstration terminal's life: the main job, then traffic, over and over."""
    dnn = network.configuration.dnn[0].name
    while True:
        async with room:
            item = await main_job(ue, dnn)
        if item.failure:
            log.warning("%s: %s", ue.terminal, item.failure)
            await asyncio.sleep(AGAIN)
            continue
        with contextlib.suppress(
            NoConnection, PeerError, Reject, TimerExpired, Aborted, ConnectionError, ValueError, TimeoutError
        ):
            await _traffic(ue)
        await asyncio.sleep(AGAIN)


async def _traffic(ue: UserEquipment) -> None:
    """Ping and download until the session goes."""
    session = next(iter(ue.sessions.values()))
    host = f"[{session.gateway}]" if ":" in session.gateway else session.gateway
    request = f"GET /bytes/{DOWNLOAD} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    while ue.registered and session.addresses:
        await session.ping()
        if session.gateway6:
            await session.ping(session.gateway6)
        socket = await session.tcp_connect(session.gateway, 80)
        try:
            await socket.send(request)
            async with asyncio.timeout(STALLED):  # who only receives does not notice that its network went
                await socket.receive_all()
        finally:
            socket.close()
        await asyncio.sleep(PAUSE)
