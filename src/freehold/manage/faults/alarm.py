"""An alarm with the attributes of an AlarmRecord (TS 28.111, TS 28.532 12.2), and what is told of it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Severity = Literal["CRITICAL", "MAJOR", "MINOR", "WARNING", "INDETERMINATE", "CLEARED"]
AlarmType = Literal[
    "COMMUNICATIONS_ALARM",
    "PROCESSING_ERROR_ALARM",
    "ENVIRONMENTAL_ALARM",
    "QUALITY_OF_SERVICE_ALARM",
    "EQUIPMENT_ALARM",
    "SECURITY_SERVICE_OR_MECHANISM_VIOLATION",
]
AckState = Literal["ACKNOWLEDGED", "UNACKNOWLEDGED"]
NotificationType = Literal[
    "notifyNewAlarm",
    "notifyChangedAlarm",
    "notifyClearedAlarm",
    "notifyAckStateChanged",
    "notifyComments",
]
SEVERITIES: Final[tuple[Severity, ...]] = ("CRITICAL", "MAJOR", "MINOR", "WARNING", "INDETERMINATE", "CLEARED")
"""Worst first (ITU-T X.733 8.1.2.3)."""


class AlarmComment(msgspec.Struct, frozen=True):
    """What somebody wrote about an alarm, in seconds since 1970."""

    time: float
    user: str
    text: str


class AlarmView(msgspec.Struct, frozen=True):
    """An alarm: times in seconds since 1970, `count` says how often its cause was seen while it stood.

    It is on the list until it is both cleared and acknowledged (TS 28.111).
    """

    id: str
    object_class: str
    object_instance: str
    notification_id: int
    alarm_type: AlarmType
    probable_cause: str
    perceived_severity: Severity
    specific_problem: str
    raised: float
    changed: float
    text: str
    fix: str = ""
    clause: str = ""
    cleared: float | None = None
    clear_user: str = ""
    ack_state: AckState = "UNACKNOWLEDGED"
    ack_user: str = ""
    ack_time: float | None = None
    comments: tuple[AlarmComment, ...] = ()
    count: int = 1
    last_seen: float = 0.0

    @property
    def stands(self) -> bool:
        """Whether its cause is still there, as far as is known."""
        return self.cleared is None


class AlarmNotification(msgspec.Struct, frozen=True):
    """One thing that happened to an alarm (TS 28.532 11.2)."""

    notification_type: NotificationType
    notification_id: int
    event_time: float
    alarm: AlarmView


class AlarmCounts(msgspec.Struct, frozen=True):
    """How many alarms stand by severity, how many are cleared and wait, how many nobody acknowledged."""

    critical: int
    major: int
    minor: int
    warning: int
    indeterminate: int
    cleared: int
    unacknowledged: int
