"""5G AKA at both ends: the vector of the home network and the answer of USIM and ME (TS 33.501 6.1.3.2.0)."""

from __future__ import annotations

import hmac
from typing import NamedTuple

from msgspec import Struct

from freehold._native import crypto as _native
from freehold._native.crypto import make_auts, verify_auts
from freehold.crypto.keys import kausf, res_star

__all__ = [
    "SEPARATION_BIT",
    "Answer",
    "Milenage",
    "Vector",
    "answer_challenge",
    "concealed_sqn",
    "generate_vector",
    "make_auts",
    "same_mac",
    "vector_of",
    "verify_auts",
]

# TS 33.501 6.1.3.2.0 step 1: the AMF field of a vector for 5GS has bit 0, the most significant one, set.
SEPARATION_BIT = 0x80


class Vector(Struct, frozen=True, gc=False):
    """What a challenge becomes in the home network (TS 33.501 6.1.3.2.0 steps 1 and 2)."""

    rand: bytes
    autn: bytes
    xres_star: bytes
    kausf: bytes

    def __repr__(self) -> str:
        return f"Vector(rand={self.rand.hex()}, autn={self.autn.hex()})"


class Answer(Struct, frozen=True, gc=False):
    """What USIM and ME make of a challenge whose MAC is right; SQN and AMF are still to be judged."""

    sqn: int
    amf: bytes
    res_star: bytes
    kausf: bytes

    def __repr__(self) -> str:
        return f"Answer(amf={self.amf.hex()})"

    @property
    def separated(self) -> bool:
        """Whether the separation bit says that the vector is for 5GS or EPS (TS 33.501 6.1.3.2.0 step 7)."""
        return bool(self.amf[0] & SEPARATION_BIT)


def generate_vector(k: bytes, opc: bytes, rand: bytes, sqn: int, amf: bytes, serving_network_name: bytes) -> Vector:
    """The 5G home environment authentication vector of a RAND of 16 octets and a SQN of 48 bits."""
    return Vector(rand, *_native.generate_vector(k, opc, rand, sqn, amf, serving_network_name))


def answer_challenge(k: bytes, opc: bytes, rand: bytes, autn: bytes, serving_network_name: bytes) -> Answer | None:
    """RES*, KAUSF and what AUTN said; None where its MAC is not the home network's, or its length (TS 33.102 6.3.3)."""
    answer = _native.answer_challenge(k, opc, rand, autn, serving_network_name)
    return None if answer is None else Answer(*answer)


class Milenage(NamedTuple):
    """What f1 to f5* give for one RAND, SQN and AMF, wherever they were computed (TS 35.206 4.1)."""

    mac_a: bytes
    mac_s: bytes
    res: bytes
    ck: bytes
    ik: bytes
    ak: bytes
    ak_star: bytes


def vector_of(out: Milenage, rand: bytes, sqn: int, amf: bytes, serving_network_name: bytes) -> Vector:
    """The vector of functions that were computed elsewhere (TS 33.501 6.1.3.2.0 steps 1 and 2)."""
    concealed = _xor(sqn.to_bytes(6), out.ak)
    star = res_star(out.ck, out.ik, serving_network_name, rand, out.res)
    return Vector(rand, concealed + amf + out.mac_a, star, kausf(out.ck, out.ik, serving_network_name, concealed))


def concealed_sqn(auts: bytes, ak_star: bytes) -> int:
    """The SQN that an AUTS conceals (TS 33.102 6.3.3)."""
    return int.from_bytes(_xor(auts[:6], ak_star))


def same_mac(auts: bytes, mac_s: bytes) -> bool:
    """Whether MAC-S is that of an AUTS, in constant time (TS 33.102 6.3.5)."""
    return hmac.compare_digest(auts[6:], mac_s)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
