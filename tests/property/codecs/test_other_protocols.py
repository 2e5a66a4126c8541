"""The tables and the engine carry the protocols to come, unaligned PER included: pycrate writes the same."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from asn1kit import tables
from asn1kit.generate import Generator
from asn1kit.witness import PYTHON
from freehold._native.per import Schema
from freehold.codecs.asn1 import Decoded, EncodeError, Fault, Header, UnknownIe
from freehold.codecs.asn1.classes import make_class

KIT = (UnknownIe, Decoded, Fault, Header, EncodeError, MappingProxyType({}))
SCRIPT = Path(tables.__file__).with_name("pycrate_reencode.py")
PROTOCOLS = {
    "E1AP": ("e1ap", True),
    "E2AP": ("e2ap", True),
    "LPP": ("lpp", False),
    "NRPPa": ("nrppa", True),
    "XnAP": ("xnap", True),
    "F1AP": ("f1ap", True),
    "RRCNR": ("rrc", False),
}


class Peer:
    """A protocol's own tables, its types that pycrate can read alone, and pycrate."""

    def __init__(self, source: str, folder: Path) -> None:
        self.name, aligned = PROTOCOLS[source]
        command = [str(PYTHON), str(SCRIPT), source, self.name, str(int(aligned)), str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.types = self.answer()
        text = (folder / f"{self.name}.json").read_bytes()
        self.table = json.loads(text)
        self.schema = Schema(text, f"tests.{self.name}", make_class, KIT, [])

    def answer(self) -> Any:
        return json.loads(self.process.stdout.readline())

    def again(self, typename: str, octets: bytes) -> str:
        self.process.stdin.write(json.dumps([typename, octets.hex()]) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def sequences(self) -> list[str]:
        """Types with a name that are a SEQUENCE and do not hold what only a test's random values get wrong."""
        nodes, types = self.table["nodes"], self.table["types"]
        return [name for name in self.types if name in types and "Struct" in nodes[types[name]] and name not in UNFIT]


# Their octets are a PDU's, which random ones are not.
UNFIT = {"InitiatingMessage", "SuccessfulOutcome", "UnsuccessfulOutcome"}


@contextmanager
def peer(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    found = Peer(source, folder)
    monkeypatch.setattr(tables, "table", lambda _: found.table)
    yield found
    found.process.communicate()


def check(found: Peer, name: str, seed: int) -> bool:
    generator = Generator(found.name, Lazy(found.schema), random.Random(f"{name} {seed}"), 0.3)
    number = found.table["types"][name]
    try:
        value = generator.value(number, 0)
        octets = found.schema.encode_value(value)
    except EncodeError:
        return False  # an extension IE that is mandatory among optional ones: the generator does not know of those
    theirs = found.again(name, octets)
    if "invalid UTCTime" in theirs:
        return False  # random text is no time
    assert theirs == octets.hex(), (name, seed, value)
    assert found.schema.decode_as(type(value), octets) == (value, ()), (name, seed)
    return True


class Lazy:
    """Classes by attribute."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __getattr__(self, name: str) -> Any:
        return self.schema.type_named(name)


@pytest.mark.parametrize("source", ["E1AP", "LPP"])
def test_when_another_protocols_values_are_encoded_then_pycrate_encodes_the_same(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(source, tmp_path, monkeypatch) as found:
        names = found.sequences()[::3]
        assert sum(check(found, name, 0) for name in names) > len(names) * 0.9


@pytest.mark.soak
@pytest.mark.parametrize("source", PROTOCOLS)
def test_when_every_protocols_values_are_encoded_then_pycrate_encodes_the_same(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(source, tmp_path, monkeypatch) as found:
        names = found.sequences()
        assert sum(check(found, name, seed) for name in names for seed in range(2)) > len(names) * 1.8
