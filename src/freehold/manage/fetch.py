"""One request over HTTP to somebody else's server, on a connection of its own, bounded in what is read."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final
from urllib.parse import SplitResult

import h11

MOST: Final = 1024 * 1024
"""Octets of an answer."""


async def fetch(method: str, url: SplitResult, headers: list[tuple[str, str]], body: bytes = b"") -> tuple[int, bytes]:
    """The status and the body; OSError, ValueError or h11.RemoteProtocolError where there is none."""
    secure = None
    if url.scheme == "https":
        import ssl

        secure = ssl.create_default_context()
    host, port = url.hostname or "", url.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(host, port, ssl=secure)
    try:
        protocol = h11.Connection(h11.CLIENT)
        target = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
        named = f"[{host}]" if ":" in host else host
        fields = [("host", f"{named}:{port}"), ("content-length", f"{len(body)}"), ("connection", "close"), *headers]
        writer.write(protocol.send(h11.Request(method=method, target=target, headers=fields)) or b"")
        writer.write(protocol.send(h11.Data(data=body)) or b"")
        writer.write(protocol.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return await _answer(protocol, reader)
    finally:
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()


async def _answer(protocol: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, bytes]:
    status, whole, read = 0, bytearray(), 0
    while True:
        event = protocol.next_event()
        if isinstance(event, h11.Response):
            status = int(event.status_code)
        elif isinstance(event, h11.Data):
            whole += event.data
        elif isinstance(event, h11.EndOfMessage):
            return status, bytes(whole)
        elif isinstance(event, h11.ConnectionClosed) or read > MOST:
            raise ConnectionError("it closed the connection without an answer")
        elif event is h11.NEED_DATA:
            octets = await reader.read(65536)
            read += len(octets)
            protocol.receive_data(octets)
