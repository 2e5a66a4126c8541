"""Values that no schema defines: base of messages, IEs not understood, faults and the decoder's result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, Literal, TypeVar

import msgspec

from freehold.spec.errors import Bug

Criticality = Literal["reject", "ignore", "notify"]
Kind = Literal["initiatingMessage", "successfulOutcome", "unsuccessfulOutcome"]
ProtocolCause = Literal[
    "transfer-syntax-error",
    "abstract-syntax-error-reject",
    "abstract-syntax-error-ignore-and-notify",
    "abstract-syntax-error-falsely-constructed-message",
]


class EncodeError(Bug):
    """A value to be encoded breaks its schema; the text names the field and what is wrong."""


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of every message of an elementary procedure."""

    procedure_code: ClassVar[int]
    kind: ClassVar[Kind]
    criticality: ClassVar[Criticality]


class UnknownIe(msgspec.Struct, frozen=True, gc=False):
    """An IE that was not understood, as it came; it is encoded again after the known ones."""

    id: int
    criticality: Criticality
    value: bytes


class Header(msgspec.Struct, frozen=True, gc=False):
    """Procedure code, kind and criticality of a PDU as received, known also where its message was faulty.

    `transaction_id` is the NRPPa Transaction ID (TS 38.455 9.2.4), None in the other protocols.
    """

    procedure_code: int
    kind: Kind
    criticality: Criticality
    transaction_id: int | None = None


class Fault(msgspec.Struct, frozen=True, gc=False):
    """One thing wrong with a received PDU and what TS 38.413 10.3 asks for it.

    `action` is the criticality that governs; `ie` and `error` are None where no IE is concerned.
    """

    cause: ProtocolCause
    action: Criticality
    ie: int | None = None
    error: Literal["not-understood", "missing"] | None = None
    where: str = ""
    detail: str = ""


M = TypeVar("M", bound=Message)


class Decoded(msgspec.Struct, Generic[M], frozen=True, gc=False):
    """A PDU read: its message (None where the faults forbid its execution), faults, header, and identifiers.

    `identifiers` holds the UE identifiers that could be read from a message that is None, by field name.
    """

    message: M | None
    faults: tuple[Fault, ...]
    header: Header | None
    identifiers: Mapping[str, int]

    def identifier(self, name: str) -> int | None:
        """The UE identifier IE `name` (`amf_ue_ngap_id`), also of a message that must not be executed."""
        value = self.identifiers.get(name) if self.message is None else getattr(self.message, name, None)
        return value if isinstance(value, int) else None
