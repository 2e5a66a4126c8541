"""A secret in N shares of which any M give it back and fewer say nothing: Shamir's scheme, octet by octet over GF(256).

The field is that of AES (FIPS 197 4.2): x^8 + x^4 + x^3 + x + 1. Share number `x` holds each octet's polynomial at `x`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from freehold.spec.errors import Unusable

MOST: Final = 255
_REDUCTION: Final = 0x11B


def split(secret: bytes, shares: int, threshold: int, random: Callable[[int], bytes]) -> dict[int, bytes]:
    """The shares by number, 1 and up; `random` gives that many unpredictable octets."""
    if not 2 <= threshold <= shares <= MOST:
        raise Unusable(f"{threshold} of {shares} shares: at least 2, and no more than there are")
    coefficients = [secret, *(random(len(secret)) for _ in range(threshold - 1))]
    return {number: _evaluate(coefficients, number) for number in range(1, shares + 1)}


def join(shares: Mapping[int, bytes]) -> bytes:
    """The secret of as many shares as it takes; with fewer, or a wrong one, other octets."""
    if (
        not shares
        or not all(0 < number <= MOST for number in shares)
        or len({len(each) for each in shares.values()}) != 1
    ):
        raise Unusable("shares have numbers of their own, 1 to 255, and one length")
    secret = bytes(len(next(iter(shares.values()))))
    for number, share in shares.items():
        weight = 1
        for other in shares:
            if other != number:  # Lagrange's weight at 0; minus is plus here
                weight = multiply(weight, multiply(other, _inverse(other ^ number)))
        secret = bytes(octet ^ multiply(weight, part) for octet, part in zip(secret, share, strict=True))
    return secret


def multiply(left: int, right: int) -> int:
    """The product in GF(256), without a branch or a table that depends on the factors."""
    product = 0
    for bit in range(8):
        product ^= left * (right >> bit & 1)
        left = (left << 1) ^ (_REDUCTION * (left >> 7))
    return product


def _inverse(value: int) -> int:
    """The inverse: the 254th power."""
    result, power = 1, value
    for bit in range(8):
        if 254 >> bit & 1:
            result = multiply(result, power)
        power = multiply(power, power)
    return result


def _evaluate(coefficients: list[bytes], at: int) -> bytes:
    value = bytes(len(coefficients[0]))
    for coefficient in reversed(coefficients):
        value = bytes(multiply(octet, at) ^ term for octet, term in zip(value, coefficient, strict=True))
    return value
