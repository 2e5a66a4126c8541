"""A visitor of the console: HTTP by hand, so that nothing of it need be right (RFC 9112)."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from freehold.trust.assure.lab import Lab, Web
from freehold.trust.assure.verdict import Blocked, need

WAIT: Final = 10.0
"""Seconds an answer may take."""
LONGEST: Final = 8 * 1024 * 1024
"""Octets read of one answer."""
PASSWORD: Final = "Correct horse battery staple"  # noqa: S105 - of an account that lives as long as a test
GIVEN: Final = "Chosen by somebody else 1"
"""What an account is made with, and does not keep."""
ROOT: Final = "/api/v1"


class Answer(msgspec.Struct, frozen=True):
    """What came back: 0 where nothing did."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def value(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Visitor:
    """Speaks to one console, with a log-in's secret or without."""

    def __init__(self, lab: Lab, web: Web, secret: str = "") -> None:
        self.lab = lab
        self.web = web
        self.secret = secret

    async def raw(self, octets: bytes, context: ssl.SSLContext | None = None) -> bytes:
        """Send octets on a connection of their own; everything that comes back until it ends."""
        secure = context or (trusting() if self.web.tls else None)
        try:
            async with asyncio.timeout(WAIT):
                reader, writer = await asyncio.open_connection(*self.web.address, ssl=secure)
                try:
                    writer.write(octets)
                    await writer.drain()
                    return await self._read(reader)
                finally:
                    writer.close()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return b""

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        read = b""
        while len(read) < LONGEST and (piece := await reader.read(65536)):
            read += piece
        return read

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; the path as it is given."""
        octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {
            "Host": f"{self.web.address[0]}:{self.web.address[1]}",
            "Connection": "close",
            "Content-Length": str(len(octets)),
        }
        if self.secret:
            sent["Authorization"] = f"Bearer {self.secret}"
        sent |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        came = await self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogateescape") + octets)
        return answer_of(came)

    async def api(self, method: str, path: str, body: Any = None) -> Answer:
        """One request of our management API."""
        return await self.ask(method, f"{ROOT}/{path}", body)

    async def login(self, name: str, password: str = PASSWORD) -> Answer:
        """Log in, without taking the secret."""
        return await self.api("POST", "login", {"name": name, "password": password})

    async def enter(self, name: str, password: str = PASSWORD) -> Visitor:
        """Another visitor, logged in under a name; Blocked where that is refused."""
        came = await self.login(name, password)
        need(came.status == 200, f"{name} cannot log in: status {came.status}")
        return Visitor(self.lab, self.web, str(came.value()["secret"]))


def answer_of(octets: bytes) -> Answer:
    """What octets say as an HTTP answer."""
    head, _, body = octets.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        return Answer(0, {}, octets)
    fields = (line.partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    return Answer(
        int(words[1]), headers, unchunked(body) if "chunked" in headers.get("transfer-encoding", "") else body
    )


def unchunked(body: bytes) -> bytes:
    """A body without its chunks' frames (RFC 9112 7.1)."""
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            return whole
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


def trusting(least: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, most: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """TLS with whatever certificate comes: what is looked at is the protocol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = least
    if most is not None:
        context.maximum_version = most
    return context


async def visitor(lab: Lab, *, tls: bool = False) -> Visitor:
    """Somebody who has no account."""
    return Visitor(lab, await lab.console(tls=tls))


async def administrator(lab: Lab, *, tls: bool = False, name: str = "anna") -> Visitor:
    """The first account of a fresh console, logged in."""
    guest = await visitor(lab, tls=tls)
    if not guest.web.code:
        raise Blocked("accounts of this console cannot be made from outside")
    form = {"name": name, "password": PASSWORD, "code": guest.web.code}
    came = await guest.api("POST", "initialise", form)
    need(came.status == 204, f"the first account cannot be made: {came.status} {came.body[:200]!r}")
    return await guest.enter(name)


async def account(admin: Visitor, name: str, role: str) -> Visitor:
    """One more account with a role, logged in with a password that it chose by itself."""
    came = await admin.api("POST", "accounts", {"name": name, "password": GIVEN, "role": role})
    need(came.status == 201, f"account {name} cannot be made: status {came.status}")
    first = await Visitor(admin.lab, admin.web).enter(name, GIVEN)
    came = await first.api("PATCH", "me", {"current": GIVEN, "password": PASSWORD})
    need(came.status < 300, f"account {name} cannot choose its own password: status {came.status}")
    return await Visitor(admin.lab, admin.web).enter(name)
