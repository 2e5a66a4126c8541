"""Addresses: of the transfer layer, counted in semi-octets, and of the relay layer, counted in octets."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs.sms.alphabet import pack, septets_of, text_of, unpack
from freehold.codecs.sms.faults import Malformed
from freehold.codecs.sms.names import NumberingPlan, TypeOfNumber

ALPHANUMERIC: Final = int(TypeOfNumber.ALPHANUMERIC)
_DIGITS: Final = "0123456789*#abcf"  # TS 24.008 table 10.5.118; the last is no digit but can stand between some
_HEX: Final = str.maketrans(_DIGITS, "0123456789abcdef")
_FROM_HEX: Final = str.maketrans("0123456789abcdef", _DIGITS)
_ALLOWED: Final = frozenset(_DIGITS)
LONGEST: Final = 20
"""Semi-octets of a transfer layer's address (TS 23.040 9.1.2.5)."""


class Address(msgspec.Struct, frozen=True, gc=False):
    """A number in digits, or a name of septets (TS 23.040 9.1.2.5); such a name is octets where it has no one text."""

    number: str | bytes
    type_of_number: int = int(TypeOfNumber.INTERNATIONAL)
    numbering_plan: int = int(NumberingPlan.ISDN)

    @property
    def indicator(self) -> int:
        """The octet of type and plan; ValueError where one does not fit."""
        if not (0 <= self.type_of_number < 8 and 0 <= self.numbering_plan < 16):
            raise ValueError("an address has a type below 8 and a plan below 16")
        return 0x80 | self.type_of_number << 4 | self.numbering_plan


def _digits(octets: bytes) -> str:
    """The semi-octets of octets, the lower half of each first (TS 23.040 9.1.2.3)."""
    pairs = octets.hex()
    swapped = [""] * len(pairs)
    swapped[::2], swapped[1::2] = pairs[1::2], pairs[::2]
    return "".join(swapped).translate(_FROM_HEX)


def _semi_octets(number: str | bytes) -> bytes:
    if not isinstance(number, str) or not _ALLOWED.issuperset(number):
        raise ValueError(f"an address has digits, '*', '#', 'a', 'b' and 'c', not {number!r}")
    digits = number.translate(_HEX)
    digits += "f" * (len(digits) % 2)
    swapped = [""] * len(digits)
    swapped[::2], swapped[1::2] = digits[1::2], digits[::2]
    return bytes.fromhex("".join(swapped))


def read_address(octets: bytes, at: int) -> tuple[Address, int]:
    """An address of the transfer layer and where it ends; Malformed where it does not (TS 23.040 9.1.2.5)."""
    if at + 2 > len(octets):
        raise Malformed
    count, indicator = octets[at], octets[at + 1]
    end = at + 2 + (count + 1) // 2
    if count > LONGEST or end > len(octets):
        raise Malformed
    kind, plan, value = indicator >> 4 & 7, indicator & 15, octets[at + 2 : end]
    if kind != ALPHANUMERIC:
        return Address(_digits(value)[:count], kind, plan), end
    septets = unpack(value, 4 * count // 7)
    text = text_of(septets)
    return Address(septets if text is None else text, kind, plan), end


def write_address(address: Address) -> bytes:
    """The octets of an address of the transfer layer; ValueError where it does not fit (TS 23.040 9.1.2.5)."""
    number = address.number
    if address.type_of_number == ALPHANUMERIC:
        septets = septets_of(number) if isinstance(number, str) else number
        count, value = (7 * len(septets) + 3) // 4, pack(septets)
    else:
        count, value = len(number), _semi_octets(number)
    if count > LONGEST:
        raise ValueError(f"an address has {LONGEST} semi-octets at the most, not {count}")
    return bytes((count, address.indicator)) + value


def read_relay_address(octets: bytes) -> Address | None:
    """The value of an originator or destination address, None for one of no octet (TS 24.011 8.2.5.1, 8.2.5.2)."""
    if not octets:
        return None
    number = _digits(octets[1:])
    return Address(number.removesuffix("f"), octets[0] >> 4 & 7, octets[0] & 15)


def write_relay_address(address: Address | None) -> bytes:
    """Length and value of a relay address; ValueError where it does not fit (TS 24.011 8.2.5.1)."""
    if address is None:
        return b"\0"
    value = _semi_octets(address.number)
    if address.number[-1:] == "f" and len(address.number) % 2 == 0:
        raise ValueError("a whole number of octets does not end with the filler")
    return bytes((1 + len(value), address.indicator)) + value
