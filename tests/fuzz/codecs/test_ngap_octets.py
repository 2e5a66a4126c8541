"""Any octets: NGAP's decoder ends, in bounded time, and says what is wrong (negative.md G03, G07)."""

from __future__ import annotations

import random
from time import thread_time

import pytest

from asn1kit.generate import Generator
from asn1kit.pdu import Ie, Pdu, take_apart
from asn1kit.tables import messages
from freehold.codecs import ngap

ACTIONS = {"reject", "notify", "ignore"}
PRIVATE_MESSAGE = 31  # the procedure whose IEs have another form
LIMIT_SECONDS = 0.25  # of one PDU in its own thread's time; a message of its size takes microseconds


def flip(rng: random.Random, octets: bytearray) -> None:
    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)


def put(rng: random.Random, octets: bytearray) -> None:
    octets[rng.randrange(len(octets))] = rng.choice((0, 1, 0x7F, 0x80, 0xBF, 0xC4, 0xFF, rng.randrange(256)))


def cut(rng: random.Random, octets: bytearray) -> None:
    del octets[rng.randrange(len(octets)) :]


def remove(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets))
    del octets[at : at + rng.randrange(1, 9)]


def insert(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets))
    octets[at:at] = rng.randbytes(rng.randrange(1, 9))


def repeat(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets))
    octets[at:at] = octets[at : at + rng.randrange(1, 40)] * rng.randrange(1, 20)


MUTATIONS = (flip, flip, put, put, cut, remove, insert, repeat)


def inside(rng: random.Random, octets: bytes) -> bytes:
    """Damage one IE's value and keep every length right, so that the damage is reached."""
    pdu = take_apart(octets) if octets[1] != PRIVATE_MESSAGE else None
    if pdu is None or not pdu.ies:
        return octets
    at = rng.randrange(len(pdu.ies))
    value = bytearray(pdu.ies[at].value or b"\0")
    rng.choice(MUTATIONS)(rng, value)
    changed = [*pdu.ies]
    changed[at] = type(changed[at])(changed[at].id, changed[at].criticality, bytes(value))
    return pdu.with_ies(changed)


def mutated(rng: random.Random, octets: bytes) -> bytes:
    if rng.random() < 0.5:
        return inside(rng, octets)
    changed = bytearray(octets)
    for _ in range(rng.choice((1, 1, 2, 5))):
        rng.choice(MUTATIONS)(rng, changed)
        if not changed:
            break
    return bytes(changed)


def check(octets: bytes) -> None:
    start = thread_time()
    decoded = ngap.decode(octets)
    took = thread_time() - start
    assert took < LIMIT_SECONDS, octets.hex()
    assert all(fault.action in ACTIONS and fault.detail for fault in decoded.faults)
    if any(fault.action == "reject" for fault in decoded.faults):
        assert decoded.message is None, octets.hex()
    if decoded.message is None:
        assert decoded.faults, octets.hex()
    elif not decoded.faults:
        again = ngap.decode(ngap.encode(decoded.message))
        assert again.message == decoded.message, octets.hex()


def storm(count: int, seed: int) -> None:
    rng = random.Random(seed)
    names = [name for name, _ in messages("ngap")]
    octets = {name: ngap.encode(Generator("ngap", ngap, rng, 0.4).named(name)) for name in names}
    for _ in range(count):
        check(mutated(rng, octets[rng.choice(names)]))


def test_when_ten_thousand_messages_are_damaged_then_each_is_answered() -> None:
    storm(10_000, 38413)


@pytest.mark.soak
def test_when_a_quarter_of_a_million_messages_are_damaged_then_each_is_answered() -> None:
    for seed in range(25):
        storm(10_000, seed)


def test_when_octets_are_random_then_each_is_answered() -> None:
    rng = random.Random(5)
    for _ in range(2_000):
        check(rng.randbytes(rng.randrange(80)))


@pytest.mark.parametrize(
    "octets",
    [
        Pdu(1, 20, "reject", [Ie(111, "ignore", b"\xc4" + bytes(1 << 20) + b"\0")]).octets(),
        Pdu(0, 21, "reject", [Ie(60000 + n % 5000, "notify", b"") for n in range(65535)]).octets(),
        Pdu(0, 44, "reject", [Ie(117, "ignore", b"\xc4" * (1 << 20))]).octets(),
        Pdu(0, 44, "reject", [Ie(117, "ignore", b"\xbf\xff" * (1 << 19))]).octets(),
        b"\0\x15\0" + b"\xc4" * (1 << 20),
    ],
    ids=["list", "unknown IEs", "fragments", "lengths", "no PDU"],
)
def test_when_a_pdu_is_a_megabyte_then_it_is_answered_in_time(octets: bytes) -> None:
    check(octets)
