"""Procedures as OpenTelemetry traces: OTLP over HTTP in JSON, bounded, and nothing at all where nobody asked for it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import h11
import msgspec

from freehold import __version__
from freehold.manage.faults.forwarding import Post, http_post
from freehold.procedure.correlation import correlation
from freehold.spec.errors import Unusable

QUEUED: Final = 8192
"""Spans kept for a collector that does not take them; beyond, the oldest are lost and counted."""
BATCH: Final = 512
PERIOD: Final = 2.0
TIMEOUT: Final = 10.0
OPEN: Final = 50_000
"""Spans that have begun and not ended; beyond, new ones are not traced."""
STEPS: Final = 64
PATH: Final = "/v1/traces"
INTERNAL: Final = 1
CLIENT: Final = 3
"""Kinds of spans (OTLP trace.proto SpanKind)."""
ERROR: Final = 2
UNAVAILABLE: Final = 503
AGAIN: Final = frozenset({429, 502, UNAVAILABLE, 504})
"""Answers after which the same is sent again (OTLP 1.0, retryable response codes); any other refusal is for good."""
_FINE: Final = frozenset({"ended", "aborted"})
_IDENTITY: Final = re.compile(r"\b(?:imsi|nai|suci|imei|imeisv)-[^\s,;:]+|\d{10,}")
"""What is left out of a reason: no identity leaves."""


class Span:
    """One procedure or service call while it runs."""

    __slots__ = (
        "begin", "calls", "clause", "events", "function", "identity", "name", "owner", "parent", "trace", "ue"
    )  # fmt: skip

    def __init__(self, function: str, name: str, clause: str, begin: float) -> None:
        self.calls: list[Span] = []
        """Calls of a procedure that have no answer yet, the innermost last."""
        self.owner: Span | None = None
        """The procedure whose call this is."""
        self.function = function
        self.name = name
        self.clause = clause
        self.begin = begin
        self.identity = self.trace = self.parent = self.ue = ""
        self.events: list[tuple[str, float]] = []


class TraceExporter:
    """A `procedure.tap.Tracer` that posts spans to a collector; Unusable where the endpoint is no URL.

    What begins while a procedure advances is its child. What begins by itself belongs to what runs for the same UE in
    another function, where something does; else it begins a trace. `failing` says what is wrong with the collector now.
    """

    def __init__(
        self,
        endpoint: str,
        name: str,
        key: bytes,
        offset: float,
        random: Callable[[int], bytes],
        post: Post | None = None,
    ) -> None:
        """`offset` makes seconds since 1970 of monotonic time; `key` makes pseudonyms of UEs."""
        self._url = urlsplit(endpoint.rstrip("/") + ("" if endpoint.rstrip("/").endswith(PATH) else PATH))
        if self._url.scheme not in {"http", "https"} or not self._url.hostname:
            raise Unusable(f"telemetry.otlp: {endpoint!r} is not an http or https URL")
        self._resource = {"attributes": _attributes({"service.name": "freehold", "service.version": __version__,
                                                     "service.instance.id": name})}  # fmt: skip
        self._key, self._offset, self._random = key, offset, random
        self._post = post or http_post
        self._open: dict[int, Span] = {}
        self._of_ue: dict[str, list[Span]] = {}
        self._current: Span | None = None
        self._done: deque[dict[str, Any]] = deque()
        self._task: asyncio.Task[None] | None = None
        self.sent = self.lost = 0
        self.failing = ""

    @property
    def place(self) -> str:
        """Host and port of the collector."""
        return self._url.netloc

    # --- procedure.tap.Tracer -----------------------------------------------------------------
    def begun(
        self, key: object, function: str, name: str, clause: str, subject: object, now: float, *, call: bool = False
    ) -> None:
        """A procedure or call begins."""
        if len(self._open) >= OPEN:
            return
        span = Span(function, name, clause, now)
        span.ue = correlation(subject, self._key)
        running = self._of_ue.get(span.ue) if span.ue else None
        parent = self._innermost() or (running[-1] if running else None)
        if call and self._current is not None:
            span.owner = self._current
            span.owner.calls.append(span)
        span.identity = self._random(8).hex()
        span.trace = parent.trace if parent is not None else self._random(16).hex()
        span.parent = parent.identity if parent is not None else ""
        self._open[id(key)] = span
        if span.ue:
            self._of_ue.setdefault(span.ue, []).append(span)

    def step(self, key: object, name: str, clause: str, now: float) -> None:
        """A procedure enters another one that is part of it."""
        span = self._open.get(id(key))
        if span is not None and len(span.events) < STEPS:
            span.events.append((f"{name} ({clause})", now))

    def ended(self, key: object, outcome: str, subject: object, now: float, why: str = "") -> None:
        """It ended."""
        span = self._open.pop(id(key), None)
        if span is None:
            return
        if span.owner is not None:
            span.owner.calls.remove(span)
        if span.ue:
            running = self._of_ue[span.ue]
            running.remove(span)
            if not running:
                del self._of_ue[span.ue]
        if len(self._done) >= QUEUED:
            self._done.popleft()
            self.lost += 1
        ue = span.ue or correlation(subject, self._key)
        self._done.append(self._span(span, outcome, _IDENTITY.sub("...", why) or outcome, ue, now))

    def advancing(self, key: object) -> object:
        """What begins from now on is part of `key`."""
        before, self._current = self._current, self._open.get(id(key), self._current)
        return before

    def resume(self, before: object) -> None:
        """What begins from now on is part of what was so before."""
        self._current = before if isinstance(before, Span) else None

    def later(self, start: Callable[[], None]) -> Callable[[], None]:
        """The same start as part of what advances now, which may have ended by then."""
        parent = self._innermost()

        def started() -> None:
            before, self._current = self._current, parent
            try:
                start()
            finally:
                self._current = before

        return started

    def _innermost(self) -> Span | None:
        """The call without an answer of what advances now, or that itself."""
        current = self._current
        return current.calls[-1] if current is not None and current.calls else current

    # --- export -------------------------------------------------------------------------------
    def start(self) -> None:
        """Send from now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Send what there is, once, and no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.flush(), PERIOD)

    async def flush(self) -> None:
        """Send everything that ended, in batches, as long as the collector takes it."""
        while self._done:
            batch = [self._done.popleft() for _ in range(min(BATCH, len(self._done)))]
            status, self.failing = await self._answered(batch)
            if status in AGAIN:
                kept = batch[max(0, len(batch) + len(self._done) - QUEUED) :]
                self.lost += len(batch) - len(kept)
                self._done.extendleft(reversed(kept))
                return
            if status < 300:
                self.sent += len(batch)
            else:
                self.lost += len(batch)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PERIOD)
            await self.flush()

    async def _answered(self, spans: list[dict[str, Any]]) -> tuple[int, str]:
        """The status of the collector's answer, 503 where none comes, and what is wrong."""
        scope = {"scope": {"name": "freehold", "version": __version__}, "spans": spans}
        body = msgspec.json.encode({"resourceSpans": [{"resource": self._resource, "scopeSpans": [scope]}]})
        try:
            headers = [("content-type", "application/json")]
            status = await asyncio.wait_for(self._post(self._url, headers, body), TIMEOUT)
        except (OSError, ValueError, TimeoutError, h11.RemoteProtocolError) as error:
            return UNAVAILABLE, str(error) or type(error).__name__
        return status, "" if status < 300 else f"answered {status}"

    def _span(self, span: Span, outcome: str, why: str, ue: str, end: float) -> dict[str, Any]:
        made: dict[str, Any] = {
            "traceId": span.trace,
            "spanId": span.identity,
            "name": span.name,
            "kind": INTERNAL if span.owner is None else CLIENT,
            "startTimeUnixNano": self._nanoseconds(span.begin),
            "endTimeUnixNano": self._nanoseconds(end),
            "attributes": _attributes(
                {"nf": span.function, "clause": span.clause, "outcome": outcome, **({"ue": ue} if ue else {})}
            ),
            "status": {} if outcome in _FINE else {"code": ERROR, "message": why},
        }
        if span.parent:
            made["parentSpanId"] = span.parent
        if span.events:
            made["events"] = [{"name": name, "timeUnixNano": self._nanoseconds(time)} for name, time in span.events]
        return made

    def _nanoseconds(self, now: float) -> str:
        """Nanoseconds since 1970, as JSON of OTLP writes 64-bit numbers."""
        return f"{round((now + self._offset) * 1e9)}"


def _attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
