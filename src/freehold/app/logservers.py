"""Log servers as the configuration has them, told of acts and events for as long as the network runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from freehold.app.config import LogSection
from freehold.app.network import Network
from freehold.app.security import server_address
from freehold.spec.events import Event

if TYPE_CHECKING:
    from freehold.manage.syslog.forwarder import Forwarder


@contextlib.asynccontextmanager
async def told(section: LogSection, network: Network) -> AsyncIterator[Sequence[Forwarder]]:
    """Tell the configured log servers of acts and events; Unusable where one cannot be told."""
    if not section.server:
        yield ()
        return
    from freehold.manage.syslog.forwarder import Forwarder
    from freehold.manage.syslog.message import Origin
    from freehold.manage.syslog.queue import Queue
    from freehold.manage.syslog.server import PORTS, Receiver

    environment = network.world.environment
    origin = Origin(socket.gethostname(), os.getpid())
    servers = []
    for each in section.server:
        address = server_address(each.address, PORTS[each.transport])
        receiver = Receiver(address, each.transport, each.ca, each.certificate, each.key)
        path = network.folder and network.folder / f"syslog-{each.transport}-{address[0]}-{address[1]}.queue"
        lost = partial(_lost, network, receiver.place)
        servers.append(Forwarder(receiver, origin, Queue(path), environment.utc, least=each.least, on_loss=lost))
    if "core" in network.roles:
        for server in servers:
            network.ledger.listen(server.act)
    stops = [network.world.listen(server.event) for server in servers]
    for server in servers:
        server.start()
    try:
        yield servers
    finally:
        for stop in stops:
            stop()
        await asyncio.gather(*(server.stop() for server in servers))


def _lost(network: Network, place: str, number: int) -> None:
    text = f"{number} messages for the log server were lost: it took none for too long"
    network.world.environment.emit(
        Event("syslog-lost", text, "error", place, "ask the ledger and the log for that time")
    )
