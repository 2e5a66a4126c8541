"""Random PFCP messages in front of pycrate: the same octets, the same IEs missed (TS 29.244 7.6.6)."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freehold.codecs import pfcp
from freehold.spec.causes import PfcpCause

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"
WITNESS = ROOT / "tests" / "support" / "pfcpkit" / "pycrate_witness.py"
SAMPLES = ROOT / "tests" / "unit" / "codecs" / "pfcp" / "samples.py"
CHANCES = (0.05, 0.2, 0.5)
# pycrate 0.8.1 knows no session modification of sets (TS 29.244 7.4.7)
KNOWN = tuple(kind for kind in pfcp.MESSAGES if kind.number not in {16, 17})
# It reads these otherwise than TS 29.244 8.2.30 (one octet), 8.2.43, 8.2.94 and 8.2.95 lay them out
OTHERWISE = {65, 48, 134, 135}


class Witness:
    def __init__(self) -> None:
        command = [str(PYTHON), str(WITNESS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, octets: bytes) -> tuple[int | str, str | None]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(octets.hex() + "\n")
        self.process.stdin.flush()
        error, again = json.loads(self.process.stdout.readline())
        return error, again


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    running = Witness()
    yield running
    running.process.communicate()


def maker(seed: int, chance: float) -> Any:
    """Makes values of any message, without the optional IEs that the witness reads otherwise."""
    spec = importlib.util.spec_from_file_location("pfcp_samples", SAMPLES)
    assert spec is not None
    assert spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)

    class Witnessed(samples.Maker):  # type: ignore[misc, name-defined]
        def member(self, ie: int, grouped: bool, at: int, presence: int, many: bool) -> Any:
            if ie in OTHERWISE and presence != ord("M"):
                return () if many else None
            return super().member(ie, grouped, at, presence, many)

    return Witnessed(seed, chance)


def sent(make: Any, kind: type[pfcp.Message]) -> bytes:
    return pfcp.encode(make.message(pfcp.MESSAGES.index(kind)), 1, 2 if kind.session else None)


def walk(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and octets of each IE, read from the octets alone."""
    while octets:
        size = 4 + int.from_bytes(octets[2:4], "big")
        yield int.from_bytes(octets[:2], "big"), octets[:size]
        octets = octets[size:]


def compare(witness: Witness, seeds: range) -> None:
    witnessed = 0
    for seed in seeds:
        make = maker(seed, CHANCES[seed % len(CHANCES)])
        for kind in KNOWN:
            octets = sent(make, kind)
            error, again = witness.ask(octets)
            if isinstance(error, str):
                continue
            witnessed += 1
            assert error == 0, (seed, kind)
            assert again == octets.hex(), (seed, kind)
            decoded = pfcp.decode(bytes.fromhex(again))
            assert decoded.faults == ()
            assert decoded.message is not None
            assert pfcp.encode(decoded.message, 1, 2 if kind.session else None) == octets
    assert witnessed > 0.9 * len(seeds) * len(KNOWN)


def test_when_a_message_is_encoded_then_pycrate_writes_the_same_octets(witness: Witness) -> None:
    compare(witness, range(15))


@pytest.mark.soak
def test_when_ten_thousand_messages_are_encoded_then_pycrate_writes_the_same(witness: Witness) -> None:
    compare(witness, range(100, 560))


@pytest.mark.parametrize("kind", KNOWN, ids=[kind.__name__ for kind in KNOWN])
def test_when_a_mandatory_ie_is_taken_out_then_it_is_named_with_its_cause(
    witness: Witness, kind: type[pfcp.Message]
) -> None:
    # TS 29.244 7.6.6
    octets = sent(maker(1, 0.0), kind)
    start = 16 if kind.session else 8
    assert witness.ask(octets)[0] == 0
    elements = list(walk(octets[start:]))
    for number, _ in elements:
        rest = b"".join(element for other, element in elements if other != number)
        header = octets[:2] + (len(rest) + start - 4).to_bytes(2, "big") + octets[4:start]
        refusal = pfcp.decode(header + rest).refusal
        assert refusal is not None
        assert (refusal.cause, refusal.offending_ie) == (PfcpCause.MANDATORY_IE_MISSING, number)
        assert witness.ask(header + rest)[0] != 0


@pytest.mark.parametrize("kind", KNOWN, ids=[kind.__name__ for kind in KNOWN])
def test_when_a_length_runs_over_the_end_then_the_message_is_refused_for_it(kind: type[pfcp.Message]) -> None:
    # TS 29.244 7.6.7: nothing behind such an IE can be told apart
    octets = sent(maker(1, 0.0), kind)
    start = 16 if kind.session else 8
    tail = random.Random(kind.number).randbytes(2)
    body = octets[start:] + bytes((0x12, 0x34)) + (len(tail) + 1).to_bytes(2, "big") + tail
    refusal = pfcp.decode(octets[:2] + (len(body) + start - 4).to_bytes(2, "big") + octets[4:start] + body).refusal
    assert refusal is not None
    assert (refusal.cause, refusal.offending_ie) == (PfcpCause.INVALID_LENGTH, 0x1234)
