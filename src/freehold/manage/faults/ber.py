"""As much of BER (ITU-T X.690) as SNMP traps and the dates of a certificate need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
OBJECT: Final = 0x06
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30


def tlv(tag: int, content: bytes) -> bytes:
    """One value: tag, length, content (X.690 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(parts: Iterable[bytes], tag: int = SEQUENCE) -> bytes:
    """Values one after the other."""
    return tlv(tag, b"".join(parts))


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A whole number in two's complement (X.690 8.3)."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def text(value: str) -> bytes:
    """An OCTET STRING of UTF-8."""
    return tlv(OCTETS, value.encode())


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER (X.690 8.19)."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    octets = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        octets += bytes(reversed(groups))
    return tlv(OBJECT, bytes(octets))


def values(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The values in these octets, one after the other: tag and content; ValueError where they are no BER."""
    place = 0
    while place < len(octets):
        try:
            tag, length = octets[place], octets[place + 1]
            place += 2
            if length & 0x80:
                more = length & 0x7F
                length = int.from_bytes(octets[place : place + more], "big")
                place += more
                if not 1 <= more <= 4:
                    raise ValueError("an indefinite or endless length")
        except IndexError:
            raise ValueError("cut short") from None
        if place + length > len(octets):
            raise ValueError("cut short")
        yield tag, octets[place : place + length]
        place += length


def not_after(certificate: bytes) -> float:
    """When a certificate in DER expires, in seconds since 1970 (RFC 5280 4.1.2.5); ValueError where it is none."""
    _, whole = next(values(certificate), (0, b""))
    _, signed = next(values(whole), (0, b""))
    dates = [
        content
        for tag, content in values(signed)
        if tag == SEQUENCE and next(values(content), (0, b""))[0] in {UTC_TIME, GENERALIZED_TIME}
    ]
    times = list(values(dates[0])) if dates else []
    if len(times) != 2:
        raise ValueError("no validity")
    tag, content = times[1]
    shown = content.decode("ascii", "replace")
    if tag == UTC_TIME:
        shown = ("19" if shown[:2] >= "50" else "20") + shown  # RFC 5280 4.1.2.5.1
    return datetime.strptime(shown, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
