"""The protection schemes of the SUCI, at the UE and at the home network (TS 33.501 Annex C).

`conceal(scheme, home_public_key, ephemeral_private_key, plain)` gives the scheme output and
`deconceal(scheme, home_private_key, scheme_output)` the plaintext, or raises SchemeOutputError, whose text is the step
that failed: "length", "public key" or "mac" (TS 33.501 C.3.3). Private keys have 32 octets; an ephemeral one is drawn
by the caller for every SUCI. `suci_public_key` is what the home network provisions: 32 octets, or a compressed point
of 33.
"""

from __future__ import annotations

from enum import IntEnum

from freehold._native.crypto import SchemeOutputError, conceal, deconceal, suci_public_key

__all__ = [
    "Scheme",
    "SchemeOutputError",
    "conceal",
    "deconceal",
    "imsi_plaintext",
    "msin_of_plaintext",
    "suci_public_key",
]


class Scheme(IntEnum):
    """Protection scheme identifiers (TS 33.501 C.1)."""

    NULL = 0
    PROFILE_A = 1
    PROFILE_B = 2


def imsi_plaintext(msin: str) -> bytes:
    """The scheme input of a MSIN of decimal digits: packed BCD, the first digit in the low half (TS 33.501 C.3.1)."""
    digits = msin if len(msin) % 2 == 0 else msin + "F"
    return bytes.fromhex("".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2)))


def msin_of_plaintext(plain: bytes) -> str | None:
    """The digits of a scheme input, or None where it is not the packed BCD of 1 to 10 digits (TS 23.003 2.2)."""
    swapped = plain.hex()
    digits = "".join(swapped[i + 1] + swapped[i] for i in range(0, len(swapped), 2))
    digits = digits.removesuffix("f")
    return digits if 1 <= len(digits) <= 10 and digits.isdecimal() else None
