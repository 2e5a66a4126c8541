"""NG Application Protocol (TS 38.413): `decode(octets)` and `encode(message)`; a class a message, made on first use."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

# TS 38.413 9.3.3.1, 9.3.3.2: AMF UE NGAP ID and RAN UE NGAP ID, by their IE ids of TS 38.413 9.4.7.
_SCHEMA = open_schema("ngap", __name__, {10: "amf_ue_ngap_id", 85: "ran_ue_ngap_id"})

decode, encode, message_class = _SCHEMA.decode, _SCHEMA.encode, _SCHEMA.message_class
decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
element_names = _SCHEMA.element_names
__getattr__ = types_of(_SCHEMA, __name__)
