"""What changes, told as it changes: rows by topic, looked at once for all who follow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from freehold.manage.faults import AlarmList
from freehold.manage.journal import Journal
from freehold.manage.network import ManagedNetwork
from freehold.manage.views import Change, CounterView
from freehold.manage.why.failures import Failures

PERIOD: Final = 1.0
"""Seconds between two looks at a topic, at least."""
THRIFT: Final = 50
"""A look costs one part in so many of the time at most."""
_encode: Final = msgspec.json.Encoder().encode

Rows = dict[str, Any]


class Watched(Protocol):
    """Where the rows come from."""

    network: ManagedNetwork
    journal: Journal
    alarms: AlarmList
    failures: Failures

    def counters(self) -> Sequence[CounterView]:
        """Every counter."""


def _row(_: Any) -> str:
    return ""


def _session(view: Any) -> str:
    return f"{view.supi}/{view.pdu_session_id}"


def _counter(view: Any) -> str:
    return f"{view.name} {view.label}".rstrip()


def _supi(view: Any) -> str:
    return str(view.supi)


def _event(view: Any) -> str:
    return f"{view.time:.6f} {view.name} {view.subject}"


TOPICS: Final[dict[str, tuple[Callable[[Watched], Sequence[Any]], Callable[[Any], str]]]] = {
    "status": (lambda api: [api.network.status()], _row),
    "gnbs": (lambda api: api.network.gnbs(), lambda view: str(view.id)),
    "ues": (lambda api: api.network.ues(), _supi),
    "sessions": (lambda api: api.network.sessions(), _session),
    "counters": (lambda api: api.counters(), _counter),
    "alarms": (lambda api: api.alarms.all(), lambda view: str(view.id)),
    "events": (lambda api: api.journal.events(), _event),
    "failures": (lambda api: api.failures.views(api.network), lambda view: str(view.id)),
    "terminals": (lambda api: api.network.terminals.views() if api.network.terminals else (), _supi),
}
"""What may be followed: how it is read, and what tells one row from another."""


class Topic:
    """The rows of a topic at the last look; a row that did not change stays the same object."""

    __slots__ = ("_change", "_due", "_key", "_name", "_previous", "_read", "rows")

    def __init__(self, name: str) -> None:
        self._name = name
        self._read, self._key = TOPICS[name]
        self.rows: Rows = {}
        self._previous: Rows = {}
        self._change = b""
        self._due = 0.0

    def look(self, api: Watched, now: float) -> bool:
        """Read anew unless that would cost too much yet; whether anything changed."""
        if now < self._due:
            return False
        began = time.perf_counter()
        fresh: Rows = {}
        for view in self._read(api):
            key = self._key(view)
            known = self.rows.get(key)
            fresh[key] = known if known == view else view
        changed = len(fresh) != len(self.rows) or any(self.rows.get(key) is not view for key, view in fresh.items())
        if changed:
            self._change = self._between(self.rows, fresh)
            self._previous, self.rows = self.rows, fresh
        self._due = now + max(PERIOD / 2, THRIFT * (time.perf_counter() - began))
        return changed

    def since(self, seen: Rows | None) -> bytes:
        """What a follower that saw these rows has to be told: one line, or nothing."""
        if seen is self.rows:
            return b""
        if seen is None:
            return _encode(Change(self._name, True, self.rows)) + b"\n"
        return self._change if seen is self._previous else self._between(seen, self.rows)

    def _between(self, before: Rows, after: Rows) -> bytes:
        rows = {key: view for key, view in after.items() if before.get(key) is not view}
        gone = tuple(key for key in before if key not in after)
        return _encode(Change(self._name, False, rows, gone)) + b"\n"


class Live:
    """Looks at topics for as long as somebody follows them."""

    def __init__(self, api: Watched) -> None:
        self._api = api
        self._topics: dict[str, Topic] = {}
        self._followers: dict[asyncio.Event, tuple[Topic, ...]] = {}
        self._task: asyncio.Task[None] | None = None

    async def follow(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        """Every row of these topics, then what changes, one line a topic."""
        topics = tuple(self._topics.setdefault(name, Topic(name)) for name in names)
        ready, seen = asyncio.Event(), dict.fromkeys(topics)
        told: dict[Topic, Rows | None] = dict(seen)
        for topic in topics:
            topic.look(self._api, asyncio.get_running_loop().time())
        self._followers[ready] = topics
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look())
        try:
            while True:
                lines = b"".join(topic.since(told[topic]) for topic in topics)
                told = {topic: topic.rows for topic in topics}
                if lines:
                    yield lines
                await ready.wait()
                ready.clear()
        finally:
            del self._followers[ready]
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(PERIOD)
            now = asyncio.get_running_loop().time()
            followed = {topic for topics in self._followers.values() for topic in topics}
            changed = {topic for topic in followed if topic.look(self._api, now)}
            for ready, topics in self._followers.items():
                if not changed.isdisjoint(topics):
                    ready.set()
