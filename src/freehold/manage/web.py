"""The management API over TCP for those who have accounts: granian's embedded server in the network's own loop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from freehold.manage.access import BINDING, COOKIE
from freehold.manage.api import ROOT
from freehold.manage.http import BODY, HEAD, JSON, Handler, Request, Response, Streamed
from freehold.manage.operation import LINES
from freehold.manage.pages import Pages
from freehold.manage.visits import Visit, Visits
from freehold.spec.errors import Unusable

EVENTS: Final = "text/event-stream"
HEADERS: Final = (
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("server", "-"),  # TS 33.117 4.3.4.11: the engine would tell its own name
    ("x-content-type-options", "nosniff"),
)
"""What every answer carries."""
CLOSE: Final = (("connection", "close"),)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CONNECTIONS: Final = 512
"""Connections at once; more wait (TS 33.117 4.3.3.1.4)."""
SILENT: Final = 5000
"""Milliseconds that a connection may keep a request's head unfinished."""
STRANGER: Final = (64 * 1024, 10.0)
"""Octets of a body, and seconds for it, of who has not logged in (TS 33.117 4.2.3.3.3)."""
UPLOAD: Final = (BODY, 600.0)
"""The same of who has."""
STARTING: Final = 5.0
"""Seconds the server may take to listen, and to end."""


HOSTS: Final = 16
"""Names of this server that are known again without looking closer."""


class WebServer:
    """Serves one handler at an address; over TLS where a certificate and its key are given."""

    def __init__(
        self,
        handler: Handler,
        address: tuple[str, int],
        certificate: tuple[Path, Path] | None,
        pages: Pages | None = None,
        visits: Visits | None = None,
        named: Callable[[str], str] = lambda _: "",
    ) -> None:
        """Unusable where the address needs a certificate and has none; `pages` are what is served beside /api.

        `visits` hears of every request, once it was answered; `named` tells whose a secret is.
        """
        if certificate is None and not ip_address(address[0]).is_loopback:
            raise Unusable(
                f"management.listen: {address[0]} is not a loopback address: set management.certificate and .key"
            )
        self._handler = handler
        self._address = address
        self._certificate = certificate
        self._pages = pages
        self._visits = visits
        self._named = named
        self._hosts: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._streams: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._address
        return f"{'https' if self._certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def start(self) -> None:
        """Listen; Unusable where that cannot be."""
        self._probe()
        certificate, key = self._certificate or (None, None)
        host, port = self._address
        self._server = Server(
            self._serve,
            host,
            port,
            interface=Interfaces.RSGI,
            ssl_cert=certificate,
            ssl_key=key,
            log_enabled=False,
            websockets=False,
            backlog=CONNECTIONS,
            backpressure=CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=SILENT),
            http2_settings=HTTP2Settings(max_headers_size=HEAD, keep_alive_interval=SILENT),
        )
        self._task = asyncio.get_running_loop().create_task(self._server.serve())
        for _ in range(int(STARTING / 0.01)):
            if self._task.done() or self._listening():
                break
            await asyncio.sleep(0.01)
        if self._task.done():
            raise Unusable(f"management.listen: {self.url} cannot be served: {self._task.exception() or 'it ended'}")

    async def close(self) -> None:
        """Listen no more and end what streams."""
        for stream in tuple(self._streams):
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)
        if self._task is not None:
            self._server.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait((self._task,), timeout=STARTING)
            self._task.cancel()  # a client that never ends does not hold the network up
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _probe(self) -> None:
        for path in self._certificate or ():
            if not path.is_file():
                raise Unusable(f"{path}: there is no such file: see management.certificate and .key")
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(self._address)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise Unusable(f"management.listen: {self.url}: {reason}") from None

    def _listening(self) -> bool:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        with socket.socket(family) as probe:
            return probe.connect_ex(self._address) == 0

    # --- one request --------------------------------------------------------------------------
    async def _serve(self, scope: Any, protocol: Any) -> None:
        answer = await self._answer(scope, protocol)
        self._visited(scope, answer)
        if isinstance(answer, Streamed):
            task = asyncio.ensure_future(self._stream(answer, scope, protocol))
            self._streams.add(task)
            try:
                await task
            finally:
                self._streams.discard(task)
            return
        own = {name for name, _ in answer.headers}
        usual = (header for header in HEADERS if header[0] not in own)
        headers = [("content-type", answer.media_type), *usual, *answer.headers]
        protocol.response_bytes(answer.status, headers, answer.body)

    async def _answer(self, scope: Any, protocol: Any) -> Response | Streamed:
        headers = {name: scope.headers.get(name) or "" for name in ("host", "origin", "authorization")}
        headers["cookie"] = crumbs(scope)
        if len(scope.headers.get_all("host")) > 1:
            return Response(400, headers=CLOSE)  # RFC 9112 3.2
        host = scope.authority or headers["host"]
        if host not in self._hosts and not self._own(host):
            return Response(421)  # RFC 9110 15.5.20: somebody's name that leads here is not ours
        secret, by_cookie = secret_of(headers)
        if by_cookie and scope.method not in SAFE and urlsplit(headers["origin"]).netloc != host:
            return Response(403)  # another site's page makes the browser ask
        if sum(len(name) + len(value) for name, value in scope.headers.items()) > HEAD:
            return Response(431)
        body = b"" if scope.method in SAFE else await body_of(protocol, *(UPLOAD if self._named(secret) else STRANGER))
        if isinstance(body, Response):
            return body
        path = tuple(unquote(segment) for segment in scope.path.split("/") if segment)
        if self._pages is not None and path[:1] != (ROOT,):
            if scope.method != "GET":
                return Response(405, headers=(("allow", "GET"),))
            return self._pages.answer(path, scope.headers.get("accept-encoding") or "")
        return await self._handler(
            Request(
                scope.method,
                path,
                dict(parse_qsl(scope.query_string, keep_blank_values=True)),
                body,
                (scope.headers.get("content-type") or JSON).split(";", 1)[0].strip().lower(),
                secret=secret,
                address=scope.client.rpartition(":")[0],
                secure=self._certificate is not None,
                origin=f"{'https' if self._certificate else 'http'}://{host}",
                binding=cookie_of(headers["cookie"], BINDING),
                if_match=", ".join(scope.headers.get_all("if-match")),
            )
        )

    def _visited(self, scope: Any, answer: Response | Streamed) -> None:
        if self._visits is None:
            return
        headers = {"authorization": scope.headers.get("authorization") or "", "cookie": crumbs(scope)}
        name = self._named(secret_of(headers)[0])
        status = answer.status if isinstance(answer, Response) else 200
        address = scope.client.rpartition(":")[0]
        self._visits(Visit(time.time(), address, name, scope.method, scope.path, status))

    def _own(self, host: str) -> bool:
        """Whether a host's name is this server's: an address, or localhost where it listens there (no rebinding)."""
        name = (urlsplit(f"//{host}").hostname or "") if host.isascii() and host.isprintable() else ""
        try:
            own = bool(ip_address(name))
        except ValueError:
            own = name == "localhost" or self._certificate is not None
        if own and len(self._hosts) < HOSTS:
            self._hosts.add(host)
        return own

    async def _stream(self, answer: Streamed, scope: Any, protocol: Any) -> None:
        events = answer.media_type == LINES and EVENTS in (scope.headers.get("accept") or "")
        media_type = EVENTS if events else answer.media_type
        transport = protocol.response_stream(200, [("content-type", media_type), *HEADERS])
        gone = asyncio.ensure_future(protocol.client_disconnect())
        pieces = as_events(answer.pieces) if events else answer.pieces
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
                    return
                await transport.send_bytes(octets)
        except (ConnectionError, RuntimeError):
            pass  # the client is gone
        finally:
            gone.cancel()
            for each in (pieces, answer.pieces):
                if hasattr(each, "aclose"):
                    await each.aclose()


async def as_events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines as server-sent events, one each."""
    async for piece in pieces:
        yield b"".join(b"data: " + line + b"\n\n" for line in piece.splitlines())


def secret_of(headers: Mapping[str, str]) -> tuple[str, bool]:
    """A bearer's secret, or a cookie's, and whether it is a cookie's."""
    scheme, _, token = headers["authorization"].partition(" ")
    if scheme.lower() == "bearer":
        return token.strip(), False
    found = cookie_of(headers["cookie"], COOKIE)
    return found, bool(found)


async def body_of(protocol: Any, most: int, patience: float) -> bytes | Response:
    """The whole body of a request, or what is answered where it is too long or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for piece in protocol:
                body += piece
                if len(body) > most:
                    return Response(413, headers=CLOSE)
    except TimeoutError:
        return Response(408, headers=CLOSE)
    return bytes(body)


def crumbs(scope: Any) -> str:
    """All cookies: a browser sends each in a header of its own over HTTP/2 (RFC 9113 8.2.3)."""
    return "; ".join(scope.headers.get_all("cookie"))


def cookie_of(header: str, name: str) -> str:
    """The value of a cookie, whatever others there are; empty where there is none."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return ""
