"""A log server on loopback that a network of ours tells of its acts and events, for a test of it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from freehold.app import logservers
from freehold.app.assured_console import self_signed
from freehold.app.config import LogSection
from freehold.app.network import Network
from freehold.app.security import LogServerSection
from freehold.trust.assure.lab import Logged

MOST: Final = 10_000
"""Messages that are kept."""


@contextlib.asynccontextmanager
async def log_server(network: Network, *, vouched: bool) -> AsyncIterator[Logged]:
    """A server that speaks TLS (RFC 5425), told by the network; whether the network trusts who vouches for it."""
    with tempfile.TemporaryDirectory(prefix="freehold-assure-") as name:
        mine, another = Path(name) / "mine", Path(name) / "another"
        for each in (mine, another):
            each.mkdir()
        certificate, key = self_signed(mine)
        trusted = certificate if vouched else self_signed(another)[0]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        logged = Logged()

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
                while len(logged.lines) < MOST:  # RFC 5425 4.3: a length, a blank, a message
                    length = int(await reader.readuntil(b" "))
                    logged.lines.append(await reader.readexactly(length))
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0, ssl=context)
        place = "{}:{}".format(*server.sockets[0].getsockname())
        section = LogSection(server=(LogServerSection(place, "tls", str(trusted)),))
        try:
            async with logservers.told(section, network) as told:
                logged.failing = lambda: next((each.failing for each in told if each.failing), "")
                yield logged
        finally:
            server.close()
