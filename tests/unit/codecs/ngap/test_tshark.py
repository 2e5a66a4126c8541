"""Wireshark's dissector reads what is encoded here: an independent witness of the octets."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from asn1kit.generate import Generator
from asn1kit.tables import messages
from freehold.codecs import ngap

TSHARK = shutil.which("tshark")
LINKTYPE_SCTP = 248
PPID_NGAP = 60  # TS 38.412 7


def sctp(octets: bytes, number: int) -> bytes:
    """An SCTP packet of one DATA chunk (RFC 9260 3.3.1)."""
    padding = bytes(-len(octets) % 4)
    chunk = struct.pack("!BBHIHHI", 0, 3, 16 + len(octets), number, 0, number % 65536, PPID_NGAP) + octets + padding
    return struct.pack("!HHII", 38412, 38412, 1, 0) + chunk


def pcap(path: Path, pdus: list[bytes]) -> None:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, LINKTYPE_SCTP)
    for number, octets in enumerate(pdus):
        packet = sctp(octets, number)
        out += struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet
    path.write_bytes(out)


class Plain(Generator):
    """Values whose octets a dissector can take: three or eight of them begin with a PLMN identity."""

    def _octets(self, body: dict, depth: int) -> object:
        octets = super()._octets(body, depth)
        return b"\x00\xf1\x10" + octets[3:] if (body["lb"], body["ub"]) in {(3, 3), (8, 8)} else octets


# Dissected further inside NGAP's octets, which are random here.
INSIDE = ("nr-rrc", "lte-rrc", "nrppa", "nas-5gs")
# These carry octets that the dissector takes for other NGAP types, without a protocol of their own to disable.
OPAQUE = {"HandoverRequired", "HandoverCommand", "HandoverRequest", "HandoverRequestAcknowledge", "RerouteNASRequest"}


@pytest.mark.interop
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_when_every_message_is_encoded_then_tshark_finds_none_malformed(tmp_path: Path) -> None:
    named = [(name, entry) for name, entry in messages("ngap") if name not in OPAQUE for _ in range(3)]
    pdus = [
        ngap.encode(Plain("ngap", ngap, random.Random(seed), 0.0).named(name)) for seed, (name, _) in enumerate(named)
    ]
    pcap(tmp_path / "all.pcap", pdus)
    command = [str(TSHARK), "-r", str(tmp_path / "all.pcap"), "-T", "fields", "-e", "ngap.procedureCode"]
    command += ["-e", "_ws.malformed", "-e", "_ws.expert.message"]
    for protocol in INSIDE:
        command += ["--disable-protocol", protocol]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(shown) == len(pdus)
    found = [
        (name, entry["procedure_code"], line.split("\t")) for (name, entry), line in zip(named, shown, strict=True)
    ]
    assert [each for each in found if each[2][0] != str(each[1]) or each[2][1]] == []
