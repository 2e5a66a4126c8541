"""Wireshark's dissector reads what is encoded here: an independent witness of the octets."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import msgspec
import pytest

from freehold.codecs import nas
from naskit import Generator
from naskit.samples import WRITTEN_OUT

TSHARK = shutil.which("tshark")
LINKTYPE_USER0 = 147
DISSECTOR = 'uat:user_dlts:"User 0 (DLT=147)","nas-5gs","0","","0",""'
# their containers hold letters, which tshark reads on as NAS
NOT_PAYLOADS = {octets for octets, message in WRITTEN_OUT.items() if hasattr(message, "payload_container")}
NOT_PAYLOADS |= {octets for octets, message in WRITTEN_OUT.items() if getattr(message, "nas_message_container", None)}

# whose random octets are protocols and lists of their own, where tshark 4.0 wants more than any octets
INNER = {
    "ciot_small_data_container",
    "emergency_numbers",
    "extended_rejected_nssai",
    "mapped_eps_bearer_contexts",
    "replayed_s1_ue_security_capability",
    "sor_transparent_container",
    "ue_security_capability",
}


def pcap(path: Path, messages: list[bytes]) -> None:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, LINKTYPE_USER0)
    for number, octets in enumerate(messages):
        out += struct.pack("<IIII", number, 0, len(octets), len(octets)) + octets
    path.write_bytes(out)


def dissected(path: Path, messages: list[bytes]) -> list[tuple[str, str]]:
    """What tshark calls malformed, and what it remarks, for each message."""
    pcap(path, messages)
    command = [str(TSHARK), "-r", str(path), "-o", DISSECTOR, "-T", "fields", "-e", "_ws.malformed"]
    command += ["-e", "_ws.expert.message"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(messages)
    return [(malformed, remark) for malformed, remark in (line.split("\t") for line in lines)]


def without_inner(value: nas.Message) -> nas.Message:
    known = {name: None for name in INNER if getattr(value, name, None) is not None}
    return msgspec.structs.replace(value, **known)


@pytest.mark.interop
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_when_messages_hold_what_a_network_sends_then_tshark_remarks_nothing(tmp_path: Path) -> None:
    messages = [bytes.fromhex(octets) for octets in WRITTEN_OUT if octets not in NOT_PAYLOADS]

    assert dissected(tmp_path / "all.pcap", messages) == [("", "")] * len(messages)


@pytest.mark.interop
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_when_every_message_is_encoded_then_tshark_finds_none_malformed(tmp_path: Path) -> None:
    values = [Generator(seed, 0.6, opaque=False).message(message) for message in nas.MESSAGES for seed in range(8)]
    messages = [nas.encode(without_inner(value)) for value in values]

    assert {malformed for malformed, _ in dissected(tmp_path / "all.pcap", messages)} == {""}
