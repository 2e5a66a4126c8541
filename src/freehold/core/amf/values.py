"""What only an AMF reads or writes in NGAP; what both ends do is in `stack.ngap_values` (TS 38.413 9.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from freehold.codecs import ngap
from freehold.spec.errors import PeerError
from freehold.spec.identities import GnbId, PlmnId, SNssai, Tai
from freehold.stack.ngap_values import slice_, tai, tai_of

NEAS: Final = 0xE0
"""NEA1..NEA3 of an NGAP string's first octet; its other bits are reserved (TS 38.413 9.3.1.86)."""


@lru_cache(maxsize=256)
def inactive_areas(area: tuple[Tai, ...]) -> list[ngap.TAIListForInactiveItem]:
    """TAI List for RRC Inactive (TS 38.413 9.3.1.15)."""
    return [ngap.TAIListForInactiveItem(tai=tai(value)) for value in area]


def location(value: ngap.UserLocationInformation | None) -> Tai | None:
    """The tracking area of an NR location (TS 38.413 9.3.1.16); None where it is not NR."""
    if value is None or value[0] != "userLocationInformationNR":
        return None
    return tai_of(value[1].tai)


def cell(value: ngap.UserLocationInformation | None) -> int | None:
    """The NR Cell Identity of an NR location, 36 bits (TS 38.413 9.3.1.7); None where it is not NR."""
    if value is None or value[0] != "userLocationInformationNR":
        return None
    return value[1].nr_cgi.nr_cell_identity[0]


@lru_cache(maxsize=256)
def allowed_nssai(slices: tuple[SNssai, ...]) -> list[ngap.AllowedNSSAIItem]:
    """Allowed NSSAI (TS 38.413 9.3.1.31)."""
    return [ngap.AllowedNSSAIItem(s_nssai=slice_(value)) for value in slices[:8]]


def gnb_id(value: ngap.GlobalRANNodeID) -> GnbId:
    """The identity of a gNB of 22 to 32 bits (TS 38.413 9.3.1.6); PeerError for another kind of node."""
    if value[0] != "globalGNB-ID" or value[1].gnb_id[0] != "gNB-ID":
        raise PeerError(f"a node of kind {value[0]} is not served")
    number, bits = value[1].gnb_id[1]
    try:
        return GnbId(PlmnId.from_octets(value[1].plmn_identity), number, bits)
    except ValueError as wrong:
        raise PeerError(str(wrong)) from None


def octets_of(transfer: Any) -> bytes:
    """N2 SM information as octets, also where it was decoded on the way (TS 29.502 6.1.6.4.3)."""
    return transfer if isinstance(transfer, bytes) else ngap.encode_value(transfer)


def security_context(next_hop: bytes, chaining_count: int) -> ngap.SecurityContext:
    """NH and NCC for the gNB that a UE comes to (TS 38.413 9.3.1.88)."""
    return ngap.SecurityContext(
        next_hop_chaining_count=chaining_count, next_hop_nh=(int.from_bytes(next_hop, "big"), 256)
    )


@lru_cache(maxsize=1024)
def ue_security_capabilities(octets: bytes) -> ngap.UESecurityCapabilities:
    """NGAP's form of NAS' UE security capability: all four strings, one bit apart (TS 38.413 9.3.1.86).

    A NAS octet starts at algorithm 0 (TS 24.501 9.11.3.54), an NGAP string at algorithm 1.
    """
    nea, nia, eea, eia = ((octet << 1 & NEAS) << 8 for octet in octets[:4].ljust(4, b"\0"))
    return ngap.UESecurityCapabilities(
        nr_encryption_algorithms=(nea, 16),
        nr_integrity_protection_algorithms=(nia, 16),
        eutra_encryption_algorithms=(eea, 16),
        eutra_integrity_protection_algorithms=(eia, 16),
    )


def masked_imeisv(pei: str) -> tuple[int, int] | None:
    """Masked IMEISV: the last four digits of the SNR as F (TS 38.413 9.3.1.54); None without an IMEISV."""
    digits = pei.removeprefix("imeisv-")
    if digits == pei or len(digits) != 16:
        return None
    return int(digits[:10] + "ffff" + digits[14:], 16), 64
