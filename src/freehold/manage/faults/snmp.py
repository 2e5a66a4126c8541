"""Alarms as SNMPv2c traps: alarmActiveState and alarmClearState of ALARM-MIB (RFC 3877), with what ITU-T X.733 adds."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from freehold.manage.faults import ber
from freehold.manage.faults.alarm import AlarmNotification

VERSION: Final = 1
"""SNMPv2c in a message (RFC 1901 3)."""
TRAP: Final = 0xA7
"""SNMPv2-Trap-PDU (RFC 3416 3)."""
TIME_TICKS: Final = 0x43
GAUGE: Final = 0x42
UPTIME: Final = "1.3.6.1.2.1.1.3.0"
TRAP_OID: Final = "1.3.6.1.6.3.1.1.4.1.0"
ACTIVE: Final = "1.3.6.1.2.1.118.0.2"
CLEAR: Final = "1.3.6.1.2.1.118.0.3"
_ENTRY: Final = "1.3.6.1.2.1.118.1.2.2.1"
"""alarmActiveEntry: 2 date and time, 3 index, 10 resource, 11 description (RFC 3877 3)."""
_ITU: Final = "1.3.6.1.2.1.121.1.1.1.1"
"""ituAlarmEntry: 1 severity, 2 event type, 4 additional text (RFC 3877 4)."""
SEVERITIES: Final = MappingProxyType(
    {"CLEARED": 1, "INDETERMINATE": 2, "CRITICAL": 3, "MAJOR": 4, "MINOR": 5, "WARNING": 6}
)
"""ItuPerceivedSeverity (RFC 3877 4)."""
EVENT_TYPES: Final = MappingProxyType(
    {
        "COMMUNICATIONS_ALARM": 2,
        "ENVIRONMENTAL_ALARM": 3,
        "EQUIPMENT_ALARM": 4,
        "PROCESSING_ERROR_ALARM": 10,
        "QUALITY_OF_SERVICE_ALARM": 11,
        "SECURITY_SERVICE_OR_MECHANISM_VIOLATION": 14,
    }
)
"""IANAItuEventType (RFC 3877 4)."""
MOST_TEXT: Final = 255


def trap(notification: AlarmNotification, community: str, uptime: float) -> bytes:
    """One datagram for a trap receiver."""
    alarm = notification.alarm
    index = int(alarm.id)
    cleared = alarm.perceived_severity == "CLEARED"
    bindings = (
        _bind(UPTIME, ber.integer(round(uptime * 100) & 0xFFFF_FFFF, TIME_TICKS)),
        _bind(TRAP_OID, ber.oid(CLEAR if cleared else ACTIVE)),
        _bind(f"{_ENTRY}.2.{index}", ber.tlv(ber.OCTETS, date_and_time(notification.event_time))),
        _bind(f"{_ENTRY}.3.{index}", ber.integer(index, GAUGE)),
        _bind(f"{_ENTRY}.10.{index}", ber.text(f"{alarm.object_class}={alarm.object_instance}"[:MOST_TEXT])),
        _bind(f"{_ENTRY}.11.{index}", ber.text(f"{alarm.specific_problem}: {alarm.text}"[:MOST_TEXT])),
        _bind(f"{_ITU}.1.{index}", ber.integer(SEVERITIES[alarm.perceived_severity])),
        _bind(f"{_ITU}.2.{index}", ber.integer(EVENT_TYPES[alarm.alarm_type])),
        _bind(f"{_ITU}.4.{index}", ber.text(alarm.fix[:MOST_TEXT])),
    )
    pdu = ber.sequence(
        (
            ber.integer(notification.notification_id & 0x7FFF_FFFF),
            ber.integer(0),
            ber.integer(0),
            ber.sequence(bindings),
        ),
        TRAP,
    )
    return ber.sequence((ber.integer(VERSION), ber.text(community), pdu))


def date_and_time(seconds: float) -> bytes:
    """DateAndTime of eleven octets in UTC (RFC 2579 2)."""
    when = datetime.fromtimestamp(seconds, UTC)
    head = when.year.to_bytes(2, "big")
    return (
        head
        + bytes((when.month, when.day, when.hour, when.minute, when.second, when.microsecond // 100_000))
        + b"+\0\0"
    )


def _bind(name: str, value: bytes) -> bytes:
    return ber.sequence((ber.oid(name), value))
