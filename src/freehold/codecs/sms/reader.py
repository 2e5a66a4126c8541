"""Octets to a TPDU: total, bounded by the octets (TS 23.040 9.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from freehold.codecs.sms import faults as f
from freehold.codecs.sms import transfer as t
from freehold.codecs.sms.address import read_address
from freehold.codecs.sms.times import STAMP, OtherPeriod, read_period, read_stamp
from freehold.codecs.sms.user_data import LONGEST, UserData, read_user_data

_HEADER, _REPORT, _REPLY_PATH = 0x40, 0x20, 0x80  # TS 23.040 9.2.3.23, 9.2.3.4, 9.2.3.17
_NO_MORE, _LOOP, _DUPLICATES = 0x04, 0x08, 0x04  # TS 23.040 9.2.3.2, 9.2.3.28, 9.2.3.25
_EIGHT_BITS: Final = 0x04  # a data coding scheme of octets, as command data is (TS 23.040 9.2.3.21)


def read_tpdu(octets: bytes, *, to_network: bool, error: bool = False) -> tuple[t.Tpdu | None, tuple[f.Fault, ...]]:
    """Read one TPDU of a direction, of an RP-ERROR if `error`: the message, or None, and its faults.

    Which fields a report has depends on the message that carries it (TS 23.040 9.2.2.1a, 9.2.2.2a).
    """
    if not octets:
        return None, (f.Fault("too short", "TP", f.UNSPECIFIED_ERROR),)
    read = _READERS.get((to_network, octets[0] & 3))
    if read is None:
        return None, (f.Fault("unknown message type", "TP", f.TPDU_NOT_SUPPORTED),)
    try:
        message = read(octets, error)
    except (f.Malformed, IndexError):
        return None, (f.Fault("mandatory element invalid", "TP", f.UNSPECIFIED_ERROR),)
    return message, _faults(message)


def _faults(message: t.Tpdu) -> tuple[f.Fault, ...]:
    data = getattr(message, "user_data", None) or getattr(message, "command_data", None)
    found = []
    if data is not None and isinstance(data.header, bytes):  # ignored as a whole (TS 23.040 9.2.3.24)
        found.append(f.Fault("element ignored", "TP", None, "user data header"))
    if isinstance(message, t.Submit) and isinstance(message.validity_period, OtherPeriod):
        found.append(f.Fault("optional element invalid", "TP", f.VALIDITY_PERIOD_NOT_SUPPORTED, "validity period"))
    return tuple(found)


def _message(octets: bytes, at: int, coding: int) -> tuple[UserData, int]:
    """User data of a message to or from a mobile station, which has a limit of its own (TS 23.040 9.2.2.1)."""
    data, end = read_user_data(octets, at, coding, header=bool(octets[0] & _HEADER))
    if end - at > 1 + LONGEST:
        raise f.Malformed
    return data, end


def _deliver(octets: bytes, _: bool) -> t.Deliver:
    first = octets[0]
    address, at = read_address(octets, 1)
    protocol, coding = octets[at], octets[at + 1]
    stamp = read_stamp(octets, at + 2)
    data, end = _message(octets, at + 2 + STAMP, coding)
    return t.Deliver(
        originating_address=address,
        service_centre_time_stamp=stamp,
        user_data=data,
        protocol_identifier=protocol,
        data_coding_scheme=coding,
        more_messages_to_send=not first & _NO_MORE,
        loop_prevention=bool(first & _LOOP),
        status_report_indication=bool(first & _REPORT),
        reply_path=bool(first & _REPLY_PATH),
        reserved_type=first & 3 == 3,
        more=octets[end:],
    )


def _submit(octets: bytes, _: bool) -> t.Submit:
    first, reference = octets[0], octets[1]
    address, at = read_address(octets, 2)
    protocol, coding = octets[at], octets[at + 1]
    period, at = read_period(first >> 3 & 3, octets, at + 2)
    data, end = _message(octets, at, coding)
    return t.Submit(
        message_reference=reference,
        destination_address=address,
        user_data=data,
        protocol_identifier=protocol,
        data_coding_scheme=coding,
        validity_period=period,
        reject_duplicates=bool(first & _DUPLICATES),
        status_report_request=bool(first & _REPORT),
        reply_path=bool(first & _REPLY_PATH),
        more=octets[end:],
    )


def _status_report(octets: bytes, _: bool) -> t.StatusReport:
    first, reference = octets[0], octets[1]
    address, at = read_address(octets, 2)
    stamp, discharged = read_stamp(octets, at), read_stamp(octets, at + STAMP)
    status, at = octets[at + 2 * STAMP], at + 2 * STAMP + 1
    last: dict[str, Any] = {}
    if at < len(octets):  # TP-PI may be left out with all after it (TS 23.040 9.2.2.3)
        last = _parameters(octets, at)
        if octets[at:] == b"\0":
            last["reserved"] = b"\0"
    return t.StatusReport(
        message_reference=reference,
        recipient_address=address,
        service_centre_time_stamp=stamp,
        discharge_time=discharged,
        status=status,
        of_command=bool(first & _REPORT),
        more_messages_to_send=not first & _NO_MORE,
        loop_prevention=bool(first & _LOOP),
        **last,
    )


def _command(octets: bytes, _: bool) -> t.Command:
    first, reference, protocol, kind, number = (octets[at] for at in range(5))
    address, at = read_address(octets, 5)
    data, end = read_user_data(octets, at, _EIGHT_BITS, header=bool(first & _HEADER))
    return t.Command(
        message_reference=reference,
        command_type=kind,
        message_number=number,
        destination_address=address,
        command_data=data,
        protocol_identifier=protocol,
        status_report_request=bool(first & _REPORT),
        more=octets[end:],
    )


def _indicator_end(octets: bytes, at: int) -> int:
    """Where TP-PI ends: its bit 7 says that one more octet of it follows (TS 23.040 9.2.3.27)."""
    while octets[at] & 0x80:
        at += 1
    return at + 1


def _parameters(octets: bytes, indicator: int, stamp: int = 0) -> dict[str, Any]:
    """TP-PI and what it says is there, `stamp` octets after it (TS 23.040 9.2.3.27)."""
    bits = octets[indicator]
    at = _indicator_end(octets, indicator)
    reserved = bytes((bits & 0xF8,)) + octets[indicator + 1 : at] if bits & 0xF8 else b""
    at += stamp
    protocol = coding = data = None
    if bits & 1:
        protocol, at = octets[at], at + 1
    if bits & 2:
        coding, at = octets[at], at + 1
    if bits & 4:  # without a coding scheme it is of the default alphabet (TS 23.040 9.2.2.1a)
        data, at = read_user_data(octets, at, coding or 0, header=bool(octets[0] & _HEADER))
    return {
        "protocol_identifier": protocol,
        "data_coding_scheme": coding,
        "user_data": data,
        "reserved": reserved,
        "more": octets[at:],
    }


def _deliver_report(octets: bytes, error: bool) -> t.DeliverReport:
    cause = octets[1] if error else None
    return t.DeliverReport(failure_cause=cause, **_parameters(octets, 1 + error))


def _submit_report(octets: bytes, error: bool) -> t.SubmitReport:
    cause = octets[1] if error else None
    stamp = read_stamp(octets, _indicator_end(octets, 1 + error))
    parameters = _parameters(octets, 1 + error, STAMP)
    return t.SubmitReport(failure_cause=cause, service_centre_time_stamp=stamp, **parameters)


_READERS: Final[dict[tuple[bool, int], Callable[[bytes, bool], t.Tpdu]]] = {
    (False, 0): _deliver,
    (False, 1): _submit_report,
    (False, 2): _status_report,
    (False, 3): _deliver,  # a reserved type is processed as this one (TS 23.040 9.2.3.1)
    (True, 0): _deliver_report,
    (True, 1): _submit,
    (True, 2): _command,
}
