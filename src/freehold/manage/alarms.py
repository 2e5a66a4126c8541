"""Events kept for the operator, and the alarms made of them: a trouble is one alarm however often it is seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from freehold.manage.views import AlarmView, EventView
from freehold.spec.events import Event

EVENTS: Final = 1000
"""Events kept; older ones are in the log."""
ALARMS: Final = 1000
"""Alarms kept; beyond, the one seen least recently goes."""
ALARMING: Final = frozenset({"warning", "error"})


def event_view(event: Event, time: float) -> EventView:
    """An event as it is shown."""
    return EventView(time, event.name, event.severity, event.text, event.subject, event.fix, event.clause)


class Journal:
    """The last events, and the alarms that stand until someone acknowledges them."""

    __slots__ = ("_alarms", "_events", "_number")

    def __init__(self) -> None:
        self._events: deque[EventView] = deque(maxlen=EVENTS)
        self._alarms: dict[tuple[str, str], AlarmView] = {}
        self._number = 0

    def note(self, event: Event, time: float) -> None:
        """Keep an event of this time, in seconds since 1970."""
        self._events.append(event_view(event, time))
        if event.severity not in ALARMING:
            return
        key = (event.name, event.subject)
        known = self._alarms.pop(key, None)  # and in again at the end: the order is that of last sight
        if known is None:
            self._number += 1
            name = f"{self._number}"
            known = AlarmView(name, event.severity, event.text, event.subject, event.fix, time, time, 0)
        self._alarms[key] = msgspec.structs.replace(known, text=event.text, last=time, count=known.count + 1)
        if len(self._alarms) > ALARMS:
            del self._alarms[next(iter(self._alarms))]

    def events(self, least: int = EVENTS) -> Sequence[EventView]:
        """The last events, oldest first."""
        return list(self._events)[-least:]

    def alarms(self) -> Sequence[AlarmView]:
        """What stands, seen most recently first."""
        return list(reversed(self._alarms.values()))

    def acknowledge(self, alarm: str) -> bool:
        """Take an alarm off; whether it stood."""
        for key, known in self._alarms.items():
            if known.id == alarm:
                del self._alarms[key]
                return True
        return False
