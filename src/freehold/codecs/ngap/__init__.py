"""NG Application Protocol (TS 38.413): `decode(octets)` and `encode(message)`; a class a message, made on first use."""

from __future__ import annotations

from typing import Any

import msgspec

from freehold.codecs.asn1 import Decoded, Fault, Header, Message, UnknownIe
from freehold.codecs.asn1.interim import Interim

__all__ = ["Decoded", "Fault", "Header", "Message", "UnknownIe", "decode", "decode_as", "encode", "encode_value"]

_SCHEMA = Interim("ngap", __name__)


def __getattr__(name: str) -> Any:
    return _SCHEMA.type_named(name)


def decode(octets: bytes) -> Decoded[Message]:
    """Read one NGAP PDU; never raises on a peer's octets."""
    raise NotImplementedError


def encode(message: Message) -> bytes:
    """Write one NGAP PDU; raises where a value breaks the schema."""
    raise NotImplementedError


def decode_as(type_: type[msgspec.Struct], octets: bytes) -> tuple[Any, tuple[Fault, ...]]:
    """Read one SEQUENCE that travels alone, such as an N2 SM container."""
    raise NotImplementedError


def encode_value(value: msgspec.Struct) -> bytes:
    """Write one SEQUENCE that travels alone, such as an N2 SM container."""
    raise NotImplementedError
