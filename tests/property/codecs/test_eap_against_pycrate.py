"""Random EAP packets in front of pycrate: the same code, identifier, length, type and data, the same octets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from eapkit import Generator
from freehold.codecs import eap

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"
WITNESS = ROOT / "tests" / "support" / "eapkit" / "pycrate_witness.py"


def compare(seeds: range) -> None:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    messages = [Generator(seed).message() for seed in seeds]
    octets = [eap.encode(message) for message in messages]
    asked = "".join(f"{one.hex()}\n" for one in octets)
    answers = subprocess.run(
        [str(PYTHON), str(WITNESS)], input=asked, capture_output=True, text=True, check=True, timeout=300
    )
    for message, one, line in zip(messages, octets, answers.stdout.splitlines(), strict=True):
        assert eap.decode(one) == eap.Decoded(message), message
        said = json.loads(line)
        assert said["again"] == one.hex(), (message, said)
        assert (said["code"], said["identifier"], said["length"]) == (message.code, message.identifier, len(one))
        if isinstance(message, eap.Request | eap.Response):
            method = message.method
            kind = method.kind if isinstance(method, eap.OtherMethod) else method.number
            assert (said["type"], said["data"]) == (kind, one[5:].hex()), message


def test_when_packets_are_encoded_then_pycrate_reads_the_same():
    compare(range(500))


@pytest.mark.soak
@pytest.mark.parametrize("block", range(10))
def test_when_ten_thousand_packets_are_encoded_then_pycrate_reads_the_same(block):
    compare(range(1000 * block + 1000, 1000 * block + 2000))
