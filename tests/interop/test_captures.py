"""Captures of other networks: every message, and every message in it, is read and written again to the octet.

This repository has few (tests/vectors/wire). FREEHOLD_CAPTURES names a folder of more: pcap and pcapng, and `.hex`
files with a message a line, its protocol before it: `nas 7e0046`, `rrc:ULDCCHMessage 28...`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from asn1kit import analyser
from asn1kit.tables import table
from freehold.codecs.capture import is_capture
from freehold.codecs.display import PROTOCOLS
from interopkit.wire import check, messages

pytestmark = pytest.mark.interop
FOLDER = os.environ.get("FREEHOLD_CAPTURES", "")
COUNTED = {"pfcp": "pfcp.version"} | {name: f"{name}.procedureCode" for name in ("ngap", "xnap", "f1ap", "e1ap")}
"""Protocols of which an analyser counts as many messages, by a field that each has once."""


def files() -> list[Path]:
    return sorted(path for path in Path(FOLDER).rglob("*") if path.is_file()) if FOLDER else []


@pytest.fixture(params=files() or [None], ids=lambda path: path.name if path else "none")
def octets(request: pytest.FixtureRequest) -> tuple[Path, bytes]:
    if request.param is None:
        pytest.skip("FREEHOLD_CAPTURES names no folder with captures")
    return request.param, request.param.read_bytes()


def test_when_another_network_was_captured_then_each_message_is_read_and_written_again(octets) -> None:
    read = [check(*message) for message in messages(*octets)]

    # one of open5gs's own tests has a length of GTP-U that its datagram has not
    assert read.count(False) * 100 <= len(read)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_when_another_network_was_captured_then_an_analyser_counts_as_many_messages(octets) -> None:
    path, content = octets
    if not is_capture(content):
        pytest.skip(f"{path.name} is no capture")
    mine = Counter(protocol for protocol, _, _ in messages(path, content))
    words = ["tshark", "-r", str(path), "-Y", "!icmp", "-T", "fields"]
    words += [word for field in COUNTED.values() for word in ("-e", field)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300).stdout.splitlines()
    theirs = Counter(
        name
        for line in shown
        for name, said in zip(COUNTED, line.split("\t"), strict=True)
        for each in said.split(",")
        if each
    )

    assert {name: mine[name] for name in COUNTED if mine[name]} == theirs


def alone(path: Path, content: bytes, protocol: str) -> list[tuple[str, str, bytes]]:
    """The messages of one protocol that decode without a fault, each once, as a capture is made of them."""
    found = {(name, type_name, octets): None for name, octets, type_name in messages(path, content) if name == protocol}
    channels = [each for each in found if each[:2] in analyser.DISSECTORS.values()]
    return [each for each in channels if not PROTOCOLS[protocol].decode(each[2], each[1]).faults]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("protocol", ["ngap", "xnap", "f1ap", "e1ap", "nrppa", "rrc"])
def test_when_another_network_was_captured_then_an_analyser_reads_the_same_values(octets, protocol, tmp_path) -> None:
    found, path, shown_as = alone(*octets, protocol), tmp_path / "alone.pcap", {"rrc": "nr-rrc"}.get(protocol, protocol)
    if not found:
        pytest.skip(f"no {protocol} in {octets[0].name}")
    analyser.exported(path, found)
    for (_, type_name, message), shown in zip(found, analyser.dissect(path, shown_as), strict=True):
        reading = PROTOCOLS[protocol].decode(message, type_name)
        number = table(protocol)["types"][type_name or reading.name]
        assert not shown.malformed
        assert shown.known
        assert analyser.missed(analyser.leaves(protocol, number, reading.message), shown) is None, message.hex()
