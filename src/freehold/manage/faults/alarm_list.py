"""The alarm list (TS 28.111): one alarm for one trouble however often it is seen, kept over a restart, bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from freehold.manage.faults.alarm import (
    SEVERITIES,
    AlarmComment,
    AlarmCounts,
    AlarmNotification,
    AlarmView,
    NotificationType,
    Severity,
)
from freehold.manage.faults.rules import Rule
from freehold.procedure import Signal
from freehold.services.store import Store

TABLE: Final = "alarms"
HISTORY: Final = "alarm-history"
MOST: Final = 1000
"""Alarms on the list; beyond, the one that changed least recently goes into the history."""
MOST_HISTORY: Final = 5000
MOST_COMMENTS: Final = 50
MOST_OF_ONE: Final = 100
"""Alarms of one problem that stand; what comes beyond is one alarm of several objects: names can be invented."""
SEVERAL: Final = "several"
SEEN_AGAIN: Final = 60.0
"""Seconds between two writes of an alarm that is only seen again."""
Key = tuple[str, str]
"""The problem and the object it is about: the same pair is the same alarm."""


class AlarmList:
    """Alarms that stand or wait for an acknowledgement, and those that are over; `utc` gives seconds since 1970."""

    def __init__(self, store: Store, utc: Callable[[], float]) -> None:
        self._store = store
        self._utc = utc
        self._alarms: dict[Key, AlarmView] = {}
        self._history: deque[AlarmView] = deque()
        self._written: dict[str, float] = {}
        self._listeners: list[Callable[[AlarmNotification], None]] = []
        self._numbers = self._notifications = 0
        for alarm in _stored(store, HISTORY):
            self._history.append(alarm)
            self._counted(alarm)
        for alarm in _stored(store, TABLE):
            self._alarms[alarm.specific_problem, alarm.object_instance] = alarm
            self._counted(alarm)

    def _counted(self, alarm: AlarmView) -> None:
        self._numbers = max(self._numbers, int(alarm.id))
        self._notifications = max(self._notifications, alarm.notification_id)

    # --- what is known ------------------------------------------------------------------------
    def all(self) -> Sequence[AlarmView]:
        """Every alarm on the list: those that stand first, the worst first, then the latest."""
        return sorted(
            self._alarms.values(), key=lambda each: (SEVERITIES.index(each.perceived_severity), -each.changed)
        )

    def history(self, begin: float = 0.0, end: float = float("inf"), most: int = MOST_HISTORY) -> Sequence[AlarmView]:
        """Alarms that are over, the latest first, raised before `end` and cleared after `begin`."""
        found = (
            alarm
            for alarm in reversed(self._history)
            if alarm.raised <= end and (alarm.cleared or alarm.changed) >= begin
        )
        return [alarm for alarm, _ in zip(found, range(max(0, most)), strict=False)]

    def find(self, number: str) -> AlarmView | None:
        """An alarm of the list by its id."""
        return next((alarm for alarm in self._alarms.values() if alarm.id == number), None)

    def of(self, problem: str, instance: str) -> AlarmView | None:
        """The alarm of a problem of an object."""
        return self._alarms.get((problem, instance))

    def counts(self) -> AlarmCounts:
        """How many there are of each severity."""
        by = self.by_severity()
        waiting = sum(alarm.ack_state == "UNACKNOWLEDGED" for alarm in self._alarms.values())
        severities = {severity.lower(): number for severity, number in by.items()}
        return AlarmCounts(**severities, unacknowledged=waiting)

    def by_severity(self) -> Mapping[str, int]:
        """The same by name."""
        by: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
        for alarm in self._alarms.values():
            by[alarm.perceived_severity] += 1
        return by

    def listen(self, listener: Callable[[AlarmNotification], None]) -> Callable[[], None]:
        """Hand every notification to `listener` until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # --- what the network does ----------------------------------------------------------------
    def raise_(self, rule: Rule, instance: str, severity: Severity, text: str, fix: str = "", clause: str = "") -> None:
        """A trouble is there: a new alarm, or the one there is, seen again or grown worse."""
        now, key = self._utc(), (rule.problem, instance)
        known = self._alarms.get(key)
        if known is None and sum(problem == rule.problem for problem, _ in self._alarms) >= MOST_OF_ONE:
            instance, key = SEVERAL, (rule.problem, SEVERAL)
            known = self._alarms.get(key)
        if known is not None and known.stands:
            self._seen(key, known, severity, text, fix or rule.fix)
            return
        if known is not None:
            _retired = self._retire(key, known)  # it was over and waits to be acknowledged: this is another one
        self._numbers += 1
        alarm = AlarmView(
            id=f"{self._numbers}",
            object_class=rule.object_class,
            object_instance=instance,
            notification_id=self._notifications + 1,
            alarm_type=rule.alarm_type,
            probable_cause=rule.probable_cause,
            perceived_severity=severity,
            specific_problem=rule.problem,
            raised=now,
            changed=now,
            text=text,
            fix=fix or rule.fix,
            clause=clause,
            last_seen=now,
        )
        _durable = self._changed(key, alarm, "notifyNewAlarm")
        while len(self._alarms) > MOST:
            oldest = min(self._alarms.items(), key=lambda each: each[1].changed)
            _retired = self._retire(*oldest)

    def _seen(self, key: Key, known: AlarmView, severity: Severity, text: str, fix: str) -> None:
        now = self._utc()
        seen = msgspec.structs.replace(known, count=known.count + 1, last_seen=now, text=text, fix=fix)
        if severity != known.perceived_severity:
            worse = msgspec.structs.replace(seen, perceived_severity=severity)
            _durable = self._changed(key, worse, "notifyChangedAlarm")
            return
        self._alarms[key] = seen
        if now - self._written.get(known.id, 0.0) >= SEEN_AGAIN:
            _durable = self._keep(seen)

    def clear(self, problem: str, instance: str, user: str = "") -> Signal[None] | None:
        """A trouble is over; None where no alarm stood. The signal is set once that is durable."""
        known = self._alarms.get((problem, instance))
        if known is None or not known.stands:
            return None
        now = self._utc()
        cleared = msgspec.structs.replace(
            known, perceived_severity="CLEARED", cleared=now, changed=now, clear_user=user
        )
        return self._changed((problem, instance), cleared, "notifyClearedAlarm")

    # --- what an operator does ----------------------------------------------------------------
    def acknowledge(self, alarm: AlarmView, user: str) -> Signal[None]:
        """Somebody has seen it (TS 32.111-2 6.3.1)."""
        now = self._utc()
        seen = msgspec.structs.replace(alarm, ack_state="ACKNOWLEDGED", ack_user=user, ack_time=now)
        return self._changed(_key(alarm), seen, "notifyAckStateChanged")

    def unacknowledge(self, alarm: AlarmView, user: str) -> Signal[None]:
        """Somebody gives it back."""
        now = self._utc()
        seen = msgspec.structs.replace(alarm, ack_state="UNACKNOWLEDGED", ack_user=user, ack_time=now)
        return self._changed(_key(alarm), seen, "notifyAckStateChanged")

    def comment(self, alarm: AlarmView, user: str, text: str) -> Signal[None]:
        """Somebody writes about it; the oldest comment goes where there are too many."""
        comments = (*alarm.comments, AlarmComment(self._utc(), user, text))[-MOST_COMMENTS:]
        return self._changed(_key(alarm), msgspec.structs.replace(alarm, comments=comments), "notifyComments")

    # --- keeping ------------------------------------------------------------------------------
    def _changed(self, key: Key, alarm: AlarmView, what: NotificationType) -> Signal[None]:
        """Keep an alarm as it is now and tell of it; one that is cleared and acknowledged leaves the list."""
        now = self._utc()
        self._notifications += 1
        alarm = msgspec.structs.replace(alarm, notification_id=self._notifications, changed=now)
        self._alarms[key] = alarm
        if not alarm.stands and alarm.ack_state == "ACKNOWLEDGED":
            durable = self._retire(key, alarm)
        else:
            durable = self._keep(alarm)
        notification = AlarmNotification(what, self._notifications, now, alarm)
        for listener in tuple(self._listeners):
            listener(notification)
        return durable

    def _keep(self, alarm: AlarmView) -> Signal[None]:
        self._written[alarm.id] = self._utc()
        return self._store.commit(TABLE, [(_name(alarm), msgspec.json.encode(alarm))])

    def _retire(self, key: Key, alarm: AlarmView) -> Signal[None]:
        """Move an alarm into the history."""
        del self._alarms[key]
        self._written.pop(alarm.id, None)
        self._history.append(alarm)
        gone: list[tuple[str, bytes | None]] = []
        while len(self._history) > MOST_HISTORY:
            gone.append((_name(self._history.popleft()), None))
        _removed = self._store.commit(TABLE, [(_name(alarm), None)])
        return self._store.commit(HISTORY, [(_name(alarm), msgspec.json.encode(alarm)), *gone])


def _key(alarm: AlarmView) -> Key:
    return alarm.specific_problem, alarm.object_instance


def _name(alarm: AlarmView) -> str:
    """The key in the store: keys sort as numbers do."""
    return alarm.id.zfill(12)


def _stored(store: Store, table: str) -> Iterator[AlarmView]:
    for _, row in store.load(table):
        try:
            alarm = msgspec.json.decode(row, type=AlarmView)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # of a program that knew more
        if alarm.id.isascii() and alarm.id.isdecimal():
            yield alarm
