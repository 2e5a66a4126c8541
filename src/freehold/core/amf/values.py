"""Between the values of TS 23.003 and those of NGAP (TS 38.413 9.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from freehold.codecs import ngap
from freehold.spec.errors import PeerError
from freehold.spec.identities import GnbId, Guami, PlmnId, SNssai, STmsi, Tai

NEAS: Final = 0xE0
"""NEA1..NEA3 of an NGAP string's first octet; its other bits are reserved (TS 38.413 9.3.1.86)."""


@lru_cache(maxsize=4096)
def _tai(plmn: bytes, tac: bytes) -> Tai:
    return Tai(PlmnId.from_octets(plmn), int.from_bytes(tac, "big"))


def tai_of(tai: ngap.TAI) -> Tai:
    """A tracking area (TS 38.413 9.3.3.11); PeerError where its PLMN has a digit above 9."""
    try:
        return _tai(tai.plmn_identity, tai.tac)
    except ValueError as wrong:
        raise PeerError(str(wrong)) from None


@lru_cache(maxsize=4096)
def tai(value: Tai) -> ngap.TAI:
    """NGAP's form of a tracking area (TS 38.413 9.3.3.11)."""
    return ngap.TAI(plmn_identity=value.plmn.octets, tac=value.tac.to_bytes(3, "big"))


def location(value: ngap.UserLocationInformation | None) -> Tai | None:
    """The tracking area of an NR location (TS 38.413 9.3.1.16); None where it is not NR."""
    if value is None or value[0] != "userLocationInformationNR":
        return None
    return tai_of(value[1].tai)


@lru_cache(maxsize=1024)
def slice_(value: SNssai) -> ngap.SNSSAI:
    """NGAP's form of a slice; no SD is not SD 000000 (TS 38.413 9.3.1.24)."""
    sd = None if value.sd is None else value.sd.to_bytes(3, "big")
    return ngap.SNSSAI(sst=value.sst.to_bytes(1, "big"), sd=sd)


def slice_of(value: ngap.SNSSAI) -> SNssai:
    """A slice as a peer names it (TS 38.413 9.3.1.24)."""
    return SNssai(value.sst[0], None if value.sd is None else int.from_bytes(value.sd, "big"))


@lru_cache(maxsize=256)
def allowed_nssai(slices: tuple[SNssai, ...]) -> list[ngap.AllowedNSSAIItem]:
    """Allowed NSSAI (TS 38.413 9.3.1.31)."""
    return [ngap.AllowedNSSAIItem(s_nssai=slice_(value)) for value in slices[:8]]


def guami(value: Guami) -> ngap.GUAMI:
    """NGAP's form of a GUAMI (TS 38.413 9.3.3.3)."""
    return ngap.GUAMI(
        plmn_identity=value.plmn.octets,
        amf_region_id=(value.region, 8),
        amf_set_id=(value.set_id, 10),
        amf_pointer=(value.pointer, 6),
    )


def s_tmsi(value: STmsi) -> ngap.FiveGSTMSI:
    """NGAP's form of a 5G-S-TMSI (TS 38.413 9.3.3.20)."""
    return ngap.FiveGSTMSI(
        amf_set_id=(value.set_id, 10), amf_pointer=(value.pointer, 6), five_g_tmsi=value.tmsi.to_bytes(4, "big")
    )


def gnb_id(value: ngap.GlobalRANNodeID) -> GnbId:
    """The identity of a gNB of 22 to 32 bits (TS 38.413 9.3.1.6); PeerError for another kind of node."""
    if value[0] != "globalGNB-ID" or value[1].gnb_id[0] != "gNB-ID":
        raise PeerError(f"a node of kind {value[0]} is not served")
    number, bits = value[1].gnb_id[1]
    try:
        return GnbId(PlmnId.from_octets(value[1].plmn_identity), number, bits)
    except ValueError as wrong:
        raise PeerError(str(wrong)) from None


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
