"""Messages that pycrate makes from its own schema: read and written to the octet, with the values Wireshark reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from asn1kit import analyser, tables
from asn1kit.witness import PYTHON
from freehold.codecs.capture import Carrier, packets
from freehold.codecs.display import PROTOCOLS, Reading, protocol_named

MAKER = Path(__file__).resolve().parents[2] / "support/asn1kit/pycrate_maker.py"
WITH_PROCEDURES = ("ngap", "xnap", "f1ap", "e1ap", "nrppa", "e2ap")
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
# Messages in which this dissector, of an earlier release, knows an IE or an alternative less or otherwise
OTHER_RELEASE = {
    "e1ap": {"PrivateMessage"},
    "f1ap": {"PositioningMeasurementReport", "WriteReplaceWarningRequest"},
    "ngap": {
        "BroadcastSessionSetupRequest",
        "DownlinkRANEarlyStatusTransfer",
        "UplinkRANEarlyStatusTransfer",
        "RerouteNASRequest",
    },
    "nrppa": {"MeasurementReport"},
    "rrc": {
        "SCCHMessage/messageClassExtension/c2/ueInformationRequestSidelink-r18",
        "SCCHMessage/messageClassExtension/c2/ueInformationResponseSidelink-r18",
        "ULDCCHMessage/messageClassExtension/c2/indirectPathFailureInformation-r18",
    },
}
LEAST_KNOWN = 0.5
"""Of a protocol's messages, at least."""


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


def read_elsewhere(protocol: str, name: str, reading: Reading, theirs: analyser.Shown) -> bool:
    """Whether the analyser shows every value that is read here, where it knows the message."""
    number = tables.table(protocol)["types"][name.partition("/")[0] if protocol == "rrc" else name]
    lost = analyser.missed(analyser.leaves(protocol, number, reading.message), theirs)
    return lost is None or name in OTHER_RELEASE.get(protocol, ())


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("protocol", ["ngap", "xnap", "f1ap", "e1ap", "nrppa", "rrc"])
def test_when_what_pycrate_made_is_captured_then_tshark_reads_the_same_values(protocol: str, tmp_path: Path) -> None:
    rows, path, name_there = made(protocol, 1), tmp_path / "made.pcap", {"rrc": "nr-rrc"}.get(protocol, protocol)
    types = [name.partition("/")[0] if protocol == "rrc" else "" for name, _ in rows]
    analyser.exported(path, [(protocol, each, octets) for each, (_, octets) in zip(types, rows, strict=True)])
    theirs = analyser.dissect(path, name_there)

    carrier = Carrier()
    found = [message for packet in packets(path.read_bytes()) for message in carrier.messages(packet)]
    assert [message.octets for message in found] == [octets for _, octets in rows]
    assert len(theirs) == len(rows)
    assert all(f":{name_there}" in shown.protocols for shown in theirs)
    malformed = {name for (name, _), shown in zip(rows, theirs, strict=True) if shown.malformed}
    assert malformed <= NOT_OURS.get(protocol, set())
    known = 0
    for (name, octets), message, shown in zip(rows, found, theirs, strict=True):
        reading = protocol_named(message.protocol).decode(message.octets, message.type_name)
        assert protocol_named(message.protocol).encode(reading.message, reading.header) == octets
        known += shown.known
        assert not shown.known or name in malformed or read_elsewhere(protocol, name, reading, shown), name
    assert known >= LEAST_KNOWN * len(rows)
