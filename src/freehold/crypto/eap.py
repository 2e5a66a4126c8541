"""Keys and MAC of EAP-AKA' (RFC 9048, TS 33.501 6.1.3.1).

`ck_ik_prime(ck, ik, network_name, sqn_xor_ak)` is TS 33.501 A.3; the identity of `eap_aka_keys` is the one the method
was run with. `mac(k_aut, packet, extra)` is the AT_MAC of a whole EAP packet, whatever octets are in its place now,
or None where the packet has none; `verify_mac` compares it in constant time. `encrypt(k_encr, iv, data)` and `decrypt`
are those of AT_ENCR_DATA, over whole blocks of 16 octets (RFC 4187 10.12).
"""

from __future__ import annotations

from msgspec import Struct

from freehold._native import crypto as _native
from freehold._native.crypto import ck_ik_prime
from freehold._native.crypto import eap_decrypt as decrypt
from freehold._native.crypto import eap_encrypt as encrypt
from freehold._native.crypto import eap_mac as mac
from freehold._native.crypto import eap_reauthentication_keys as reauthentication_keys
from freehold._native.crypto import eap_verify_mac as verify_mac

__all__ = [
    "EapKeys",
    "ck_ik_prime",
    "decrypt",
    "eap_aka_keys",
    "encrypt",
    "mac",
    "reauthentication_keys",
    "verify_mac",
]


class EapKeys(Struct, frozen=True, gc=False):
    """The parts of MK after a full authentication (RFC 9048 3.3)."""

    k_encr: bytes
    k_aut: bytes
    k_re: bytes
    msk: bytes
    emsk: bytes

    def __repr__(self) -> str:
        return "EapKeys(...)"

    @property
    def kausf(self) -> bytes:
        """KAUSF, the first 256 bits of EMSK (TS 33.501 6.1.3.1)."""
        return self.emsk[:32]


def eap_aka_keys(ck_prime: bytes, ik_prime: bytes, identity: bytes) -> EapKeys:
    """K_encr, K_aut, K_re, MSK and EMSK of CK', IK' and the identity (RFC 9048 3.3)."""
    return EapKeys(*_native.eap_keys(ck_prime, ik_prime, identity))
