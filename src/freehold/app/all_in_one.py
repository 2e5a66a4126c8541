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

from freehold import __version__
from freehold.app import config, logs, logservers, software
from freehold.app.config import Configuration, ManagementSection
from freehold.app.ledger import own_act
from freehold.app.managed import Managed
from freehold.app.network import WHOLE, Network, Role
from freehold.app.registry import slices_of
from freehold.app.subscriptions import next_number, subscriber
from freehold.app.terminals import TerminalCounts, Terminals
from freehold.app.web import Web
from freehold.services.nudr import Subscriber

if TYPE_CHECKING:
    from freehold.manage.api import Api
    from freehold.manage.faults.forwarding import Told

CODE: Final = 16
"""Random octets in the code for the first account."""
DEMO: Final = "demo terminal"
"""The name of the subscriptions that `up --demo` makes, and finds again at the next start."""

log = logging.getLogger("freehold")


class Running:
    """A network that serves its owner; `managed` is there where the core runs in this process."""

    def __init__(self, network: Network, source: Path | None = None) -> None:
        self.network = network
        self.terminals = Terminals(network) if {"gnb", "ue"} <= network.roles else None
        """The simulated terminals, where this process has a simulated radio."""
        self.managed = Managed(network, source, self.terminals) if "core" in network.roles else None
        self.console = ""
        """Where the console is, and what its first visitor needs; empty where there is none."""

    def demonstrate(self, terminals: int) -> None:
        """Let terminals register, open a session and pass traffic until the end."""
        self.attach(demo_subscribers(self.network, terminals))

    def attach(self, subscribers: Sequence[Subscriber]) -> None:
        """The same for terminals with these SIMs."""
        if self.terminals is not None:
            self.terminals.attach(subscribers)

    def counts(self) -> TerminalCounts:
        """How far the terminals of this process are."""
        return TerminalCounts(0, 0, 0) if self.terminals is None else self.terminals.counts()

    async def stop(self) -> None:
        """End the demonstration."""
        if self.terminals is not None:
            await self.terminals.close()


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
    # While the network starts.
    program = asyncio.create_task(asyncio.to_thread(software.digest)) if "core" in chosen else None
    # An SMF of the same process loses its sessions with it: they are not kept then.
    journal = config.data_folder(configuration) / "upf.journal" if chosen & {"core", "upf"} == {"upf"} else None
    recent = logs.Recent()
    outside = Network(configuration, real_time=True, outside=True, roles=chosen, folder=folder, journal=journal)
    async with outside as network, logservers.told(configuration.log, network) as servers:
        made = Running(network, source)
        if made.managed is not None and program is not None:
            made.managed.log = recent.lines
            if (act := software.changed(network.ledger.entries(), await program)) is not None:
                await network.wait(network.ledger.append(act))
            await network.wait(network.ledger.append(own_act("network.start", __version__, _digest(configuration))))
        network.world.listen(logs.log)
        for note in network.packets.notes:
            log.info(note)
        try:
            with recent:
                async with (
                    _traced(configuration, network),
                    _management(configuration, made, servers, console=console),
                ):
                    yield made
        finally:
            await made.stop()


@contextlib.asynccontextmanager
async def _traced(configuration: Configuration, network: Network) -> AsyncIterator[None]:
    """A UPF without its core lets the core of another process trace packets."""
    if "upf" not in network.roles or "core" in network.roles or not configuration.management.enabled:
        yield
        return
    from freehold.app.apart import traced_by_others

    async with traced_by_others(configuration, network.upf_plane):
        yield


@contextlib.asynccontextmanager
async def _management(
    configuration: Configuration, made: Running, servers: Sequence[Told], *, console: bool
) -> AsyncIterator[None]:
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
    asked = oversight.passwords(network)
    accounts = Accounts(network.store, network.wait, network.world.environment.utc, asked)
    code = "" if accounts.initialised else secrets.token_urlsafe(CODE)
    api = Api(
        made.managed,
        slices_of(configuration),
        accounts,
        code,
        store=network.store,
        recording=oversight.recording(configuration.performance),
        thresholds=oversight.thresholds(configuration.alarms),
        nas=oversight.deciphering(configuration.management),
    )
    api.oidc = oversight.provider(configuration.management.oidc, api.network.now)
    api.told.extend(servers)
    server = HttpServer(path, api)
    await server.start()
    try:
        async with (
            oversight.forwarded(configuration.alarms, api),
            oversight.traced(configuration.telemetry, network, api),
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
    demo = (known for known in udr.subscribers() if known.name == DEMO and known.enabled)
    found = [known for known in demo if not known.authentication.elsewhere][:wanted]
    first = next_number(configuration, udr.subscribers())
    random: Callable[[int], bytes] = network.world.environment.random
    missing = [subscriber(configuration, first + n, random, name=DEMO) for n in range(wanted - len(found))]
    if missing:
        _durable = udr.put_all(missing)
    return found + missing
