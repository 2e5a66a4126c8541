"""Packets: `decode` is total, `encode` refuses only what this program built wrongly (RFC 3748 4)."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from freehold.codecs.eap.faults import Fault
from freehold.codecs.eap.method_octets import read_method, write_method
from freehold.codecs.eap.methods import Method

HEADER: Final = 4
"""Octets of code, identifier and length (RFC 3748 4)."""


class Packet(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every packet has: the identifier that pairs it, and octets after its end, ignored (RFC 3748 4.1)."""

    code: ClassVar[int]

    identifier: int
    more: bytes = b""


class Request(Packet, frozen=True, gc=False, kw_only=True):
    """The authenticator asks (RFC 3748 4.1)."""

    code: ClassVar[int] = 1

    method: Method


class Response(Packet, frozen=True, gc=False, kw_only=True):
    """The peer answers (RFC 3748 4.1)."""

    code: ClassVar[int] = 2

    method: Method


class Success(Packet, frozen=True, gc=False, kw_only=True):
    """The peer is authenticated; `data` is what should not be there (RFC 3748 4.2)."""

    code: ClassVar[int] = 3

    data: bytes = b""


class Failure(Packet, frozen=True, gc=False, kw_only=True):
    """The peer is not authenticated; `data` is what should not be there (RFC 3748 4.2)."""

    code: ClassVar[int] = 4

    data: bytes = b""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What octets held: the packet, or None where it is discarded silently, and every fault."""

    message: Packet | None
    faults: tuple[Fault, ...] = ()


def decode(octets: bytes) -> Decoded:
    """Read one packet: total, every input has an answer (RFC 3748 4)."""
    size = int.from_bytes(octets[2:4], "big")
    if len(octets) < HEADER or not HEADER <= size <= len(octets):  # RFC 3748 4.1
        return Decoded(None, (Fault("length", "RFC 3748 4.1"),))
    code, identifier, data, more = octets[0], octets[1], octets[HEADER:size], octets[size:]
    if code in {Success.code, Failure.code}:
        made = (Success if code == Success.code else Failure)(identifier=identifier, data=data, more=more)
        return Decoded(made, (Fault("length", "RFC 3748 4.2"),) if data else ())
    if code not in {Request.code, Response.code}:
        return Decoded(None, (Fault("code", "RFC 3748 4"),))
    if not data:
        return Decoded(None, (Fault("type missing", "RFC 3748 4.1"),))
    request = code == Request.code
    method, faults = read_method(data[0], data[1:], request=request)
    return Decoded((Request if request else Response)(identifier=identifier, method=method, more=more), faults)


def encode(message: Packet) -> bytes:
    """Write one packet; ValueError where a value does not fit (RFC 3748 4)."""
    match message:
        case Request(method=method) | Response(method=method):
            data = write_method(method)
        case Success(data=data) | Failure(data=data):
            pass
        case _:
            raise ValueError(f"{type(message).__name__} is no EAP packet")
    size = HEADER + len(data)
    if not 0 <= message.identifier <= 255 or size > 0xFFFF:
        raise ValueError("an identifier has 8 bits, a packet 65535 octets at the most")
    return bytes((message.code, message.identifier)) + size.to_bytes(2, "big") + data + message.more
