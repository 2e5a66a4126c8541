"""TUAK, the authentication functions f1 to f5* on Keccak, and 5G AKA with them (TS 35.231, TS 33.501 6.1.3.2.0).

K has 16 or 32 octets, TOP, TOPc and the longest outputs 32, RAND 16, AMF two, and SQN is a number of 48 bits. A MAC has
8, 16 or 32 octets, RES 4, 8, 16 or 32, CK and IK 16 or 32; Keccak is iterated 1 to 255 times. A length there is not is
a ValueError with its name.
"""

from __future__ import annotations

import hmac

from freehold._native.crypto import tuak_f1 as f1
from freehold._native.crypto import tuak_f1_star as f1_star
from freehold._native.crypto import tuak_f5_star as f5_star
from freehold._native.crypto import tuak_f2345 as f2345
from freehold._native.crypto import tuak_topc as topc
from freehold.crypto.aka import Answer, Vector
from freehold.crypto.keys import kausf, res_star

__all__ = [
    "answer_challenge",
    "f1",
    "f1_star",
    "f5_star",
    "f2345",
    "generate_vector",
    "make_auts",
    "topc",
    "verify_auts",
]

# TS 33.102 6.3.3: the AMF of a resynchronisation.
_RESYNCHRONISATION_AMF = bytes(2)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def generate_vector(
    k: bytes, topc: bytes, rand: bytes, sqn: int, amf: bytes, serving_network_name: bytes, iterations: int = 1
) -> Vector:
    """The 5G home environment authentication vector of a RAND; RES has 8 octets (TS 33.501 6.1.3.2.0)."""
    mac = f1(k, topc, rand, sqn, amf, iterations=iterations)
    res, ck, ik, ak = f2345(k, topc, rand, iterations=iterations)
    concealed = _xor(sqn.to_bytes(6), ak)
    return Vector(
        rand,
        concealed + amf + mac,
        res_star(ck, ik, serving_network_name, rand, res),
        kausf(ck, ik, serving_network_name, concealed),
    )


def answer_challenge(
    k: bytes, topc: bytes, rand: bytes, autn: bytes, serving_network_name: bytes, iterations: int = 1
) -> Answer | None:
    """RES*, KAUSF and what AUTN said; None where its MAC is not the home network's, or its length (TS 33.102 6.3.3)."""
    if len(rand) != 16 or len(autn) != 16:
        return None
    res, ck, ik, ak = f2345(k, topc, rand, iterations=iterations)
    concealed, amf, mac = autn[:6], autn[6:8], autn[8:]
    sqn = int.from_bytes(_xor(concealed, ak))
    if not hmac.compare_digest(f1(k, topc, rand, sqn, amf, iterations=iterations), mac):
        return None
    star = res_star(ck, ik, serving_network_name, rand, res)
    return Answer(sqn, amf, star, kausf(ck, ik, serving_network_name, concealed))


def make_auts(k: bytes, topc: bytes, rand: bytes, sqn_ms: int, iterations: int = 1) -> bytes:
    """AUTS of the USIM's highest SQN for the challenge RAND (TS 33.102 6.3.3)."""
    mac = f1_star(k, topc, rand, sqn_ms, _RESYNCHRONISATION_AMF, iterations=iterations)
    return _xor(sqn_ms.to_bytes(6), f5_star(k, topc, rand, iterations)) + mac


def verify_auts(k: bytes, topc: bytes, rand: bytes, auts: bytes, iterations: int = 1) -> int | None:
    """SQNMS of an AUTS, None where MAC-S is not this subscriber's for this RAND (TS 33.102 6.3.5)."""
    if len(rand) != 16 or len(auts) != 14:
        return None
    sqn = int.from_bytes(_xor(auts[:6], f5_star(k, topc, rand, iterations)))
    mac = f1_star(k, topc, rand, sqn, _RESYNCHRONISATION_AMF, iterations=iterations)
    return sqn if hmac.compare_digest(mac, auts[6:]) else None
