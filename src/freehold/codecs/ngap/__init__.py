"""NG Application Protocol (TS 38.413): `decode(octets)` and `encode(message)`; a class a message, made on first use."""

from __future__ import annotations

from typing import Any

from freehold.codecs.asn1 import Decoded, EncodeError, Fault, Header, Message, UnknownIe
from freehold.codecs.asn1.schema import open_schema, type_named

__all__ = [
    "Decoded",
    "EncodeError",
    "Fault",
    "Header",
    "Message",
    "UnknownIe",
    "decode",
    "decode_as",
    "encode",
    "encode_value",
    "message_class",
]

# TS 38.413 9.3.3.1, 9.3.3.2: AMF UE NGAP ID and RAN UE NGAP ID, by their IE ids of TS 38.413 9.4.7.
_SCHEMA = open_schema("ngap", __name__, {10: "amf_ue_ngap_id", 85: "ran_ue_ngap_id"})

decode = _SCHEMA.decode
encode = _SCHEMA.encode
decode_as = _SCHEMA.decode_as
encode_value = _SCHEMA.encode_value
message_class = _SCHEMA.message_class


def __getattr__(name: str) -> Any:
    found = type_named(_SCHEMA, name)
    globals()[name] = found
    return found
