"""Alarms told to others: webhooks (HTTP POST, signed, tried again) and SNMP receivers; a slow one holds up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

import h11
import msgspec

from freehold import __version__
from freehold.manage.faults.alarm import SEVERITIES, AlarmNotification, Severity
from freehold.manage.faults.snmp import trap
from freehold.manage.fetch import fetch
from freehold.spec.errors import Unusable

QUEUED: Final = 1000
"""Notifications kept for a receiver that does not take them; beyond, the oldest are lost and counted."""
TIMEOUT: Final = 10.0
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 300.0
"""Seconds between two tries: doubled each time."""
TRIES: Final = 20
"""Tries of one notification before it is given up, so that one the receiver cannot digest blocks nothing for ever."""
SIGNATURE: Final = "x-freehold-signature"
TIMESTAMP: Final = "x-freehold-timestamp"
ANSWER: Final = 64 * 1024


class Webhook(msgspec.Struct, frozen=True):
    """Where to post: `secret` signs, `least` is the mildest severity that is told; clearances always are."""

    url: str
    secret: bytes = b""
    least: Severity = "WARNING"


class TrapReceiver(msgspec.Struct, frozen=True):
    """Where to send SNMPv2c traps."""

    address: tuple[str, int]
    community: str = "public"
    least: Severity = "WARNING"


class Told(Protocol):
    """Somebody elsewhere who is told what happens here."""

    @property
    def place(self) -> str:
        """How people name it."""

    @property
    def failing(self) -> str:
        """Why it does not hear it now; empty where it does."""


class Post(Protocol):
    """Posts one body; raises OSError or ValueError where it is not taken."""

    async def __call__(self, url: SplitResult, headers: list[tuple[str, str]], body: bytes) -> int:
        """The status of the answer."""


def body_of(notification: AlarmNotification) -> bytes:
    """What a webhook gets."""
    return msgspec.json.encode(notification)


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """HMAC-SHA-256 of the timestamp, a dot and the body: a copy sent later, or changed, is found out (RFC 2104)."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def told(notification: AlarmNotification, least: Severity) -> bool:
    """Whether a receiver of these severities hears of it."""
    severity = notification.alarm.perceived_severity
    return severity == "CLEARED" or SEVERITIES.index(severity) <= SEVERITIES.index(least)


class WebhookForwarder:
    """Posts notifications to one URL in their order, each until it is taken; `failing` says what is wrong now."""

    def __init__(
        self,
        webhook: Webhook,
        utc: Callable[[], float],
        post: Post | None = None,
        sleep: Callable[[float], asyncio.Future[None]] | None = None,
    ) -> None:
        """Unusable where the URL is none."""
        self.webhook = webhook
        self.url = urlsplit(webhook.url)
        if self.url.scheme not in {"http", "https"} or not self.url.hostname:
            raise Unusable(f"alarms.webhook.url: {webhook.url!r} is not an http or https URL")
        self.failing = ""
        self.delivered = self.lost = 0
        self._utc = utc
        self._post = post or http_post
        self._sleep = sleep or asyncio.sleep
        self._queue: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def place(self) -> str:
        """Host and port of the receiver."""
        return self.url.netloc

    def start(self) -> None:
        """Deliver from now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Deliver no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def __call__(self, notification: AlarmNotification) -> None:
        """Queue one notification."""
        if not told(notification, self.webhook.least):
            return
        if len(self._queue) >= QUEUED:
            self._queue.popleft()
            self.lost += 1
        self._queue.append(body_of(notification))
        self._something.set()

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            while self._queue:
                await self._deliver(self._queue.popleft())
            self._something.clear()

    async def _deliver(self, body: bytes) -> None:
        wait = FIRST_WAIT
        for _ in range(TRIES):
            self.failing = await self._tried(body)
            if not self.failing:
                self.delivered += 1
                return
            await self._sleep(wait)
            wait = min(LONGEST_WAIT, 2 * wait)
        self.lost += 1

    async def _tried(self, body: bytes) -> str:
        """What went wrong with one try; nothing where it was taken."""
        timestamp = f"{self._utc():.0f}"
        headers = [("content-type", "application/json"), ("user-agent", f"freehold/{__version__}")]
        if self.webhook.secret:
            headers += [(TIMESTAMP, timestamp), (SIGNATURE, signature(self.webhook.secret, timestamp, body))]
        try:
            status = await asyncio.wait_for(self._post(self.url, headers, body), TIMEOUT)
        except (OSError, ValueError, TimeoutError, h11.RemoteProtocolError) as error:
            return str(error) or type(error).__name__
        return "" if 200 <= status < 300 else f"it answered {status}"


async def http_post(url: SplitResult, headers: list[tuple[str, str]], body: bytes) -> int:
    """One POST on a connection of its own; the status."""
    return (await fetch("POST", url, headers, body))[0]


class TrapForwarder:
    """Sends each notification as one datagram: nobody acknowledges a trap (RFC 3416 4.2.6)."""

    def __init__(self, receiver: TrapReceiver, uptime: Callable[[], float]) -> None:
        """Unusable where no datagram can be sent to the address."""
        self.receiver = receiver
        self._uptime = uptime
        family = socket.AF_INET6 if ":" in receiver.address[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(receiver.address)
        except OSError as error:
            self._socket.close()
            reason = (error.strerror or str(error)).lower()
            raise Unusable(f"alarms.snmp.address: {receiver.address[0]}: {reason}") from None

    def __call__(self, notification: AlarmNotification) -> None:
        """Send one."""
        if told(notification, self.receiver.least):
            with contextlib.suppress(OSError):  # a receiver that is not there
                self._socket.send(trap(notification, self.receiver.community, self._uptime()))

    def close(self) -> None:
        """Send no more."""
        self._socket.close()
