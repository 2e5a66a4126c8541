"""E1 Application Protocol (TS 37.483): `decode(octets)` and `encode(message)`; a class a message, made on first use."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

# TS 37.483 9.3.1.4, 9.3.1.5, 9.3.1.53: the UE's IDs and the Transaction ID, by their IE ids of TS 37.483 9.4.7.
_SCHEMA = open_schema("e1ap", __name__, {2: "gnb_cu_cp_ue_e1ap_id", 3: "gnb_cu_up_ue_e1ap_id", 57: "transaction_id"})

decode, encode, message_class = _SCHEMA.decode, _SCHEMA.encode, _SCHEMA.message_class
decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
element_names = _SCHEMA.element_names
__getattr__ = types_of(_SCHEMA, __name__)
