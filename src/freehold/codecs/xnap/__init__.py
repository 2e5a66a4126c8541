"""Xn Application Protocol (TS 38.423): `decode(octets)` and `encode(message)`; a class a message, made on first use."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

# TS 38.423 9.2.3.16: the NG-RAN node UE XnAP IDs in their roles, by their IE ids of TS 38.423 9.3.7.
_SCHEMA = open_schema(
    "xnap",
    __name__,
    {
        23: "m_ng_ran_node_ue_xnap_id",
        27: "new_ng_ran_node_ue_xnap_id",
        29: "old_ng_ran_node_ue_xnap_id",
        71: "s_ng_ran_node_ue_xnap_id",
        73: "source_ng_ran_node_ue_xnap_id",
        79: "target_ng_ran_node_ue_xnap_id",
    },
)

decode, encode, message_class = _SCHEMA.decode, _SCHEMA.encode, _SCHEMA.message_class
decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
element_names = _SCHEMA.element_names
__getattr__ = types_of(_SCHEMA, __name__)
