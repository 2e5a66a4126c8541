"""An application protocol's PDU taken apart and put together by hand, to damage it where a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

CRITICALITIES = ("reject", "ignore", "notify")


@dataclass(frozen=True)
class Ie:
    """One IE of a container."""

    id: int
    criticality: str
    value: bytes


@dataclass(frozen=True)
class Pdu:
    """Kind (0..2), procedure code, criticality, and the IEs of the message; how many bits stand before the kind's end.

    `transaction` is NRPPa's two octets between the criticality and the message.
    """

    kind: int
    procedure_code: int
    criticality: str
    ies: list[Ie] = field(default_factory=list)
    kind_bits: int = 3
    transaction: bytes = b""

    def octets(self) -> bytes:
        """The PDU's octets."""
        content = b"".join(
            ie.id.to_bytes(2, "big") + bytes([CRITICALITIES.index(ie.criticality) << 6]) + counted(ie.value)
            for ie in self.ies
        )
        message = b"\0" + len(self.ies).to_bytes(2, "big") + content
        header = bytes(
            [self.kind << 8 - self.kind_bits, self.procedure_code, CRITICALITIES.index(self.criticality) << 6]
        )
        return header + self.transaction + counted(message)

    def with_ies(self, ies: list[Ie]) -> bytes:
        """The octets with other IEs."""
        return replace(self, ies=ies).octets()


def counted(octets: bytes) -> bytes:
    """Octets after their length (X.691 11.9), fragments included."""
    out = b""
    while len(octets) >= 0x4000:
        count = min(len(octets) // 0x4000, 4)
        out += bytes([0xC0 | count]) + octets[: count * 0x4000]
        octets = octets[count * 0x4000 :]
    length = bytes([len(octets)]) if len(octets) < 0x80 else (0x8000 | len(octets)).to_bytes(2, "big")
    return out + length + octets


def uncounted(octets: bytes) -> tuple[bytes, bytes]:
    """Content after a length, and the rest."""
    content = b""
    while True:
        first = octets[0]
        if first < 0x80:
            start, length = 1, first
        elif first < 0xC0:
            start, length = 2, int.from_bytes(octets[:2], "big") & 0x3FFF
        else:
            start, length = 1, (first & 0x3F) * 0x4000
        content += octets[start : start + length]
        octets = octets[start + length :]
        if first < 0xC0:
            return content, octets


def take_apart(octets: bytes, opening: dict[str, Any] | None = None) -> Pdu:
    """The PDU that `octets` are; `opening` is the tables' word on how it begins, NGAP's where none is given."""
    bits = 3 if opening is None or opening["extensible"] else 2
    start = 3 if opening is None or opening["transaction"] is None else 5
    content, _ = uncounted(octets[start:])
    ies, rest = [], content[3:]
    for _ in range(int.from_bytes(content[1:3], "big")):
        number, criticality = int.from_bytes(rest[:2], "big"), CRITICALITIES[rest[2] >> 6]
        value, rest = uncounted(rest[3:])
        ies.append(Ie(number, criticality, value))
    return Pdu(octets[0] >> 8 - bits, octets[1], CRITICALITIES[octets[2] >> 6], ies, bits, octets[3:start])
