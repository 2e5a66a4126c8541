"""Wireshark's dissector reads what is encoded here: an independent witness of types, lengths and values."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from eapkit import Generator
from freehold.codecs import eap

TSHARK = shutil.which("tshark")
LINKTYPE_USER0 = 147
DISSECTOR = 'uat:user_dlts:"User 0 (DLT=147)","eap","0","","0",""'
FIELDS = (
    "eap.code",
    "eap.id",
    "eap.len",
    "eap.type",
    "eap.aka.subtype",
    "eap.aka.subtype.type",
    "eap.aka.subtype.len",
    "eap.aka.subtype.value",
    "_ws.malformed",
)
pytestmark = [pytest.mark.interop, pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")]


def dissected(path: Path, packets: list[bytes]) -> list[dict[str, list[str]]]:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, LINKTYPE_USER0)
    for number, octets in enumerate(packets):
        out += struct.pack("<IIII", number, 0, len(octets), len(octets)) + octets
    path.write_bytes(out)
    words = [str(TSHARK), "-r", str(path), "-o", DISSECTOR, "-T", "fields"]
    words += [word for name in FIELDS for word in ("-e", name)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout.split("\n")[:-1]
    rows = [[each.split(",") if each else [] for each in line.split("\t")] for line in shown]
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


def attributes(method: eap.Aka) -> tuple[list[str], list[str], list[str]]:
    """Types, lengths in words, and the values, as the dissector lists them."""
    written = [eap.write_attributes((each,)) for each in method.attributes]
    return (
        [str(octets[0]) for octets in written],
        [str(octets[1]) for octets in written],
        # of an identity, a notification and an error code the dissector has fields of their own
        [octets[2:].hex() for octets in written if octets[0] not in {12, 14, 22}],
    )


def test_when_packets_are_of_every_kind_then_tshark_reads_the_same_attributes(tmp_path: Path) -> None:
    messages = [Generator(seed).message() for seed in range(600)]
    rows = dissected(tmp_path / "all.pcap", [eap.encode(message) for message in messages])

    assert len(rows) == len(messages)
    for message, row in zip(messages, rows, strict=True):
        octets = eap.encode(message)
        head = (str(message.code), str(message.identifier), str(len(octets)))
        assert tuple(row[name][0] for name in FIELDS[:3]) == head
        method = getattr(message, "method", None)
        if isinstance(method, eap.Aka):
            assert row["_ws.malformed"] == []
            assert row["eap.aka.subtype"] == [str(int(method.subtype))]
            assert tuple(row[name] for name in FIELDS[5:8]) == attributes(method), message
        elif method is not None:
            assert row["eap.type"][0] == str(octets[4])
