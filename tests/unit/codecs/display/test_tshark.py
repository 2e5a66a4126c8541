"""Wireshark's dissectors read the messages of every application protocol, value by value, as a capture read here is."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from asn1kit import analyser
from asn1kit.generate import Generator
from asn1kit.tables import messages, table
from freehold.codecs.asn1 import EncodeError
from freehold.codecs.capture import Carrier, packets
from freehold.codecs.display import PROTOCOLS, carried_by

TSHARK = shutil.which("tshark")
RAW_IP = 101


def packet(octets: bytes, number: int, ppid: int) -> bytes:
    """An IPv4 packet with one DATA chunk (RFC 9260 3.3.1)."""
    chunk = struct.pack("!BBHIHHI", 0, 3, 16 + len(octets), number, 0, number & 0xFFFF, ppid) + octets
    body = struct.pack("!HHII", 40000, 40001, 1, 0) + chunk + bytes(-len(octets) % 4)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 132, 0)
    return head + bytes((10, 0, 0, 1, 10, 0, 0, 2)) + body


def capture(path: Path, frames: list[bytes]) -> None:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, RAW_IP)
    for number, frame in enumerate(frames):
        out += struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame
    path.write_bytes(out)


class Plain(Generator):
    """Values that a dissector can show: octets that begin with a PLMN identity, numbers of the root."""

    def _int(self, body: dict[str, Any], depth: int) -> object:
        return super()._int(body | {"ext": False}, depth)

    def _octets(self, body: dict[str, Any], depth: int) -> object:
        octets = super()._octets(body, depth)
        return b"\x00\xf1\x10" + octets[3:] if (body["lb"], body["ub"]) in {(3, 3), (8, 8)} else octets


def drawn(protocol: str) -> list[tuple[str, bytes]]:
    """Name and octets of every message with what it must have."""
    row, made = PROTOCOLS[protocol], []
    for name, _ in messages(protocol):
        try:
            made.append((name, row.room.encode(Plain(protocol, row.room, random.Random(name), 0.0).named(name))))
        except EncodeError:  # its own extension is mandatory in the ASN.1 (asn1kit.generate.NOT_BUILT)
            continue
    return made


# Messages in which the dissector reads random octets further, or an IE as another release has it
OTHERWISE = {
    "f1ap": {
        "PrivateMessage",
        "WriteReplaceWarningRequest",
        "TRPInformationResponse",
        "ReferenceTimeInformationReport",
    },
    "e1ap": {"PrivateMessage"},
    "ngap": {"RerouteNASRequest", "BroadcastSessionSetupRequest"},
    "xnap": {"CellActivationRequest", "PartialUEContextTransfer"},
}
LEAST_KNOWN = 0.5
"""Of a protocol's messages, at least: the dissector is of an earlier release."""


@pytest.mark.interop
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("protocol", ["f1ap", "e1ap", "xnap", "ngap"])
def test_when_every_message_is_captured_then_tshark_reads_the_same_values(tmp_path, protocol):
    row, rows, path = PROTOCOLS[protocol], drawn(protocol), tmp_path / "all.pcap"
    assert len(rows) > 0.9 * len(messages(protocol))
    capture(path, [packet(octets, at, row.ppids[0]) for at, (_, octets) in enumerate(rows)])
    carrier, theirs, known = Carrier(), analyser.dissect(path, protocol), 0
    assert len(theirs) == len(rows)
    for each, (name, octets), shown in zip(packets(path.read_bytes()), rows, theirs, strict=True):
        (message,) = carrier.messages(each)
        assert carried_by(message.ppid, message.ports) is row
        reading = row.decode(message.octets)
        assert (reading.name, row.encode(reading.message, reading.header)) == (name, octets)
        head = [analyser.KINDS.index(reading.header.kind), reading.header.procedure_code]
        assert analyser.missed(head, shown) is None
        known += shown.known
        values = [*head, *analyser.leaves(protocol, table(protocol)["types"][name], reading.message)]
        assert not shown.known or name in OTHERWISE[protocol] or analyser.missed(values, shown) is None, name
    assert known > LEAST_KNOWN * len(rows)
