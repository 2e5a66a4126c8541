"""User data: its header, its alphabet and its text (TS 23.040 9.2.3.24, TS 23.038 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from freehold.codecs.sms.alphabet import pack, septets_of, text_of, unpack
from freehold.codecs.sms.faults import Malformed

SEPTETS, OCTETS, UCS2 = range(3)
"""How user data is written (TS 23.038 4)."""
LONGEST: Final = 140
"""Octets of the user data of SMS-DELIVER and SMS-SUBMIT (TS 23.040 9.2.2.1, 9.2.2.2)."""


class Concatenation(msgspec.Struct, frozen=True, gc=False):
    """Which part of a long message this is, from 1; its reference has 8 or 16 bits (TS 23.040 9.2.3.24.1)."""

    reference: int
    parts: int
    part: int
    wide: bool = False


class ApplicationPorts(msgspec.Struct, frozen=True, gc=False):
    """The applications at both ends, by ports of 8 or 16 bits (TS 23.040 9.2.3.24.3, 9.2.3.24.4)."""

    destination: int
    originator: int
    wide: bool = False


class OtherElement(msgspec.Struct, frozen=True, gc=False):
    """An element of any other kind, or one that is to be ignored, as it came (TS 23.040 9.2.3.24)."""

    identifier: int
    content: bytes


Element = Concatenation | ApplicationPorts | OtherElement
CONCATENATED, PORTS, WIDE_PORTS, WIDE_CONCATENATED, SINGLE_SHIFT, LOCKING_SHIFT = 0, 4, 5, 8, 0x24, 0x25
"""Identifiers of elements (TS 23.040 9.2.3.24)."""


class UserData(msgspec.Struct, frozen=True, gc=False):
    """A text, or octets where the alphabet has no text: of septets, one an octet, where the alphabet is GSM's.

    `header` is None without one, and octets where its elements do not fill it: it is ignored then (TS 23.040 9.2.3.24).
    """

    content: str | bytes = ""
    header: tuple[Element, ...] | bytes | None = None


def alphabet(coding: int) -> int:
    """SEPTETS, OCTETS or UCS2 of a data coding scheme; reserved ones are the default alphabet (TS 23.038 4)."""
    if coding < 0x80:
        return OCTETS if coding & 0x20 else (SEPTETS, OCTETS, UCS2, SEPTETS)[coding >> 2 & 3]  # compressed: octets
    if coding >= 0xF0:
        return OCTETS if coding & 4 else SEPTETS
    return UCS2 if coding >= 0xE0 else SEPTETS


def _element(identifier: int, content: bytes) -> Element:
    if identifier in {CONCATENATED, WIDE_CONCATENATED} and len(content) == 3 + (identifier == WIDE_CONCATENATED):
        reference, (parts, part) = int.from_bytes(content[:-2], "big"), content[-2:]
        if 0 < part <= parts:  # otherwise it is ignored (TS 23.040 9.2.3.24.1)
            return Concatenation(reference, parts, part, identifier == WIDE_CONCATENATED)
    if identifier in {PORTS, WIDE_PORTS} and len(content) == 2 * (1 + (identifier == WIDE_PORTS)):
        half = len(content) // 2
        destination, originator = (int.from_bytes(port, "big") for port in (content[:half], content[half:]))
        return ApplicationPorts(destination, originator, identifier == WIDE_PORTS)
    return OtherElement(identifier, content)


def _header(octets: bytes) -> tuple[Element, ...] | bytes:
    """The elements of a header, or its octets where the last one does not end with it (TS 23.040 9.2.3.24)."""
    found, at = [], 0
    while at < len(octets):
        start = at + 2
        end = start + octets[at + 1] if start <= len(octets) else start
        if end > len(octets):
            return octets
        found.append(_element(octets[at], octets[start:end]))
        at = end
    return tuple(found)


def _element_octets(element: Element) -> bytes:
    match element:
        case OtherElement(identifier=identifier, content=content):
            pass
        case Concatenation(reference=reference, parts=parts, part=part, wide=wide):
            if not 0 < part <= parts:
                raise ValueError("a part is from 1 to the number of parts")  # TS 23.040 9.2.3.24.1
            identifier = WIDE_CONCATENATED if wide else CONCATENATED
            content = reference.to_bytes(1 + wide, "big") + bytes((parts, part))
        case ApplicationPorts(destination=destination, originator=originator, wide=wide):
            identifier = WIDE_PORTS if wide else PORTS
            content = destination.to_bytes(1 + wide, "big") + originator.to_bytes(1 + wide, "big")
    return bytes((identifier, len(content))) + content


def read_user_data(octets: bytes, at: int, coding: int, *, header: bool) -> tuple[UserData, int]:
    """Length and user data, and where they end; Malformed where one is too short for the other (TS 23.040 9.2.3.16)."""
    if at >= len(octets):
        raise Malformed
    count, kind = octets[at], alphabet(coding)
    end = at + 1 + ((7 * count + 7) // 8 if kind == SEPTETS else count)
    if end > len(octets):
        raise Malformed
    value = octets[at + 1 : end]
    elements: tuple[Element, ...] | bytes | None = None
    size = 0
    if header:
        size = 1 + value[0] if value else 1
        if size > len(value):
            raise Malformed
        elements = _header(value[1:size])
    return UserData(_content(value[size:], count, size, kind, elements), elements), end


def _content(
    octets: bytes, count: int, size: int, kind: int, header: tuple[Element, ...] | bytes | None
) -> str | bytes:
    if kind == SEPTETS:
        before = (8 * size + 6) // 7  # the text starts at the next septet (TS 23.040 9.2.3.24)
        if before > count:
            raise Malformed
        septets = unpack(octets, count - before, 7 * before - 8 * size)
        text = None if _shifted(header) else text_of(septets)
        return septets if text is None else text
    if kind == UCS2:
        try:
            return octets.decode("utf-16-be")
        except UnicodeDecodeError:
            return octets
    return octets


def _shifted(header: tuple[Element, ...] | bytes | None) -> bool:
    """Whether septets are of a national language's table and not of the default one (TS 23.038 6.2.1.2)."""
    return isinstance(header, tuple) and any(
        isinstance(element, OtherElement) and element.identifier in {SINGLE_SHIFT, LOCKING_SHIFT} for element in header
    )


def write_user_data(data: UserData, coding: int, longest: int = 255) -> bytes:
    """Length and user data; ValueError where the alphabet has not the text, or it is too long (TS 23.040 9.2.3.16)."""
    header, content, kind = b"", data.content, alphabet(coding)
    if data.header is not None:
        elements = data.header
        header = elements if isinstance(elements, bytes) else b"".join(map(_element_octets, elements))
        header = bytes((len(header),)) + header
    if kind == SEPTETS:
        before = (8 * len(header) + 6) // 7
        septets = septets_of(content) if isinstance(content, str) else content
        count, octets = before + len(septets), b""
        if count < 256:
            octets = header + pack(septets, 7 * before - 8 * len(header))
    else:
        if isinstance(content, str):
            if kind != UCS2:
                raise ValueError("user data of 8 bits is octets, not a text")
            content = content.encode("utf-16-be")
        octets = header + content
        count = len(octets)
    if count > 255 or len(octets) > longest:
        raise ValueError(f"user data is longer than {min(longest, 255)} octets")
    return bytes((count,)) + octets


def split(text: str, coding: int = 0, reference: int = 0, *, wide: bool = False) -> list[UserData]:
    """The user data of as many messages as a text takes, concatenated where it is more than one (TS 23.040 9.2.3.24.1).

    ValueError where the alphabet has not the text, or it takes more than 255 messages.
    """
    kind = alphabet(coding)
    if kind == OCTETS:
        raise ValueError("data of 8 bits is no text")
    room = LONGEST * 8 // (7 if kind == SEPTETS else 16)
    if _size(text, kind) <= room:
        return [UserData(text)]
    pieces = list(_pieces(text, kind, (LONGEST - 6 - wide) * 8 // (7 if kind == SEPTETS else 16)))
    if len(pieces) > 255:
        raise ValueError("a text takes 255 messages at the most")
    return [
        UserData(piece, (Concatenation(reference, len(pieces), part, wide),)) for part, piece in enumerate(pieces, 1)
    ]


def _size(text: str, kind: int) -> int:
    return len(septets_of(text)) if kind == SEPTETS else len(text.encode("utf-16-be")) // 2


def _pieces(text: str, kind: int, room: int) -> Iterator[str]:
    """Texts of at most `room` units; no extended character and no surrogate pair is divided."""
    start, used = 0, 0
    for at, character in enumerate(text):
        size = _size(character, kind)
        if used + size > room:
            yield text[start:at]
            start, used = at, 0
        used += size
    yield text[start:]
