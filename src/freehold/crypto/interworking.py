"""Keys between 5GS and EPS (TS 33.501 A.14, A.15, A.21), and those of EPS itself (TS 33.401 Annex A).

Keys have 32 octets, those of an algorithm 16; a NAS COUNT is a number of 32 bits, OverflowError where it is not.
"""

from __future__ import annotations

from enum import IntEnum

from freehold._native.crypto import derive


class EpsDistinguisher(IntEnum):
    """Which key of an EPS algorithm is derived (TS 33.401 A.7)."""

    NAS_ENC = 1
    NAS_INT = 2
    RRC_ENC = 3
    RRC_INT = 4
    UP_ENC = 5
    UP_INT = 6


def kasme_at_idle_mobility(kamf: bytes, uplink_count: int) -> bytes:
    """KASME' of a UE that goes to EPS in idle mode (TS 33.501 A.14.1)."""
    return derive(kamf, 0x73, uplink_count.to_bytes(4))


def kasme_at_handover(kamf: bytes, downlink_count: int) -> bytes:
    """KASME' of a handover to EPS (TS 33.501 A.14.2)."""
    return derive(kamf, 0x74, downlink_count.to_bytes(4))


def kamf_at_idle_mobility(kasme: bytes, uplink_count: int) -> bytes:
    """KAMF' of a UE that comes from EPS in idle mode; the COUNT is that of its TAU request (TS 33.501 A.15.1)."""
    return derive(kasme, 0x75, uplink_count.to_bytes(4))


def kamf_at_handover(kasme: bytes, nh: bytes) -> bytes:
    """KAMF' of a handover from EPS, from its NH of 32 octets (TS 33.501 A.15.2)."""
    return derive(kasme, 0x76, nh)


def kasme_srvcc(kamf: bytes, downlink_count: int) -> bytes:
    """KASME_SRVCC of a call that goes to UTRAN (TS 33.501 A.21)."""
    return derive(kamf, 0x7D, downlink_count.to_bytes(4))


def kasme(ck: bytes, ik: bytes, plmn: bytes, sqn_xor_ak: bytes) -> bytes:
    """KASME of EPS AKA; the PLMN is the three octets of its serving network (TS 33.401 A.2)."""
    return derive(ck + ik, 0x10, plmn, sqn_xor_ak)


def kenb(kasme: bytes, uplink_count: int) -> bytes:
    """KeNB from the uplink NAS COUNT (TS 33.401 A.3)."""
    return derive(kasme, 0x11, uplink_count.to_bytes(4))


def eps_nh(kasme: bytes, sync_input: bytes) -> bytes:
    """NH from KeNB or the NH before it (TS 33.401 A.4)."""
    return derive(kasme, 0x12, sync_input)


def kenb_star(key: bytes, pci: int, earfcn_dl: int) -> bytes:
    """KeNB* of a target cell from KeNB or NH; an EARFCN above 65535 takes three octets (TS 33.401 A.5)."""
    return derive(key, 0x13, pci.to_bytes(2), earfcn_dl.to_bytes(2 if earfcn_dl < 1 << 16 else 3))


def eps_algorithm_key(key: bytes, distinguisher: int, algorithm: int) -> bytes:
    """The key of one EPS algorithm, the 128 least significant bits (TS 33.401 A.7)."""
    return derive(key, 0x15, bytes([distinguisher]), bytes([algorithm]))[16:]
