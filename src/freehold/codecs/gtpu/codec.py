"""Octets to messages and back (TS 29.281 5 to 8)."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from freehold.codecs.gtpu import extensions
from freehold.codecs.gtpu import messages as m
from freehold.codecs.gtpu.bodies import BODIES, body, signalling

EXTENSIONS: Final = 8
"""More extension headers than this are not read: the chain is bounded."""

Reason = Literal[
    "version",
    "length",
    "extension headers",
    "extension header not understood",
    "mandatory IE missing",
    "IE length",
]


class Fault(msgspec.Struct, frozen=True, gc=False):
    """What is wrong; `header_type` of an extension header that is not understood though it has to be (TS 29.281 5.2.1).

    The two highest bits of `header_type` say who has to understand it: 2 the receiving endpoint, 3 every node.
    """

    reason: Reason
    header_type: int | None = None


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A decoded message; without `message` the faults say why."""

    message: m.Message | None
    faults: tuple[Fault, ...] = ()


def decode(octets: bytes) -> Decoded:
    """Decode one message; total: every input has an answer."""
    if len(octets) < 8:
        return _refused("length")
    if octets[0] >> 4 != 0b0011:  # version 1, protocol type GTP (TS 29.281 5.1)
        return _refused("version")
    end = 8 + int.from_bytes(octets[2:4], "big")
    flags = octets[0]
    at = 12 if flags & 0b111 else 8
    if not at <= end <= len(octets):
        return _refused("length")
    headers: list[extensions.Extension] = []
    if flags & 4:
        after = _extensions(octets[:end], headers)
        if after is None:
            return _refused("extension headers")
        at = after
    head: dict[str, Any] = {
        "teid": int.from_bytes(octets[4:8], "big"),
        "sequence": int.from_bytes(octets[8:10], "big") if flags & 2 else None,
        "n_pdu": octets[10] if flags & 1 else None,
        "extensions": tuple(headers),
        "spare": _spare(octets[:12], chained=bool(headers)),
    }
    return _message(octets[1], octets[at:end], head)


def _refused(reason: Reason) -> Decoded:
    return Decoded(None, (Fault(reason),))


_UNREAD: Final = tuple(
    bytes((0x08, *(b"\0\0" if flags & 2 else b"\xff\xff"), 0 if flags & 1 else 0xFF, 0 if flags & 4 else 0xFF))
    if flags
    else b"\x08\0\0\0\0"
    for flags in range(8)
)
"""By the three flags, which bits of the first octet and of octets 9 to 12 mean nothing (TS 29.281 5.1)."""


def _spare(head: bytes, *, chained: bool) -> bytes:
    """What stands in the header where nothing is read; empty where it is all zero."""
    there = (head[:1] + head[8:12]).ljust(5, b"\0")
    first, *found = (octet & mask for octet, mask in zip(there, _UNREAD[head[0] & 0b111], strict=True))
    first |= 0 if chained else head[0] & 4  # the flag of extension headers before an empty chain
    return bytes((first, *found)) if first or any(found) else b""


def _extensions(octets: bytes, found: list[extensions.Extension]) -> int | None:
    """Read the chain of extension headers; where the body begins, or None where the chain does not end well."""
    at, kind = 12, octets[11]
    while kind:
        size = 4 * octets[at] if at < len(octets) else 0
        if not size or at + size > len(octets) or len(found) == EXTENSIONS:
            return None
        found.append(extensions.read(kind, octets[at + 1 : at + size - 1]))
        kind = octets[at + size - 1]
        at += size
    return at


def _not_understood(headers: tuple[extensions.Extension, ...]) -> list[Fault]:
    # Bits 8 and 7 of the type say that the endpoint has to understand it (TS 29.281 5.2.1).
    return [
        Fault("extension header not understood", header.header_type)
        for header in headers
        if isinstance(header, extensions.ExtensionHeader) and header.header_type & 0x80
    ]


def _message(kind: int, octets: bytes, head: dict[str, Any]) -> Decoded:
    faults = _not_understood(head["extensions"])
    if kind == m.G_PDU:
        return Decoded(m.GPdu(payload=octets, **head), tuple(faults))
    if kind not in BODIES:
        return Decoded(m.OtherMessage(kind=kind, body=octets, **head), tuple(faults))
    message, missing = signalling(kind, octets, head)
    if missing:
        faults.append(Fault("mandatory IE missing"))
    if message is not None and message.tail:
        faults.append(Fault("IE length"))
    return Decoded(message, tuple(faults))


def encode(message: m.Message) -> bytes:
    """Encode a message. ValueError or OverflowError where a field is out of range."""
    flags: int = bool(message.extensions) << 2 | (message.sequence is not None) << 1 | (message.n_pdu is not None)
    flags |= message.spare[0] & 4 if message.spare else 0
    spare = bytes(octet & mask for octet, mask in zip(message.spare.ljust(5, b"\0"), _UNREAD[flags], strict=True))
    middle = b""
    if flags:
        chain = [extensions.write(header) for header in message.extensions]
        types = [kind for kind, _ in chain] + [0]
        optional = (message.sequence or 0).to_bytes(2, "big") + bytes((message.n_pdu or 0, types[0]))
        middle = bytes(octet | other for octet, other in zip(optional, spare[1:], strict=True))
        for (_, content), following in zip(chain, types[1:], strict=True):
            middle += bytes(((len(content) + 2) // 4,)) + content + bytes((following,))
    rest = middle + _content(message)
    kind = message.kind if isinstance(message, m.OtherMessage) else message.message_type
    first = bytes((0x30 | spare[0] | flags, kind))
    return first + len(rest).to_bytes(2, "big") + message.teid.to_bytes(4, "big") + rest


def _content(message: m.Message) -> bytes:
    match message:
        case m.GPdu(payload=payload):
            return payload
        case m.OtherMessage(body=octets):
            return octets
        case m.Signalling():
            return body(message)
    raise ValueError(f"{type(message).__name__} has no octets")
