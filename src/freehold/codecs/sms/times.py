"""Time stamps and validity periods (TS 23.040 9.2.3.11 to 9.2.3.13)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs.sms.faults import Malformed

STAMP: Final = 7
"""Octets of a time stamp, and of an enhanced validity period."""
_DECIMAL: Final = [
    (octet & 15) * 10 + (octet >> 4) if octet & 15 < 10 and octet >> 4 < 10 else -1 for octet in range(256)
]
_WRITTEN: Final = {number: octet for octet, number in enumerate(_DECIMAL) if number >= 0}
_BACKWARD: Final = 0x08  # the sign of the time zone stands in the first semi-octet (TS 23.040 9.2.3.11)


class TimeStamp(msgspec.Struct, frozen=True, gc=False):
    """A local time and its distance from GMT in quarters of an hour; a year has two digits (TS 23.040 9.2.3.11)."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    quarters: int = 0


def read_stamp(octets: bytes, at: int) -> TimeStamp | bytes:
    """The time of seven octets, or they themselves where they are no digits; Malformed where they are fewer."""
    value = octets[at : at + STAMP]
    if len(value) < STAMP:
        raise Malformed
    year, month, day, hour, minute, second = (_DECIMAL[octet] for octet in value[:6])
    zone = value[6]
    quarters = _DECIMAL[zone & ~_BACKWARD]
    if min(year, month, day, hour, minute, second) < 0 or quarters < 0 or zone == _BACKWARD:
        return value  # stored as received (TS 23.040 9.2.3.11)
    return TimeStamp(year, month, day, hour, minute, second, -quarters if zone & _BACKWARD else quarters)


def write_stamp(stamp: TimeStamp | bytes) -> bytes:
    """Seven octets; ValueError where a part does not fit (TS 23.040 9.2.3.11)."""
    if isinstance(stamp, bytes):
        if len(stamp) != STAMP:
            raise ValueError("a time stamp has seven octets")
        return stamp
    zone = abs(stamp.quarters)
    parts = (stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second, zone)
    if zone > 79 or not _WRITTEN.keys() >= set(parts):
        raise ValueError("a time stamp has parts of two digits, and 79 quarters of an hour at the most")
    return bytes([_WRITTEN[part] for part in parts[:6]] + [_WRITTEN[zone] | (_BACKWARD if stamp.quarters < 0 else 0)])


class RelativePeriod(msgspec.Struct, frozen=True, gc=False):
    """A validity period counted from the submission, in the steps of its table (TS 23.040 9.2.3.12.1)."""

    step: int

    @property
    def minutes(self) -> int:
        """How long it is (TS 23.040 9.2.3.12.1)."""
        if self.step < 144:
            return (self.step + 1) * 5
        if self.step < 168:
            return 12 * 60 + (self.step - 143) * 30
        if self.step < 197:
            return (self.step - 166) * 24 * 60
        return (self.step - 192) * 7 * 24 * 60


class AbsolutePeriod(msgspec.Struct, frozen=True, gc=False):
    """A validity period by its end (TS 23.040 9.2.3.12.2)."""

    until: TimeStamp | bytes


NO_PERIOD, STEPS, SECONDS, CLOCK = range(4)
"""Formats of an enhanced period: nothing, a step of RelativePeriod, seconds, seconds as hours, minutes and seconds."""


class EnhancedPeriod(msgspec.Struct, frozen=True, gc=False):
    """A validity period of the enhanced format; `value` in what `form` says (TS 23.040 9.2.3.12.3)."""

    form: int
    value: int = 0
    single_shot: bool = False


class OtherPeriod(msgspec.Struct, frozen=True, gc=False):
    """The seven octets of an enhanced period that is extended, reserved or wrong (TS 23.040 9.2.3.12.3)."""

    octets: bytes


Period = RelativePeriod | AbsolutePeriod | EnhancedPeriod | OtherPeriod
ENHANCED, RELATIVE, ABSOLUTE = 1, 2, 3
"""TP-VPF (TS 23.040 9.2.3.3)."""
_EXTENDED, _SINGLE_SHOT = 0x80, 0x40


def read_period(form: int, octets: bytes, at: int) -> tuple[Period | None, int]:
    """The validity period of a TP-VPF and where it ends; Malformed where octets are missing (TS 23.040 9.2.3.12)."""
    if form == 0:
        return None, at
    end = at + (1 if form == RELATIVE else STAMP)
    if end > len(octets):
        raise Malformed
    if form == RELATIVE:
        return RelativePeriod(octets[at]), end
    return AbsolutePeriod(read_stamp(octets, at)) if form == ABSOLUTE else _enhanced(octets[at:end]), end


def _enhanced(octets: bytes) -> Period:
    first, value = octets[0], octets[1]
    form = first & 7
    if form == CLOCK:
        hours, minutes, seconds = (_DECIMAL[octet] for octet in octets[1:4])
        wrong = hours < 0 or not (0 <= minutes < 60 and 0 <= seconds < 60)
        value = 3600 * hours + 60 * minutes + seconds
    else:
        wrong = form > CLOCK
        value = 0 if form == NO_PERIOD else value
    return (
        OtherPeriod(octets) if wrong or first & _EXTENDED else EnhancedPeriod(form, value, bool(first & _SINGLE_SHOT))
    )


def write_period(period: Period | None) -> tuple[int, bytes]:
    """TP-VPF and the octets of a validity period; ValueError where it does not fit (TS 23.040 9.2.3.3, 9.2.3.12)."""
    match period:
        case None:
            return 0, b""
        case RelativePeriod(step=step):
            return RELATIVE, bytes((step,))
        case AbsolutePeriod(until=until):
            return ABSOLUTE, write_stamp(until)
        case OtherPeriod(octets=octets):
            if len(octets) != STAMP:
                raise ValueError("an enhanced validity period has seven octets")
            return ENHANCED, octets
    return ENHANCED, _written(period)


def _written(period: EnhancedPeriod) -> bytes:
    value = period.value
    if not NO_PERIOD <= period.form <= CLOCK:
        raise ValueError("an enhanced validity period has a format from 0 to 3")
    if period.form == CLOCK:
        if not 0 <= value < 100 * 3600:
            raise ValueError("a validity period on the clock is shorter than 100 hours")
        parts = bytes(_WRITTEN[part] for part in (value // 3600, value // 60 % 60, value % 60))
    else:
        parts = bytes((value,)) if period.form else b""
    return (bytes((period.form | (_SINGLE_SHOT if period.single_shot else 0),)) + parts).ljust(STAMP, b"\0")
