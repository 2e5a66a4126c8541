"""NR Positioning Protocol A (TS 38.455): `decode(octets)` and `encode(message, transaction_id)`."""

from __future__ import annotations

from freehold.codecs.asn1 import *  # noqa: F403
from freehold.codecs.asn1.schema import open_schema, types_of

# TS 38.455 9.1: the measurements' IDs of either side, by their IE ids of TS 38.455 9.3.7.
_SCHEMA = open_schema(
    "nrppa",
    __name__,
    {
        2: "lmf_ue_measurement_id",
        6: "ran_ue_measurement_id",
        39: "lmf_measurement_id",
        40: "ran_measurement_id",
    },
)

decode, encode, message_class = _SCHEMA.decode, _SCHEMA.encode, _SCHEMA.message_class
decode_as, encode_value = _SCHEMA.decode_as, _SCHEMA.encode_value
element_names = _SCHEMA.element_names
__getattr__ = types_of(_SCHEMA, __name__)
