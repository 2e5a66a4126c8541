"""Messages as programs that this project did not write sent them: where they stand, and what must hold of each.

`tests/vectors/wire` has them as octets, a message a line, its protocol before it; other folders have captures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from freehold.codecs.capture import Carrier, is_capture, packets
from freehold.codecs.display import PROTOCOLS, Reading, carried_by, inside, protocol_named, render

VECTORS = Path(__file__).parents[2] / "vectors" / "wire"


def messages(path: Path, content: bytes) -> Iterator[tuple[str, bytes, str]]:
    """Protocol, octets and type of every message of a file."""
    if path.suffix == ".hex":
        for line in content.decode().splitlines():
            if line and not line.startswith("#"):
                protocol, digits = line.split()
                name, _, type_name = protocol.partition(":")
                yield name, bytes.fromhex(digits), type_name
    elif is_capture(content):
        carrier = Carrier()
        for packet in packets(content):
            for carried in carrier.messages(packet):
                row = carried_by(carried.ppid, carried.ports, carried.protocol)
                for piece in [] if row is None else row.split(carried.octets):
                    yield row.name, piece, carried.type_name


def whole(reading: Reading, octets: bytes, type_name: str = "") -> bool:
    """Whether what was read is written to the same octets, or to what this sender should have written.

    Of what is ciphered its octets are all there is. In PFCP the order of IEs is free (TS 29.244 7.2.3); an application
    protocol's IE may come with another criticality than its table's; RRC may come padded, or with defaults written out.
    """
    row = protocol_named(reading.protocol)
    again = row.encode(reading.message, reading.header)
    if again == octets or reading.ciphered:
        return True
    if row.name in {"pfcp", "rrc"}:
        return row.decode(again, type_name).message == reading.message
    differing = [mine ^ theirs for mine, theirs in zip(again, octets, strict=False) if mine != theirs]
    return len(again) == len(octets) and not any(bits & 0x3F for bits in differing)


def check(protocol: str, message: bytes, type_name: str) -> bool:
    """Judge one message and all in it; False where its sender has damaged it and it has a fault."""
    reading = PROTOCOLS[protocol].decode(message, type_name)
    if reading.message is None:
        assert reading.faults
        return False
    assert whole(reading, message, type_name), (protocol, message.hex())
    assert render(reading)
    for inner in within(reading):
        assert not inner.faults, (inner.protocol, inner.faults, message.hex())
    return True


def within(reading: Reading) -> Iterator[Reading]:
    """Every message in a message, however deep."""
    for _, inner in inside(reading):
        yield inner
        yield from within(inner)


def of_protocol(path: Path, content: bytes, protocol: str) -> list[tuple[bytes, Reading]]:
    """A file's messages of one protocol, alone or in others, each once: octets and what was read of them."""
    found: dict[bytes, Reading] = {}
    for name, octets, type_name in messages(path, content):
        outer = PROTOCOLS[name].decode(octets, type_name)
        if name == protocol:
            found[octets] = outer
        for inner in within(outer):
            if inner.protocol == protocol:
                found.setdefault(PROTOCOLS[protocol].encode(inner.message, inner.header), inner)
    return list(found.items())
