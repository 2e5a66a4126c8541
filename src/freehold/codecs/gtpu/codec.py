"""Octets to messages and back (TS 29.281 5 to 8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from freehold._native import gtpu as _native
from freehold.codecs.gtpu import extensions
from freehold.codecs.gtpu import messages as m
from freehold.codecs.gtpu.bodies import BODIES, body, signalling
from freehold.codecs.gtpu.frame import Frame, Row

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


def frames() -> Iterator[tuple[type[Frame], tuple[str, ...], list[Row]]]:
    """Every frame's class, its fields, and its parts for the engine."""
    for kind in extensions.FRAMES:
        names = tuple(name for name in kind.__struct_fields__ if name != "spare")
        yield kind, names, [part.row(names) for part in kind.parts]


def _engine() -> _native.Engine:
    rows = [(kind, kind.header_type, kind.pdu_type, names, parts) for kind, names, parts in frames()]
    kept = [(kind.header_type, kind) for kind in extensions.KEPT]
    return _native.Engine(rows, kept, (extensions.ExtensionHeader, m.GPdu, Decoded, Fault))


_ENGINE: Final = _engine()


def decode(octets: bytes) -> Decoded:
    """Decode one message; total: every input has an answer. Octets after the message are not looked at."""
    read = _ENGINE.decode(octets)
    return _message(*read) if type(read) is tuple else read


def _message(kind: int, octets: bytes, head: dict[str, Any], faults: tuple[Fault, ...]) -> Decoded:
    if kind not in BODIES:
        return Decoded(m.OtherMessage(kind=kind, body=octets, **head), faults)
    message, missing = signalling(kind, octets, head)
    if missing:
        faults += (Fault("mandatory IE missing"),)
    if message is not None and message.tail:
        faults += (Fault("IE length"),)
    return Decoded(message, faults)


def encode(message: m.Message) -> bytes:
    """Encode a message. ValueError or OverflowError where a field is out of range."""
    match message:
        case m.GPdu():
            return _ENGINE.encode(message, m.G_PDU, message.payload)
        case m.OtherMessage():
            return _ENGINE.encode(message, message.kind, message.body)
        case m.Signalling():
            return _ENGINE.encode(message, message.message_type, body(message))
    raise ValueError(f"{type(message).__name__} has no octets")
