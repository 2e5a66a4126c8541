"""The connection layer, CP-DATA, CP-ACK and CP-ERROR: what a NAS container of type SMS holds (TS 24.011 7.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs.sms import faults as f
from freehold.codecs.sms.relay import RpMessage, read_relay, write_relay

PROTOCOL_DISCRIMINATOR: Final = 9
"""Of messages of the short message service (TS 24.007 11.2.3.1.1)."""
_DATA, _ACK, _ERROR = 1, 4, 16  # TS 24.011 8.1.3


class CpMessage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every message has (TS 24.011 8.1): the transaction, whether its other end began it, and elements kept."""

    transaction_identifier: int
    from_other: bool = False
    more: bytes = b""


class CpData(CpMessage, frozen=True, gc=False, kw_only=True):
    """Carries an RP message, or octets that are none (TS 24.011 7.2.1)."""

    user_data: RpMessage | bytes


class CpAck(CpMessage, frozen=True, gc=False, kw_only=True):
    """CP-DATA came (TS 24.011 7.2.2)."""


class CpError(CpMessage, frozen=True, gc=False, kw_only=True):
    """An error of the connection, with its CP-Cause (TS 24.011 7.2.3)."""

    cause: int


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What octets held: the message, or None, and every fault of its layers."""

    message: CpMessage | None
    faults: tuple[f.Fault, ...] = ()


def decode(octets: bytes) -> Decoded:
    """Read one CP message with the RP message and TPDU in it: total, every input has an answer (TS 24.011 9)."""
    if len(octets) < 2:  # TS 24.011 9.2.1
        return Decoded(None, (f.Fault("too short", "CP", None),))
    first, kind = octets[0], octets[1]
    if first & 15 != PROTOCOL_DISCRIMINATOR:
        return Decoded(None, (f.Fault("unknown protocol discriminator", "CP", None),))
    transaction, from_other = first >> 4 & 7, bool(first & 0x80)
    if kind == _ACK:
        return Decoded(CpAck(transaction_identifier=transaction, from_other=from_other, more=octets[2:]))
    if kind not in {_DATA, _ERROR}:  # TS 24.011 9.2.3
        return Decoded(None, (f.Fault("unknown message type", "CP", f.MESSAGE_TYPE_NON_EXISTENT),))
    end = 3 + octets[2] if kind == _DATA and len(octets) > 2 else 3
    if end > len(octets):  # TS 24.011 9.2.4
        return Decoded(None, (f.Fault("mandatory element invalid", "CP", f.INVALID_MANDATORY_INFORMATION),))
    more = octets[end:]
    if kind == _ERROR:
        return Decoded(CpError(transaction_identifier=transaction, from_other=from_other, cause=octets[2], more=more))
    data = octets[3:end]
    message, faults = read_relay(data)
    held = data if message is None else message
    return Decoded(CpData(transaction_identifier=transaction, from_other=from_other, user_data=held, more=more), faults)


def encode(message: CpMessage) -> bytes:
    """Write one CP message with what it carries; ValueError where a value does not fit (TS 24.011 7.2)."""
    if not 0 <= message.transaction_identifier < 8:
        raise ValueError("a transaction identifier is below 8")
    match message:
        case CpData(user_data=data):
            octets = data if isinstance(data, bytes) else write_relay(data)
            if len(octets) > 255:
                raise ValueError("CP-User data has 255 octets at the most")
            body = bytes((_DATA, len(octets))) + octets
        case CpAck():
            body = bytes((_ACK,))
        case CpError(cause=cause):
            body = bytes((_ERROR, cause))
        case _:
            raise ValueError(f"{type(message).__name__} is no CP message")
    first = message.from_other << 7 | message.transaction_identifier << 4 | PROTOCOL_DISCRIMINATOR
    return bytes((first,)) + body + message.more
