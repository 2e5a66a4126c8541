"""Between the values of TS 23.003 and those of NGAP, for both ends of N2 (TS 38.413 9.3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import MappingProxyType
from typing import Final

from freehold.codecs import ngap
from freehold.services.access import Tunnel
from freehold.spec.errors import PeerError
from freehold.spec.identities import GnbId, Guami, Ncgi, PlmnId, SNssai, STmsi, Tai

TIME_TO_WAIT: Final[Mapping[str, float]] = MappingProxyType(
    {"v1s": 1.0, "v2s": 2.0, "v5s": 5.0, "v10s": 10.0, "v20s": 20.0, "v60s": 60.0}
)
"""Seconds before whoever was refused may ask again (TS 38.413 9.3.1.56)."""


def time_to_wait(named: str) -> float:
    """The seconds of a time to wait; the longest where a later release's is named (TS 38.413 9.3.1.56)."""
    return TIME_TO_WAIT.get(named, 60.0)


def plmn_of(octets: bytes) -> PlmnId:
    """A PLMN as a peer names it (TS 38.413 9.3.3.5); PeerError where a digit is above 9."""
    try:
        return PlmnId.from_octets(octets)
    except ValueError as wrong:
        raise PeerError(str(wrong)) from None


@lru_cache(maxsize=4096)
def tai(value: Tai) -> ngap.TAI:
    """NGAP's form of a tracking area (TS 38.413 9.3.3.11)."""
    return ngap.TAI(plmn_identity=value.plmn.octets, tac=value.tac.to_bytes(3, "big"))


def tai_of(value: ngap.TAI) -> Tai:
    """A tracking area as a peer names it (TS 38.413 9.3.3.11); PeerError where its PLMN is none."""
    return _tai_of(value.plmn_identity, value.tac)


@lru_cache(maxsize=4096)
def _tai_of(plmn: bytes, tac: bytes) -> Tai:
    return Tai(plmn_of(plmn), int.from_bytes(tac, "big"))


@lru_cache(maxsize=4096)
def user_location(cell: Ncgi, area: Tai) -> ngap.UserLocationInformation:
    """An NR location (TS 38.413 9.3.1.16)."""
    return "userLocationInformationNR", ngap.UserLocationInformationNR(nr_cgi=nr_cgi(cell), tai=tai(area))


def nr_cgi(cell: Ncgi) -> ngap.NRCGI:
    """NGAP's form of an NR cell's identity (TS 38.413 9.3.1.7)."""
    return ngap.NRCGI(plmn_identity=cell.plmn.octets, nr_cell_identity=(cell.cell, 36))


@lru_cache(maxsize=1024)
def slice_(value: SNssai) -> ngap.SNSSAI:
    """NGAP's form of a slice; no SD is not SD 000000 (TS 38.413 9.3.1.24)."""
    sd = None if value.sd is None else value.sd.to_bytes(3, "big")
    return ngap.SNSSAI(sst=value.sst.to_bytes(1, "big"), sd=sd)


def slice_of(value: ngap.SNSSAI) -> SNssai:
    """A slice as a peer names it (TS 38.413 9.3.1.24)."""
    return SNssai(int.from_bytes(value.sst, "big"), None if value.sd is None else int.from_bytes(value.sd, "big"))


def guami(value: Guami) -> ngap.GUAMI:
    """NGAP's form of a GUAMI (TS 38.413 9.3.3.3)."""
    return ngap.GUAMI(
        plmn_identity=value.plmn.octets,
        amf_region_id=(value.region, 8),
        amf_set_id=(value.set_id, 10),
        amf_pointer=(value.pointer, 6),
    )


def guami_of(value: ngap.GUAMI) -> Guami:
    """A GUAMI as a peer names it (TS 38.413 9.3.3.3)."""
    return Guami(plmn_of(value.plmn_identity), value.amf_region_id[0], value.amf_set_id[0], value.amf_pointer[0])


def s_tmsi(value: STmsi) -> ngap.FiveGSTMSI:
    """NGAP's form of a 5G-S-TMSI (TS 38.413 9.3.3.20)."""
    return ngap.FiveGSTMSI(
        amf_set_id=(value.set_id, 10), amf_pointer=(value.pointer, 6), five_g_tmsi=value.tmsi.to_bytes(4, "big")
    )


def s_tmsi_of(value: ngap.FiveGSTMSI) -> STmsi:
    """A 5G-S-TMSI as a peer names it (TS 38.413 9.3.3.20)."""
    return STmsi(value.amf_set_id[0], value.amf_pointer[0], int.from_bytes(value.five_g_tmsi, "big"))


def global_gnb_id(value: GnbId) -> ngap.GlobalRANNodeID:
    """NGAP's form of a gNB's identity of 22 to 32 bits (TS 38.413 9.3.1.6)."""
    identity = ngap.GlobalGNBID(plmn_identity=value.plmn.octets, gnb_id=("gNB-ID", (value.value, value.bits)))
    return "globalGNB-ID", identity


def tunnel(value: Tunnel) -> ngap.UPTransportLayerInformation:
    """NGAP's form of a tunnel endpoint (TS 38.413 9.3.2.2, 9.3.2.4)."""
    return "gTPTunnel", ngap.GTPTunnel(
        transport_layer_address=_address(value.address), gtp_teid=value.teid.to_bytes(4, "big")
    )


def tunnel_of(value: ngap.UPTransportLayerInformation, own: str = "") -> Tunnel:
    """A tunnel endpoint as a peer names it (TS 38.413 9.3.2.4, TS 38.414 5.3).

    Of two addresses it is the one of the version of `own`, IPv4 where that is not known.
    """
    if value[0] != "gTPTunnel":
        raise PeerError(f"a transport of kind {value[0]} is not served")
    return Tunnel(_address_of(*value[1].transport_layer_address, ":" in own), int.from_bytes(value[1].gtp_teid, "big"))


@lru_cache(maxsize=1024)
def _address(text: str) -> tuple[int, int]:
    address = ip_address(text)
    return int(address), address.max_prefixlen


@lru_cache(maxsize=1024)
def _address_of(number: int, bits: int, ipv6: bool) -> str:
    # TS 38.414 5.3: 32 bits are IPv4, 128 IPv6, 160 IPv4 then IPv6.
    if bits == 160:
        number, bits = (number & (1 << 128) - 1, 128) if ipv6 else (number >> 128, 32)
    if bits == 32:
        return str(IPv4Address(number))
    if bits == 128:
        return str(IPv6Address(number))
    raise PeerError(f"a transport layer address of {bits} bits")
