"""Random values of every ASN.1 protocol: our octets are pycrate's, and what comes back is what went in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from asn1kit.generate import LATER, Generator
from asn1kit.neutral import neutral
from asn1kit.tables import messages, node, table
from asn1kit.witness import PYTHON, Witness

WITH_PROCEDURES = ("ngap", "xnap", "f1ap", "e1ap", "nrppa", "e2ap")
ALONE = ("lpp", "rrc")


class Judge:
    """One protocol's room, and pycrate's opinion of it."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.codec: Any = import_module(f"freehold.codecs.{protocol}")
        self.witness = Witness(protocol)

    def value(self, name: str, seed: int) -> Any:
        rng = random.Random(f"{name} {seed}")
        return Generator(self.protocol, self.codec, rng, optional=rng.choice((0.05, 0.3, 0.8))).named(name)

    def message(self, name: str, entry: dict[str, Any], seed: int) -> None:
        value = self.value(name, seed)
        transaction = seed * 577 % 32768 if self.protocol == "nrppa" else None
        octets = self.codec.encode(value) if transaction is None else self.codec.encode(value, transaction)
        shown = neutral(self.protocol, entry["node"], value)
        theirs, same = self.witness.encode(
            entry["kind"], entry["procedure_code"], entry["criticality"], shown, transaction
        )
        assert (octets.hex(), same) == (theirs, True), (name, seed, value)
        decoded = self.codec.decode(octets)
        faults = [fault for fault in decoded.faults if fault.ie is None or fault.ie < LATER]
        assert (faults, decoded.header.transaction_id) == ([], transaction), (name, seed)
        assert decoded.message == value, (name, seed)

    def alone(self, name: str, seed: int) -> None:
        value = self.value(name, seed)
        octets = self.codec.encode_value(value)
        theirs, same = self.witness.encode_value(
            name, neutral(self.protocol, table(self.protocol)["types"][name], value)
        )
        if self.protocol != "lpp" or "invalid value" not in theirs:  # random text is no time, which pycrate says
            assert (octets.hex(), same) == (theirs, True), (name, seed, value)
        assert self.codec.decode_as(type(value), octets) == (value, ()), (name, seed)

    def structures(self) -> list[str]:
        """The SEQUENCEs that the schema names."""
        known = self.witness.types()
        types = table(self.protocol)["types"]
        return [name for name in known if name in types and node(self.protocol, types[name])[0] == "Struct"]


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    running = Judge(request.param)
    yield running
    running.witness.close()


@pytest.mark.parametrize("judge", WITH_PROCEDURES, indirect=True)
def test_when_any_message_is_encoded_then_pycrate_encodes_the_same(judge: Judge) -> None:
    every = messages(judge.protocol)
    for seed in range(1 + 200 // len(every)):
        for name, entry in every:
            judge.message(name, entry, seed)


@pytest.mark.parametrize("judge", ALONE, indirect=True)
def test_when_any_type_is_encoded_then_pycrate_encodes_the_same(judge: Judge) -> None:
    every = judge.structures()
    for name in every[:: 1 + len(every) // 400]:
        judge.alone(name, 0)


@pytest.mark.parametrize("name", ["DLDCCHMessage", "ULDCCHMessage", "BCCHDLSCHMessage", "PCCHMessage", "ULCCCHMessage"])
@pytest.mark.parametrize("judge", ["rrc"], indirect=True)
def test_when_a_channels_messages_are_encoded_then_pycrate_encodes_the_same(judge: Judge, name: str) -> None:
    for seed in range(15):
        judge.alone(name, seed)


@pytest.mark.soak
@pytest.mark.parametrize("judge", WITH_PROCEDURES, indirect=True)
def test_when_ten_thousand_messages_are_encoded_then_pycrate_encodes_the_same(judge: Judge) -> None:
    every = messages(judge.protocol)
    for seed in range(3, 4 + 10_000 // len(every)):
        for name, entry in every:
            judge.message(name, entry, seed)


@pytest.mark.soak
@pytest.mark.parametrize("judge", ALONE, indirect=True)
def test_when_ten_thousand_values_are_encoded_then_pycrate_encodes_the_same(judge: Judge) -> None:
    every = judge.structures()
    for seed in range(1, 2 + 10_000 // len(every)):
        for name in every:
            judge.alone(name, seed)
