"""Wireshark's dissector finds the values that are in our elements, each in its place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from freehold.codecs import nas
from naskit import Generator
from naskit.analyser import FIELDS, collected, theirs

from .test_tshark import DISSECTOR, TSHARK, pcap, without_inner

pytestmark = [pytest.mark.interop, pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")]


def steering(seed: int) -> nas.RegistrationComplete:
    generator = Generator(seed)
    kind = (nas.SorPlmnList, nas.SorSecuredPacket, nas.SorAcknowledgement)[seed % 3]
    value = generator.value(kind, ())
    if kind is nas.SorAcknowledgement:
        value = nas.SorAcknowledgement(False, False, False, value.mac_i_ue)
    return nas.RegistrationComplete(sor_transparent_container=value)


def test_when_values_are_random_then_tshark_finds_each_in_its_place(tmp_path: Path) -> None:
    values = [
        without_inner(Generator(seed, 0.7, opaque=False).message(message))
        for message in nas.MESSAGES
        for seed in range(12)
    ]
    values += [steering(seed) for seed in range(30)]
    names = sorted({field for fields in FIELDS.values() for field in fields.values()})
    pcap(tmp_path / "all.pcap", [nas.encode(value) for value in values])
    words = [str(TSHARK), "-r", str(tmp_path / "all.pcap"), "-o", DISSECTOR, "-T", "fields"]
    words += [word for name in names for word in ("-e", name)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300).stdout.split("\n")[:-1]

    assert len(shown) == len(values)
    seen = set()
    for value, line in zip(values, shown, strict=True):
        mine: dict[str, list[int | str]] = {}
        for field, item in collected(value):
            mine.setdefault(field, []).append(item)
        for field, text in zip(names, line.split("\t"), strict=True):
            if field in mine:
                found = theirs(text, mine[field])
                # tshark 4.0 stops at elements that are younger than it
                assert found == mine[field][: len(found)], (field, mine[field], text, value)
                seen |= {field} if found == mine[field] else set()
    assert seen == set(names)
