"""A TPDU to octets: only what this program built wrongly is refused, with ValueError (TS 23.040 9.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from freehold.codecs.sms import transfer as t
from freehold.codecs.sms.address import write_address
from freehold.codecs.sms.times import write_period, write_stamp
from freehold.codecs.sms.user_data import LONGEST, UserData, write_user_data

_EIGHT_BITS: Final = 0x04  # TS 23.040 9.2.3.21


def write_tpdu(message: t.Tpdu) -> bytes:
    """Write one TPDU; ValueError where a value does not fit (TS 23.040 9.2.2)."""
    write = _WRITERS.get(type(message))
    if write is None:
        raise ValueError(f"{type(message).__name__} is no TPDU")
    return write(message) + message.more


def _header(data: UserData | None) -> int:
    return 0x40 if data is not None and data.header is not None else 0  # TS 23.040 9.2.3.23


def _deliver(message: t.Deliver) -> bytes:
    first = (
        (3 if message.reserved_type else message.message_type_indicator)
        | (0 if message.more_messages_to_send else 0x04)
        | message.loop_prevention << 3
        | message.status_report_indication << 5
        | _header(message.user_data)
        | message.reply_path << 7
    )
    return (
        bytes((first,))
        + write_address(message.originating_address)
        + bytes((message.protocol_identifier, message.data_coding_scheme))
        + write_stamp(message.service_centre_time_stamp)
        + write_user_data(message.user_data, message.data_coding_scheme, LONGEST)
    )


def _submit(message: t.Submit) -> bytes:
    form, period = write_period(message.validity_period)
    first = (
        message.message_type_indicator
        | message.reject_duplicates << 2
        | form << 3
        | message.status_report_request << 5
        | _header(message.user_data)
        | message.reply_path << 7
    )
    return (
        bytes((first, message.message_reference))
        + write_address(message.destination_address)
        + bytes((message.protocol_identifier, message.data_coding_scheme))
        + period
        + write_user_data(message.user_data, message.data_coding_scheme, LONGEST)
    )


def _status_report(message: t.StatusReport) -> bytes:
    first = (
        message.message_type_indicator
        | (0 if message.more_messages_to_send else 0x04)
        | message.loop_prevention << 3
        | message.of_command << 5
        | _header(message.user_data)
    )
    indicator, last = _parameters(message)
    given = indicator != b"\0" or last or message.more or message.reserved
    return (
        bytes((first, message.message_reference))
        + write_address(message.recipient_address)
        + write_stamp(message.service_centre_time_stamp)
        + write_stamp(message.discharge_time)
        + bytes((message.status,))
        + (indicator + last if given else b"")
    )


def _command(message: t.Command) -> bytes:
    first = message.message_type_indicator | message.status_report_request << 5 | _header(message.command_data)
    numbers = (message.message_reference, message.protocol_identifier, message.command_type, message.message_number)
    return (
        bytes((first, *numbers))
        + write_address(message.destination_address)
        + write_user_data(message.command_data, _EIGHT_BITS)
    )


def _parameters(message: t.Report | t.StatusReport) -> tuple[bytes, bytes]:
    """TP-PI, and what it says is there (TS 23.040 9.2.3.27)."""
    protocol, coding, data = message.protocol_identifier, message.data_coding_scheme, message.user_data
    bits = (protocol is not None) | (coding is not None) << 1 | (data is not None) << 2
    reserved = message.reserved or b"\0"
    extended = [bool(octet & 0x80) for octet in reserved]
    if extended != [True] * (len(reserved) - 1) + [False] or reserved[0] & 7:
        raise ValueError("reserved: bit 7 of every octet but the last is set, bits 0 to 2 of the first are not")
    octets = bytes(value for value in (protocol, coding) if value is not None)
    if data is not None:
        octets += write_user_data(data, coding or 0)
    return bytes((reserved[0] | bits,)) + reserved[1:], octets


def _report(message: t.Report, stamp: bytes = b"") -> bytes:
    first = message.message_type_indicator | _header(message.user_data)
    cause = b"" if message.failure_cause is None else bytes((message.failure_cause,))
    indicator, last = _parameters(message)
    return bytes((first,)) + cause + indicator + stamp + last


def _submit_report(message: t.SubmitReport) -> bytes:
    return _report(message, write_stamp(message.service_centre_time_stamp))


_WRITERS: Final[dict[type[t.Tpdu], Callable[[Any], bytes]]] = {
    t.Deliver: _deliver,
    t.Submit: _submit,
    t.StatusReport: _status_report,
    t.Command: _command,
    t.DeliverReport: _report,
    t.SubmitReport: _submit_report,
}
