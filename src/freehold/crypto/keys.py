"""The key hierarchy of 5GS (TS 33.501 Annex A); keys have 32 octets, those of an algorithm 16.

`kausf` TS 33.501 A.2, `res_star` A.4, `hres_star` A.5, `kseaf` A.6, `kamf` A.7, `algorithm_key` A.8, `kgnb` A.9 (also
KN3IWF, with `NON_3GPP`), `nh` A.10, `kng_ran_star` A.11.
"""

from __future__ import annotations

from enum import IntEnum

from freehold._native.crypto import (
    algorithm_key,
    hres_star,
    kamf,
    kausf,
    kgnb,
    kng_ran_star,
    kseaf,
    nh,
    res_star,
)

__all__ = [
    "ABBA",
    "NON_3GPP",
    "THREE_GPP",
    "Distinguisher",
    "algorithm_key",
    "hres_star",
    "kamf",
    "kausf",
    "kgnb",
    "kng_ran_star",
    "kseaf",
    "nh",
    "res_star",
    "serving_keys",
]

# TS 33.501 A.7.1: what a SEAF of this release sends.
ABBA = bytes(2)
# TS 33.501 A.9, and the NAS connection identifier of TS 33.501 6.4.2.2.
THREE_GPP, NON_3GPP = 1, 2


class Distinguisher(IntEnum):
    """Which key of an algorithm is derived (TS 33.501 A.8)."""

    NAS_ENC = 1
    NAS_INT = 2
    RRC_ENC = 3
    RRC_INT = 4
    UP_ENC = 5
    UP_INT = 6


def serving_keys(kausf: bytes, rand: bytes, xres_star: bytes, serving_network_name: bytes) -> tuple[bytes, bytes]:
    """HXRES* and KSEAF, which the AUSF computes from a vector for the SEAF (TS 33.501 6.1.3.2.0 steps 4 and 5)."""
    return hres_star(rand, xres_star), kseaf(kausf, serving_network_name)
