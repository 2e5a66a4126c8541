"""The GSM 7 bit default alphabet, its extension, and their packing (TS 23.038 6.1.2.1, 6.2.1)."""

from __future__ import annotations

import codecs
from typing import Final

_NONE: Final = "\ufffe"  # what a codec table calls undefined
ESCAPE: Final = 0x1B
"""The septet that says that the next one is of the extension table (TS 23.038 6.2.1.1)."""
_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ" + _NONE + "ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà" + _NONE * 128
)
_EXTENSION: Final = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True))
_TO_SEPTETS: Final = codecs.charmap_build(_DEFAULT)
# The same with the escape itself, for texts whose extended characters stand as escape and septet.
_TO_ESCAPED: Final = codecs.charmap_build(_DEFAULT.replace(_NONE, "\x1b", 1))
_ESCAPED: Final = {ord(character): f"\x1b{_DEFAULT[septet]}" for septet, character in _EXTENSION.items()}

_LEVELS: Final = 8
SEPTETS: Final = 1 << _LEVELS
"""As many septets as a length octet can count, and one (TS 23.040 9.2.3.16)."""


def _halves(level: int, spacing: int) -> int:
    """The lower halves of all blocks of 2 << level septets, `spacing` bits a block."""
    half = (1 << (7 << level)) - 1
    return sum(half << at for at in range(0, (SEPTETS >> (level + 1)) * spacing, spacing))


_LOWER: Final = [_halves(level, 16 << level) for level in range(_LEVELS)]
_PACKED: Final = [lower << (7 << level) for level, lower in enumerate(_LOWER)]
_SPREAD: Final = [lower << (8 << level) for level, lower in enumerate(_LOWER)]


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Septets, one an octet, after `fill` bits, seven bits each; ValueError where one has eight (TS 23.038 6.1.2.1.1).

    Neighbours are joined in halving steps over one whole number, which is many times faster than one by one.
    """
    if not septets.isascii():
        raise ValueError("a septet has seven bits")
    number = int.from_bytes(septets, "little")
    for level in range((len(septets) - 1).bit_length() if septets else 0):
        number = number & _LOWER[level] | (number & _SPREAD[level]) >> (1 << level)
    return (number << fill).to_bytes((7 * len(septets) + fill + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """`count` septets, one an octet, that stand packed after `fill` bits (TS 23.038 6.1.2.1.1)."""
    number = int.from_bytes(octets, "little") >> fill & (1 << 7 * count) - 1
    for level in reversed(range((count - 1).bit_length() if count else 0)):
        number = number & _LOWER[level] | (number & _PACKED[level]) << (1 << level)
    return number.to_bytes(count, "little")


def septets_of(text: str) -> bytes:
    """The septets of a text, extended characters as two; ValueError names a character that is in neither table."""
    try:
        return codecs.charmap_encode(text, "strict", _TO_SEPTETS)[0]
    except UnicodeEncodeError:
        pass
    if "\x1b" in text:
        raise ValueError("the GSM alphabet has no character '\\x1b'")
    try:
        return codecs.charmap_encode(text.translate(_ESCAPED), "strict", _TO_ESCAPED)[0]
    except UnicodeEncodeError as wrong:
        raise ValueError(f"the GSM alphabet has no character {wrong.object[wrong.start]!r}") from None


def text_of(septets: bytes) -> str | None:
    """The text of septets, None where an escape leads to no character: such septets have no one text."""
    first, *escaped = septets.split(b"\x1b")
    text = codecs.charmap_decode(first, "strict", _DEFAULT)[0]
    for part in escaped:
        character = _EXTENSION.get(part[0]) if part else None
        if character is None:
            return None
        text += character + codecs.charmap_decode(part[1:], "strict", _DEFAULT)[0]
    return text
