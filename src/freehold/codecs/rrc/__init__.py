"""NR Radio Resource Control (TS 38.331 6): `decode_as(ULDCCHMessage, octets)`, `encode_value(message)`."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

_SCHEMA = open_schema("rrc", __name__, {})

decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
__getattr__ = types_of(_SCHEMA, __name__)
