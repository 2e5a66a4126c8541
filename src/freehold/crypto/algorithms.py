"""NEA0 to NEA3 and NIA0 to NIA3 (TS 33.501 Annex D), and the keys of a NAS connection.

`nea(algorithm, key, count, bearer, direction, data)` ciphers or deciphers; `nia` gives the four octets of the MAC. The
direction is 0 uplink, 1 downlink. The batches take many messages of one key, each with its COUNT, as PDCP has them, and
are several times as fast with SNOW 3G and ZUC. `NasKeys(kamf, nea, nia)` protects a whole NAS message in one call.
"""

from __future__ import annotations

from freehold._native.crypto import NasKeys, nea, nea_batch, nia, nia_batch

__all__ = ["DOWNLINK", "NULL", "UPLINK", "NasKeys", "nea", "nea_batch", "nia", "nia_batch"]

# TS 33.501 D.2.1.1 and D.3.1.1: the DIRECTION bit.
UPLINK, DOWNLINK = 0, 1
# TS 33.501 5.11.1: the identity of NEA0 and NIA0.
NULL = 0
