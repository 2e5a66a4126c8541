"""The key hierarchy of 5GS (TS 33.501 Annex A); keys have 32 octets, those of an algorithm 16.

`kausf` TS 33.501 A.2, `res_star` A.4, `hres_star` A.5, `kseaf` A.6, `kamf` A.7, `algorithm_key` A.8, `kgnb` A.9 (also
KN3IWF, with `NON_3GPP`), `nh` A.10, `kng_ran_star` A.11. `serving_keys(kausf, rand, xres_star, serving_network_name)`
is HXRES* and KSEAF, which the AUSF computes from a vector for the SEAF (TS 33.501 6.1.3.2.0 steps 4 and 5).
`derive(key, fc, *parameters)` is the function under all of them (TS 33.220 B.2). CK' and IK' (A.3) are in `eap`, keys
of EPS (A.14, A.15, A.21) in `interworking`.
"""

from __future__ import annotations

from enum import IntEnum

from freehold._native.crypto import (
    algorithm_key,
    derive,
    hres_star,
    kamf,
    kausf,
    kgnb,
    kng_ran_star,
    kseaf,
    nh,
    res_star,
    serving_keys,
)

__all__ = [
    "ABBA",
    "NON_3GPP",
    "THREE_GPP",
    "Distinguisher",
    "Usage",
    "algorithm_key",
    "derive",
    "hres_star",
    "kamf",
    "kamf_at_mobility",
    "kausf",
    "kgnb",
    "kiab",
    "kng_ran_star",
    "kng_ran_star_of_ng_enb",
    "kseaf",
    "ksn",
    "ktngf_key",
    "nh",
    "res_star",
    "serving_keys",
    "sor_mac_iausf",
    "sor_mac_iue",
    "upu_mac_iausf",
    "upu_mac_iue",
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


class Usage(IntEnum):
    """What a key under KTNGF or KTWIF is for (TS 33.501 A.22)."""

    IPSEC = 1
    TNAP = 2
    FAST_TRANSITION = 3


# TS 33.501 A.18 and A.20: the acknowledgement that the UE has verified what it was sent.
_ACKNOWLEDGED = b"\x01"


def kng_ran_star_of_ng_enb(key: bytes, pci: int, earfcn_dl: int) -> bytes:
    """KNG-RAN* of a target ng-eNB from KgNB or NH; an EARFCN has at most 24 bits (TS 33.501 A.12)."""
    return derive(key, 0x71, pci.to_bytes(2), earfcn_dl.to_bytes(3))


def kamf_at_mobility(kamf: bytes, direction: int, count: int) -> bytes:
    """KAMF' of a horizontal derivation (TS 33.501 A.13).

    At handover the direction is 1 and the COUNT the downlink one; in idle mode 0 and that of the registration request.
    """
    return derive(kamf, 0x72, bytes([direction]), count.to_bytes(4))


def ksn(key: bytes, sn_counter: int) -> bytes:
    """KSN of a secondary node from KgNB, which may never see the same counter again (TS 33.501 A.16)."""
    return derive(key, 0x79, sn_counter.to_bytes(2))


def sor_mac_iausf(kausf: bytes, header: bytes, counter: int, content: bytes | None = None) -> bytes:
    """SoR-MAC-IAUSF of a steering of roaming header and what follows octet 22, if anything does (TS 33.501 A.17)."""
    following = () if content is None else (content,)
    return derive(kausf, 0x77, header, counter.to_bytes(2), *following)[16:]


def sor_mac_iue(kausf: bytes, counter: int) -> bytes:
    """SoR-MAC-IUE, the UE's acknowledgement of steering of roaming (TS 33.501 A.18)."""
    return derive(kausf, 0x78, _ACKNOWLEDGED, counter.to_bytes(2))[16:]


def upu_mac_iausf(kausf: bytes, update: bytes, counter: int) -> bytes:
    """UPU-MAC-IAUSF of a UE parameters update list (TS 33.501 A.19)."""
    return derive(kausf, 0x7B, update, counter.to_bytes(2))[16:]


def upu_mac_iue(kausf: bytes, counter: int) -> bytes:
    """UPU-MAC-IUE, the UE's acknowledgement of a parameters update (TS 33.501 A.20)."""
    return derive(kausf, 0x7C, _ACKNOWLEDGED, counter.to_bytes(2))[16:]


def ktngf_key(key: bytes, usage: Usage) -> bytes:
    """KTIPSec, KTNAP or KFT from KTNGF or KTWIF (TS 33.501 A.22)."""
    return derive(key, 0x84, bytes([usage]))


def kiab(key: bytes, donor: bytes, node: bytes) -> bytes:
    """KIAB of the addresses of an IAB donor CU and an IAB node DU, 4 or 16 octets each (TS 33.501 A.23)."""
    return derive(key, 0x83, donor, node)
