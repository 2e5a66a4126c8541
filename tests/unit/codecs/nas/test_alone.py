"""Containers that travel outside a NAS message, in octets written out by hand (TS 24.501 9.11.2, 9.11.3)."""

from random import Random

import pytest

from freehold.codecs import nas
from freehold.codecs.nas.alone import IntraN1, N1ToS1, Payloads, S1ToN1, Sor, Upu, decode_alone, encode_alone
from freehold.spec.identities import SNssai
from naskit import Generator

MAC = bytes(range(16))
KINDS = (Upu, Sor, Payloads, IntraN1, N1ToS1, S1ToN1)
KEY = nas.KeySetIdentifier(mapped=False, value=2)
WRITTEN_OUT = {
    "06" + MAC.hex() + "0007" + "02" + "0002" + "0101": Upu(
        nas.UpuUpdate(True, True, MAC, 7, [nas.UpuDataSet(2, [nas.SNssaiElement(SNssai(1))])])
    ),
    "00" + MAC.hex() + "0001" + "01" + "0001" + "70": Upu(
        nas.UpuUpdate(False, False, MAC, 1, [nas.UpuDataSet(1, b"p")])
    ),
    "01" + MAC.hex(): Upu(nas.UpuAcknowledgement(MAC)),
    "0f" + MAC.hex(): Sor(nas.SorAcknowledgement(True, True, True, MAC)),
    "01" + "0005" + "11" + "120105" + "78": Payloads(
        nas.MultiplePayloads([nas.PayloadEntry(1, [nas.PayloadOption(0x12, 5)], b"x")])
    ),
    "a1b2c3d4" + "21" + "12" + "07": IntraN1(nas.IntraN1Container(b"\xa1\xb2\xc3\xd4", 2, 1, True, KEY, 7)),
    "07": N1ToS1(nas.N1ToS1Container(7)),
    "a1b2c3d4" + "21" + "32" + "0000": S1ToN1(nas.S1ToN1Container(b"\xa1\xb2\xc3\xd4", 2, 1, 3, KEY)),
}


@pytest.mark.parametrize(("octets", "message"), WRITTEN_OUT.items(), ids=lambda value: type(value).__name__)
def test_when_a_container_is_written_then_its_octets_are_those_of_the_figure(octets, message):
    decoded = decode_alone(type(message), bytes.fromhex(octets))

    assert encode_alone(message).hex() == octets
    assert decoded.message == message
    assert decoded.faults == ()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_when_a_container_is_cut_then_the_cause_is_96(kind):  # TS 24.501 7.5.1
    decoded = decode_alone(kind, b"")

    assert decoded.message is None
    assert decoded.faults[-1].cause == 96


def judge(seeds: range) -> None:
    for seed in seeds:
        kind = KINDS[seed % len(KINDS)]
        octets = encode_alone(Generator(seed, 0.5).message(kind))
        assert encode_alone(decode_alone(kind, octets).message) == octets
        decoded = decode_alone(kind, Random(seed).randbytes(seed % 40))
        assert decoded.message is not None or decoded.faults


def test_when_containers_are_random_then_they_come_back():
    judge(range(300))


@pytest.mark.soak
def test_when_ten_thousand_containers_are_random_then_they_come_back():
    judge(range(300, 10_300))
