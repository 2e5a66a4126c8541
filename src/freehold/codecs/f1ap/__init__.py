"""F1 Application Protocol (TS 38.473): `decode(octets)` and `encode(message)`; a class a message, made on first use."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

# TS 38.473 9.3.1.4, 9.3.1.5, 9.3.1.23: the UE's IDs and the Transaction ID, by their IE ids of TS 38.473 9.4.7.
_SCHEMA = open_schema("f1ap", __name__, {40: "gnb_cu_ue_f1ap_id", 41: "gnb_du_ue_f1ap_id", 78: "transaction_id"})

decode, encode, message_class = _SCHEMA.decode, _SCHEMA.encode, _SCHEMA.message_class
decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
element_names = _SCHEMA.element_names
__getattr__ = types_of(_SCHEMA, __name__)
