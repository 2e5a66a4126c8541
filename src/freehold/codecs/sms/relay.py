"""The relay layer: RP-DATA, RP-ACK, RP-ERROR and RP-SMMA (TS 24.011 7.3, 8.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs.sms import faults as f
from freehold.codecs.sms.address import Address, read_relay_address, write_relay_address
from freehold.codecs.sms.reader import read_tpdu
from freehold.codecs.sms.transfer import Report, Tpdu
from freehold.codecs.sms.writer import write_tpdu

USER_DATA: Final = 0x41
"""The identifier of RP-User data where it is optional (TS 24.011 8.2.5.3)."""
_DATA, _ACK, _ERROR, _SMMA = 0, 2, 4, 6  # from a mobile station; one more from the network (TS 24.011 8.2.2)


class RpMessage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every message has: the reference, who sends it, and elements after those known, kept (TS 24.011 8.2)."""

    message_reference: int
    to_network: bool = True
    more: bytes = b""


class RpData(RpMessage, frozen=True, gc=False, kw_only=True):
    """Carries a TPDU, or octets that are none, with the service centre's address (TS 24.011 7.3.1)."""

    user_data: Tpdu | bytes
    originator_address: Address | None = None
    destination_address: Address | None = None


class RpAck(RpMessage, frozen=True, gc=False, kw_only=True):
    """The TPDU was taken; it may carry a report (TS 24.011 7.3.3)."""

    user_data: Tpdu | bytes | None = None


class RpError(RpMessage, frozen=True, gc=False, kw_only=True):
    """The TPDU was not taken, for an RP-Cause with its diagnostic; it may carry a report (TS 24.011 7.3.4)."""

    cause: int
    diagnostic: bytes = b""
    user_data: Tpdu | bytes | None = None


class RpSmma(RpMessage, frozen=True, gc=False, kw_only=True):
    """The mobile station has memory again (TS 24.011 7.3.2)."""


Faults = tuple[f.Fault, ...]


def read_relay(octets: bytes) -> tuple[RpMessage | None, Faults]:
    """Read one RP message: total; the message, or None, and the faults of it and of its TPDU (TS 24.011 9.3)."""
    if len(octets) < 2:  # TS 24.011 9.3.1
        return None, (f.Fault("too short", "RP", None),)
    kind, to_network, reference = octets[0] & 6, not octets[0] & 1, octets[1]
    try:
        if kind == _DATA:
            return _data(octets, reference, to_network=to_network)
        if kind == _SMMA and to_network:
            return RpSmma(message_reference=reference, more=octets[2:]), ()
        if kind == _SMMA:  # TS 24.011 9.3.3
            return None, (f.Fault("unknown message type", "RP", f.MESSAGE_TYPE_NON_EXISTENT),)
        return _answer(kind, octets, reference, to_network=to_network)
    except f.Malformed:  # TS 24.011 9.3.4
        return None, (f.Fault("mandatory element invalid", "RP", f.INVALID_MANDATORY_INFORMATION),)


def _value(octets: bytes, at: int) -> tuple[bytes, int]:
    """The value of a length and value element, and where it ends (TS 24.007 11.2.1.1)."""
    end = at + 1 + octets[at] if at < len(octets) else at
    if at >= len(octets) or end > len(octets):
        raise f.Malformed
    return octets[at + 1 : end], end


def _carried(octets: bytes, *, to_network: bool, answer: bool, error: bool = False) -> tuple[Tpdu | bytes, Faults]:
    """The TPDU that octets hold, or they themselves: reports go in answers, and only there (TS 23.040 9.2.2.1a)."""
    message, faults = read_tpdu(octets, to_network=to_network, error=error)
    if message is not None and isinstance(message, Report) is not answer:
        return octets, (f.Fault("unknown message type", "TP", f.TPDU_NOT_SUPPORTED),)
    return octets if message is None else message, faults


def _data(octets: bytes, reference: int, *, to_network: bool) -> tuple[RpMessage, Faults]:
    originator, at = _value(octets, 2)
    destination, at = _value(octets, at)
    data, at = _value(octets, at)
    message, faults = _carried(data, to_network=to_network, answer=False)
    made = RpData(
        message_reference=reference,
        to_network=to_network,
        user_data=message,
        originator_address=read_relay_address(originator),
        destination_address=read_relay_address(destination),
        more=octets[at:],
    )
    return made, faults


def _answer(kind: int, octets: bytes, reference: int, *, to_network: bool) -> tuple[RpMessage, Faults]:
    at, cause = 2, b""
    if kind == _ERROR:
        cause, at = _value(octets, at)
        if not cause:
            raise f.Malformed
    report: Tpdu | bytes | None = None
    faults: Faults = ()
    if octets[at : at + 1] == bytes((USER_DATA,)):
        data, at = _value(octets, at + 1)
        report, faults = _carried(data, to_network=to_network, answer=True, error=kind == _ERROR)
    more = octets[at:]
    if kind == _ACK:
        return RpAck(message_reference=reference, to_network=to_network, user_data=report, more=more), faults
    made = RpError(
        message_reference=reference,
        to_network=to_network,
        cause=cause[0] & 0x7F,
        diagnostic=cause[1:],
        user_data=report,
        more=more,
    )
    return made, faults


def write_relay(message: RpMessage) -> bytes:
    """Write one RP message; ValueError where a value does not fit (TS 24.011 7.3)."""
    match message:
        case RpData(originator_address=originator, destination_address=destination, user_data=data):
            kind = _DATA
            addresses = write_relay_address(originator) + write_relay_address(destination)
            body = addresses + _sized(_octets(message, data))
        case RpAck(user_data=data):
            kind, body = _ACK, _report(message, data)
        case RpError(cause=cause, diagnostic=diagnostic, user_data=data):
            if not 0 <= cause < 0x80:
                raise ValueError("an RP-Cause is below 128")
            kind, body = _ERROR, _sized(bytes((cause,)) + diagnostic) + _report(message, data)
        case RpSmma(to_network=True):
            kind, body = _SMMA, b""
        case _:
            raise ValueError(f"{type(message).__name__} is no RP message of this direction")
    return bytes((kind | (not message.to_network), message.message_reference)) + body + message.more


def _sized(value: bytes) -> bytes:
    if len(value) > 255:
        raise ValueError("an RP element has 255 octets at the most")
    return bytes((len(value),)) + value


def _octets(message: RpMessage, data: Tpdu | bytes) -> bytes:
    if isinstance(data, bytes):
        return data
    fits = data.to_network is message.to_network and isinstance(data, Report) is not isinstance(message, RpData)
    if not fits or (isinstance(data, Report) and (data.failure_cause is None) is isinstance(message, RpError)):
        raise ValueError(f"{type(message).__name__} of this direction does not carry this {type(data).__name__}")
    return write_tpdu(data)


def _report(message: RpMessage, data: Tpdu | bytes | None) -> bytes:
    return b"" if data is None else bytes((USER_DATA,)) + _sized(_octets(message, data))
