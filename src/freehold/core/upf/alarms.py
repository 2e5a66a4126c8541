"""Events that a peer causes at will, told seldom: all of it is counted, one of a kind a minute is told."""

from __future__ import annotations

from typing import Final

from freehold.procedure import Environment
from freehold.spec.events import Event

SECONDS: Final = 60.0
MOST: Final = 64
"""Kinds and subjects that are remembered; while so many are fresh, others are not told."""


class Alarms:
    """Tells warnings about peers, each at most once a minute."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._told: dict[tuple[str, str], float] = {}

    def warn(self, name: str, text: str, subject: str) -> None:
        """Tell, unless the same was told a moment ago."""
        now = self._environment.now()
        key = name, subject
        at = self._told.pop(key, None)
        if at is not None and now - at < SECONDS:
            self._told[key] = at
            return
        while self._told and now - next(iter(self._told.values())) >= SECONDS:
            del self._told[next(iter(self._told))]
        if len(self._told) >= MOST:
            return
        self._told[key] = now
        self._environment.emit(Event(name, text, "warning", subject))
