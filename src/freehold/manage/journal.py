"""The last events, kept for the operator."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from freehold.manage.views import EventView
from freehold.spec.events import Event

EVENTS: Final = 1000
"""Events kept; older ones are in the log."""


def event_view(event: Event, time: float) -> EventView:
    """An event as it is shown."""
    return EventView(time, event.name, event.severity, event.text, event.subject, event.fix, event.clause, event.ue)


class Journal:
    """The last events."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: deque[EventView] = deque(maxlen=EVENTS)

    def note(self, event: Event, time: float) -> None:
        """Keep an event of this time, in seconds since 1970."""
        self._events.append(event_view(event, time))

    def events(self, least: int = EVENTS) -> Sequence[EventView]:
        """The last events, oldest first."""
        return list(self._events)[-least:]
