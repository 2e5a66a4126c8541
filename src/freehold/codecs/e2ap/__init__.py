"""E2 Application Protocol (O-RAN.WG3.E2AP): `decode(octets)` and `encode(message)`."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

# O-RAN.WG3.E2AP 9.3: RAN Function ID and Transaction ID, by their IE ids.
_SCHEMA = open_schema("e2ap", __name__, {5: "ran_function_id", 49: "transaction_id"})

decode, encode, message_class = _SCHEMA.decode, _SCHEMA.encode, _SCHEMA.message_class
decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
element_names = _SCHEMA.element_names
__getattr__ = types_of(_SCHEMA, __name__)
