"""Messages that pycrate makes from its own schema: read and written here to the octet, and read by Wireshark."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

import pytest

from asn1kit import tables
from asn1kit.witness import PYTHON
from freehold.codecs.capture import Carrier, packets
from freehold.codecs.capture.messages import DISSECTORS
from freehold.codecs.display import PROTOCOLS, protocol_named

MAKER = Path(__file__).resolve().parents[2] / "support/asn1kit/pycrate_maker.py"
WITH_PROCEDURES = ("ngap", "xnap", "f1ap", "e1ap", "nrppa", "e2ap")
UPPER_PDU = 252
# Octets whose protocol is none of ours, or that this dissector reads as a type of its own release
NOT_OURS = {
    "e1ap": {"PrivateMessage"},  # an object identifier that nobody registered
    "f1ap": {
        "PrivateMessage",
        "GNBDUResourceCoordinationRequest",  # X2AP
        "GNBDUResourceCoordinationResponse",
        "WriteReplaceWarningRequest",  # which SIB it is, a number beside it says
        "ReferenceTimeInformationReport",
        "PositioningMeasurementReport",
    },
    "xnap": {
        "PrivateMessage",
        "HandoverRequest",  # S1AP in the history of the UE
        "FailureIndication",  # a report of RRC
        "RetrieveUEContextResponse",
    },
    "ngap": {
        "PrivateMessage",
        "HandoverRequired",  # S1AP in the history of the UE
        "RerouteNASRequest",  # a message of NGAP
        "UERadioCapabilityInfoIndication",  # capabilities of LTE
        "UERadioCapabilityIDMappingResponse",
    },
    "e2ap": {"RICindication"},  # a service model's
}
NOT_READ_ON = ("lte-rrc", "nas-5gs", "pdcp-nr", "pdcp-lte", "x2ap", "s1ap", "nrppa")


@cache
def made(protocol: str, seeds: int) -> list[tuple[str, bytes]]:
    """Name and octets of every message of a protocol, `seeds` times."""
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    words = [str(PYTHON), str(MAKER), protocol, str(seeds)]
    lines = subprocess.run(words, capture_output=True, text=True, check=True, timeout=600).stdout.splitlines()
    return [(name, bytes.fromhex(octets)) for name, octets in map(json.loads, lines)]


def judge(protocol: str, seeds: int) -> None:
    row, rows = PROTOCOLS[protocol], made(protocol, seeds)
    for name, octets in rows:
        reading = row.decode(octets, name.partition("/")[0] if row.types else "")
        faults = [fault for fault in reading.faults if "65000" not in fault]  # the maker's IE of a later version
        assert (reading.message is not None, faults) == (True, []), (name, octets.hex())
        assert row.encode(reading.message, reading.header) == octets, name
        assert row.types or reading.name == name
    if not row.types:
        every = {name for name, _ in tables.messages(protocol)}
        assert {name for name, _ in rows} == every


@pytest.mark.parametrize("protocol", [*WITH_PROCEDURES, "rrc"])
def test_when_pycrate_makes_every_message_then_it_is_read_and_written_to_the_octet(protocol: str) -> None:
    judge(protocol, 1)


@pytest.mark.soak
@pytest.mark.parametrize("protocol", [*WITH_PROCEDURES, "rrc"])
def test_when_pycrate_makes_every_message_with_optional_ies_then_it_is_read_and_written(protocol: str) -> None:
    judge(protocol, 30)


def exported(name: bytes, octets: bytes) -> bytes:
    """A packet as a program exports it with its dissector's name."""
    padded = name + bytes(-len(name) % 4)
    return struct.pack("!HH", 12, len(padded)) + padded + bytes(4) + octets


def capture(path: Path, frames: list[bytes]) -> None:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, UPPER_PDU)
    for number, frame in enumerate(frames):
        out += struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame
    path.write_bytes(out)


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("protocol", ["ngap", "xnap", "f1ap", "e1ap", "nrppa", "rrc"])
def test_when_what_pycrate_made_is_captured_then_tshark_reads_it_all_and_so_do_we(
    protocol: str, tmp_path: Path
) -> None:
    dissector = {type_name or name: said for said, (name, type_name) in DISSECTORS.items()}
    rows, path = made(protocol, 1), tmp_path / "made.pcap"
    names = [name.partition("/")[0] if protocol == "rrc" else protocol for name, _ in rows]
    capture(path, [exported(dissector[name], octets) for name, (_, octets) in zip(names, rows, strict=True)])
    words = ["tshark", "-r", str(path), "-T", "fields", "-e", "_ws.malformed", "-e", "frame.protocols"]
    words += [word for each in NOT_READ_ON if each != protocol for word in ("--disable-protocol", each)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300).stdout.split("\n")[:-1]

    assert len(shown) == len(rows)
    malformed = {name for (name, _), line in zip(rows, shown, strict=True) if line.split("\t")[0]}
    assert malformed <= NOT_OURS.get(protocol, set())
    assert all(f":{'nr-rrc' if protocol == 'rrc' else protocol}" in line for line in shown)
    carrier = Carrier()
    found = [message for packet in packets(path.read_bytes()) for message in carrier.messages(packet)]
    assert [message.octets for message in found] == [octets for _, octets in rows]
    for message in found:
        row = protocol_named(message.protocol)
        reading = row.decode(message.octets, message.type_name)
        assert row.encode(reading.message, reading.header) == message.octets
