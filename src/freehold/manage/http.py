"""A small HTTP/1.1 server on a UNIX socket of its owner: bounded in connections, heads, bodies and time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import msgspec

from freehold.manage.accounts.roles import Principal, Role
from freehold.net.unix import clear_stale
from freehold.spec.errors import Unusable

HEAD: Final = 16 * 1024
"""Octets of a request's head at most."""
BODY: Final = 64 * 1024 * 1024
"""Octets of a request's body at most: a CSV of a hundred thousand subscribers fits."""
CONNECTIONS: Final = 64
IDLE: Final = 60.0
"""Seconds a connection may keep a request unfinished or be idle."""
PEER: Final = struct.Struct("3i")
"""Process, user and group of a peer (SO_PEERCRED)."""
JSON: Final = "application/json"


class Request(msgspec.Struct, frozen=True):
    """What a client asks; the path's segments are decoded.

    `principal` is who asks, where the link itself tells; elsewhere `secret` is a bearer's, from `address`.
    """

    method: str
    path: tuple[str, ...]
    query: dict[str, str]
    body: bytes
    media_type: str = JSON
    principal: Principal | None = None
    secret: str = ""
    address: str = ""
    secure: bool = False
    origin: str = ""
    """Where the client believes to be, like https://192.0.2.1:5380; empty on the owner's socket."""
    binding: str = ""
    """What binds a log-in at a provider to the browser that began it."""
    if_match: str = ""
    """The entity tag that a change is meant for (RFC 9110 13.1.1); empty where the client named none."""


class Response(msgspec.Struct, frozen=True):
    """One whole answer."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Streamed(msgspec.Struct, frozen=True):
    """An answer that comes in pieces until the client goes."""

    pieces: AsyncIterator[bytes]
    media_type: str


Handler = Callable[[Request], Awaitable[Response | Streamed]]


class HttpServer:
    """Serves one handler at one socket path, mode 0600."""

    __slots__ = ("_handler", "_server", "_tasks", "path")

    def __init__(self, path: Path, handler: Handler) -> None:
        self.path = path
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; Unusable where that cannot be."""
        clear_stale(str(self.path), socket.SOCK_STREAM)
        previous = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._connected, str(self.path), limit=HEAD)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Unusable(f"{self.path}: {reason}: set another path in management.socket") from None
        finally:
            os.umask(previous)

    async def close(self) -> None:
        """Listen no more, end every connection, remove the socket."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None
            self.path.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= CONNECTIONS:
            writer.close()
            return
        self._tasks.add(task)
        try:
            await _Exchange(reader, writer, self._handler).run()
        except (ConnectionError, asyncio.CancelledError, TimeoutError):
            pass  # the client, or this server, is gone
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


class _Exchange:
    """The requests and answers of one connection, one after the other."""

    __slots__ = ("_handler", "_protocol", "_reader", "_writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD)

    async def run(self) -> None:
        """Serve until the client is done."""
        while True:
            try:
                request = await asyncio.wait_for(self._request(), IDLE)
            except h11.RemoteProtocolError as error:
                await self._refuse(error)
                return
            if request is None:
                return
            if isinstance(request, Response):
                await self._answer(request)
                return
            answer = await self._handler(request)
            if isinstance(answer, Streamed):
                await self._stream(answer)
                return
            await self._answer(answer)
            if self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE:
                return
            self._protocol.start_next_cycle()

    async def _request(self) -> Request | Response | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                if self._protocol.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self._protocol.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > BODY:
                    return Response(413)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return read_request(head, bytes(body), self._user())
            else:  # ConnectionClosed, or a client that only listens
                return None

    def _user(self) -> Principal | None:
        """Who connected, as the kernel says: whoever may open the socket administers."""
        connected = self._writer.get_extra_info("socket")
        if connected is None:
            return None
        _, user, _ = PEER.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
        return Principal(f"uid {user}", Role.ADMIN)

    async def _answer(self, response: Response) -> None:
        headers = [
            ("content-type", response.media_type),
            ("content-length", str(len(response.body))),
            *response.headers,
        ]
        await self._send(h11.Response(status_code=response.status, headers=headers))
        if response.body:
            await self._send(h11.Data(data=response.body))
        await self._send(h11.EndOfMessage())

    async def _stream(self, answer: Streamed) -> None:
        headers = [
            ("content-type", answer.media_type),
            ("transfer-encoding", "chunked"),
            ("connection", "close"),  # what comes meanwhile on it ends the stream
        ]
        await self._send(h11.Response(status_code=200, headers=headers))
        gone = asyncio.ensure_future(self._reader.read(1))
        pieces = answer.pieces
        try:
            while True:
                piece = asyncio.ensure_future(anext(pieces, None))
                await asyncio.wait((piece, gone), return_when=asyncio.FIRST_COMPLETED)
                if not piece.done():
                    piece.cancel()
                    await asyncio.gather(piece, return_exceptions=True)
                    return
                octets = piece.result()
                if octets is None:
                    await self._send(h11.EndOfMessage())
                    return
                await self._send(h11.Data(data=octets))
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            if hasattr(pieces, "aclose"):
                await pieces.aclose()

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._protocol.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            await self._answer(Response(error.error_status_hint))

    async def _send(self, event: h11.Event) -> None:
        octets = self._protocol.send(event)
        if octets:
            self._writer.write(octets)
            await self._writer.drain()


def read_request(head: h11.Request, body: bytes, principal: Principal | None = None) -> Request:
    """A request as its handler sees it."""
    parts = urlsplit(head.target.decode("ascii", "replace"))
    path = tuple(unquote(segment) for segment in parts.path.split("/") if segment)
    media_type = next((value for name, value in head.headers if name == b"content-type"), JSON.encode())
    media_type = media_type.split(b";", 1)[0].strip().lower()
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if_match = b", ".join(value for name, value in head.headers if name == b"if-match")
    return Request(
        head.method.decode("ascii"),
        path,
        query,
        body,
        media_type.decode("ascii", "replace"),
        principal,
        if_match=if_match.decode("ascii", "replace"),
    )
