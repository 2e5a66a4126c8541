"""Random NGAP and NAS messages in front of a second witness: what oxirush reads and writes again are our octets."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from asn1kit.generate import Generator
from asn1kit.tables import messages
from freehold.codecs import nas, ngap
from freehold.codecs.nas.layout import SmMessage
from naskit import Generator as NasGenerator

ROOT = Path(__file__).resolve().parents[3]
SEEDS = 130  # of each message: more than 10,000 in all


@pytest.fixture(scope="module")
def witness() -> Path:
    if shutil.which("cargo") is None:
        pytest.skip("no cargo here")
    target = ROOT / ".build/oxirush"
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", str(target)]
    done = subprocess.run(
        command, cwd=ROOT / "tests/witness/oxirush", capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode:
        pytest.skip(f"oxirush cannot be built here: {done.stderr[-300:]}")
    return target / "release/oxirush-witness"


# oxirush refuses whole messages for forms of a SUCI that a UE does not send: protection schemes 3 to 11, which TS
# 24.501 9.11.3.4 reserves, a key identifier beside the null scheme, and no scheme output. The clause gives a receiver
# no answer to them; our decoder keeps each for the UDM, which knows no such scheme or finds no SUPI (TS 33.501 6.12.5).
REFUSED = (
    "`protection-scheme` is",
    "`home-network-public-key-identifier` is",
    "`suci` has",
)


def judge(witness: Path, protocol: str, written: list[bytes]) -> None:
    lines = "".join(f"{protocol} {octets.hex()}\n" for octets in written)
    done = subprocess.run([witness], input=lines, capture_output=True, text=True, check=True, timeout=600)
    answers = done.stdout.split("\n")[:-1]
    refused = [answer for answer in answers if answer.startswith("error") and any(why in answer for why in REFUSED)]

    assert len(answers) == len(written)
    assert len(refused) * 100 < len(written)
    for octets, answer in zip(written, answers, strict=True):
        assert answer == octets.hex() or answer in refused


@pytest.mark.soak
def test_when_ngap_messages_are_random_then_oxirush_writes_the_same_octets(witness: Path) -> None:
    written = []
    for name, _ in messages("ngap"):
        for seed in range(SEEDS):
            generator = Generator("ngap", ngap, random.Random(seed), (0.05, 0.3, 0.8)[seed % 3])
            written.append(ngap.encode(generator.named(name)))
    judge(witness, "ngap", written)


@pytest.mark.soak
def test_when_nas_messages_are_random_then_oxirush_writes_the_same_octets(witness: Path) -> None:
    written = []
    for message in nas.MESSAGES:
        for seed in range(2 * SEEDS):
            value = NasGenerator(seed, optional=(0.1, 0.5, 1.0)[seed % 3]).message(message)
            if isinstance(value, SmMessage):
                # oxirush refuses reserved identities (TS 24.007 11.2.3.1b), which our decoder leaves to the procedures
                value = msgspec.structs.replace(value, pdu_session_identity=1 + seed % 15, pti=1 + seed % 254)
            written.append(nas.encode(value))
    judge(witness, "nas", written)
