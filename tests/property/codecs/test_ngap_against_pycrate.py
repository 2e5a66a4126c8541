"""Random values of every NGAP message: our octets are pycrate's, and what comes back is what went in."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from asn1kit.generate import Generator
from asn1kit.neutral import neutral
from asn1kit.tables import messages
from asn1kit.witness import PYTHON, Witness
from freehold.codecs import ngap


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    running = Witness("ngap")
    yield running
    running.close()


def check(witness: Witness, name: str, entry: dict, seed: int) -> None:
    rng = random.Random(seed)
    value = Generator("ngap", ngap, rng, optional=rng.choice((0.05, 0.3, 0.8))).named(name)
    octets = ngap.encode(value)
    theirs, same = witness.encode(
        entry["kind"], entry["procedure_code"], entry["criticality"], neutral("ngap", entry["node"], value)
    )
    assert octets.hex() == theirs, (name, seed, value)
    assert same, (name, seed, value)
    decoded = ngap.decode(octets)
    assert decoded.faults == (), (name, seed)
    assert decoded.message == value, (name, seed)


def test_when_any_message_is_encoded_then_pycrate_encodes_the_same(witness: Witness) -> None:
    for name, entry in messages("ngap"):
        for seed in range(3):
            check(witness, name, entry, seed)


@pytest.mark.soak
def test_when_ten_thousand_messages_are_encoded_then_pycrate_encodes_the_same(witness: Witness) -> None:
    for seed in range(3, 83):
        for name, entry in messages("ngap"):
            check(witness, name, entry, seed)
