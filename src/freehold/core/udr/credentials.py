"""The secrets of a SIM as an operator has them: given with OPc, given with OP, or to be generated (TS 35.206 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from freehold.crypto import milenage
from freehold.services.nudr import AuthenticationSubscription
from freehold.spec.errors import Unusable
from freehold.spec.keys import Key

_KEY: Final = 16
_AMF: Final = 2


def credentials(k: str, *, opc: str = "", op: str = "", amf_field: str = "8000") -> AuthenticationSubscription:
    """What the network keeps of K and OPc, or of K and OP, in hexadecimal; OP itself is not kept.

    Unusable, without a digit of them, where one is not what it should be.
    """
    key = _octets("K", k, _KEY)
    if bool(opc) == bool(op):
        raise Unusable("a SIM has either OPc or OP: give one of them")
    hidden = _octets("OPc", opc, _KEY) if opc else milenage.opc(key, _octets("OP", op, _KEY))
    amf = _octets("AMF", amf_field, _AMF)
    # TS 33.501 6.1.3.2.0 step 1: without the separation bit a phone refuses the challenge.
    if not amf[0] & 0x80:
        raise Unusable("the AMF field of a 5G SIM begins with a digit of 8 or more (its separation bit is set)")
    return AuthenticationSubscription(Key(key), Key(hidden), amf)


def generated(random: Callable[[int], bytes]) -> AuthenticationSubscription:
    """Fresh secrets of a SIM that is yet to be written; `random` gives that many unpredictable octets."""
    k = random(_KEY)
    return AuthenticationSubscription(Key(k), Key(milenage.opc(k, random(_KEY))))


def _octets(name: str, text: str, length: int) -> bytes:
    digits = "".join(text.split())
    try:
        octets = bytes.fromhex(digits) if digits.isalnum() else b""
    except ValueError:
        octets = b""
    if len(octets) != length:
        raise Unusable(f"{name} is {2 * length} hexadecimal digits")
    return octets
