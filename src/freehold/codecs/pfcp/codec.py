"""Octets to messages and back, by the tables (TS 29.244 7.2, 7.6)."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from freehold._native import pfcp as _native
from freehold.codecs.pfcp.messages import MESSAGES
from freehold.codecs.pfcp.table import Compiler, Message, UnknownIE
from freehold.spec.causes import PfcpCause


class Header(msgspec.Struct, frozen=True, gc=False):
    """The header (TS 29.244 7.2.2): `seid` in session messages, `priority` where the sender gave one.

    `spare` are the bits of the first and of the last octet that mean nothing; empty where none is set.
    """

    message_type: int
    seid: int | None
    sequence: int
    priority: int | None = None
    follow_on: bool = False
    version: int = 1
    spare: bytes = b""


Reason = Literal[
    "version",
    "message length",
    "unknown message",
    "mandatory IE missing",
    "IE length",
    "IE incorrect",
    "IE repeated",
]

CAUSES: Final = MappingProxyType(
    {
        "message length": PfcpCause.INVALID_LENGTH,  # TS 29.244 7.6.3
        "mandatory IE missing": PfcpCause.MANDATORY_IE_MISSING,  # TS 29.244 7.6.6
        "IE length": PfcpCause.INVALID_LENGTH,  # TS 29.244 7.6.7
        "IE incorrect": PfcpCause.MANDATORY_IE_INCORRECT,  # TS 29.244 7.6.8
    }
)
"""What to answer to a request; reasons without a cause are met with silence or a version's own answer."""


class Fault(msgspec.Struct, frozen=True, gc=False):
    """What is wrong with a message, and in which IE."""

    reason: Reason
    offending_ie: int | None = None

    @property
    def cause(self) -> PfcpCause | None:
        """The cause for the answer (TS 29.244 8.2.1); None where there is no answer with a cause."""
        return CAUSES.get(self.reason)


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A decoded message. Without `message` the faults say what to answer; beside one they name IEs not used."""

    header: Header | None
    message: Message | None
    faults: tuple[Fault, ...] = ()

    @property
    def refusal(self) -> Fault | None:
        """The fault to answer a request with, when there is no message."""
        if self.message is not None:
            return None
        return next((fault for fault in reversed(self.faults) if fault.reason != "IE repeated"), None)


def _engine() -> _native.Engine:
    compiler = Compiler()
    for message in MESSAGES:
        compiler.message(message)
    frame = (Decoded, Header, Fault, UnknownIE)
    return _native.Engine(
        compiler.classes, compiler.layouts, compiler.groups, compiler.messages, frame, msgspec.structs.astuple
    )


_ENGINE: Final = _engine()


def decode(octets: bytes) -> Decoded:
    """Decode one message; total: every input has an answer. Octets after the message are not looked at."""
    decoded: Decoded = _ENGINE.decode(octets)
    return decoded


def encode(
    message: Message,
    sequence: int,
    seid: int | None = None,
    *,
    priority: int | None = None,
    follow_on: bool = False,
    spare: bytes = b"",
) -> bytes:
    """Encode a message; session messages need the `seid` of their receiver. ValueError says what does not fit."""
    return _ENGINE.encode(message, sequence, seid, priority, follow_on, spare)


def split(datagram: bytes) -> Iterator[bytes]:
    """The messages of one datagram: several where the follow-on flag is set (TS 29.244 6.5, 7.2.2.2)."""
    rest = datagram
    while len(rest) >= 8 and rest[0] & 4:
        size = 4 + int.from_bytes(rest[2:4], "big")
        yield rest[:size]
        rest = rest[size:]
    if rest:
        yield rest
