"""Wireshark's dissectors name the messages of every application protocol as a capture read here does."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from asn1kit.generate import Generator
from asn1kit.tables import messages
from freehold.codecs.asn1 import EncodeError
from freehold.codecs.capture import Carrier, packets
from freehold.codecs.display import PROTOCOLS, carried_by

TSHARK = shutil.which("tshark")
RAW_IP = 101
INSIDE = ("nr-rrc", "lte-rrc", "nrppa", "nas-5gs", "pdcp-nr", "ngap")
"""Dissected further inside octets that are random here."""
KINDS = ("initiatingMessage", "successfulOutcome", "unsuccessfulOutcome")


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


def drawn(protocol: str) -> list[bytes]:
    """The octets of every message with what it must have."""
    row, made = PROTOCOLS[protocol], []
    for name, _ in messages(protocol):
        try:
            made.append(row.room.encode(Generator(protocol, row.room, random.Random(name), 0.0).named(name)))
        except EncodeError:  # its own extension is mandatory in the ASN.1 (asn1kit.generate.NOT_BUILT)
            continue
    return made


def theirs(path: Path, protocol: str) -> list[tuple[str, int]]:
    """Kind and procedure code of every message as the dissector finds them."""
    pdu = {"xnap": "xnap.XnAP_PDU"}.get(protocol, f"{protocol}.{protocol.upper()}_PDU")
    words = [str(TSHARK), "-r", str(path), "-T", "fields", "-e", pdu, "-e", f"{protocol}.procedureCode"]
    words += [word for each in INSIDE if each != protocol for word in ("--disable-protocol", each)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in shown.splitlines()]
    return [(KINDS[int(kind.split(",")[0])], int(code.split(",")[0])) for kind, code in rows]


@pytest.mark.interop
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("protocol", ["f1ap", "e1ap", "xnap", "ngap"])
def test_when_every_message_is_captured_then_tshark_names_each_as_it_is_read_here(tmp_path, protocol):
    octets = drawn(protocol)
    assert len(octets) > 0.9 * len(messages(protocol))
    path = tmp_path / "all.pcap"
    capture(path, [packet(each, at, PROTOCOLS[protocol].ppids[0]) for at, each in enumerate(octets)])
    carrier, mine = Carrier(), []
    for each in packets(path.read_bytes()):
        for message in carrier.messages(each):
            row = carried_by(message.ppid, message.ports)
            reading = row.decode(message.octets)
            assert row.encode(reading.message, reading.header) == message.octets
            mine.append((reading.header.kind, reading.header.procedure_code))
    assert mine == theirs(path, protocol)
