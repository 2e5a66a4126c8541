"""Random NAS messages: what comes back is what went in, and no octets break the decoder."""

from __future__ import annotations

from random import Random

import pytest

from freehold.codecs import nas
from naskit import Generator


@pytest.mark.parametrize("message", nas.MESSAGES, ids=lambda message: message.__name__)
def test_when_a_random_message_is_encoded_then_it_decodes_to_itself(message) -> None:
    for seed in range(40):
        value = Generator(seed, optional=(0.05, 0.3, 0.9)[seed % 3]).message(message)
        octets = nas.encode(value)

        decoded = nas.decode(octets)

        assert decoded.faults == (), (seed, octets.hex())
        assert decoded.message == value, (seed, octets.hex())
        assert nas.encode(decoded.message) == octets


def mutated(random: Random, octets: bytes) -> bytes:
    """Octets with some flipped, cut, repeated or made long."""
    damaged = bytearray(octets)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(damaged)) if damaged else 0
        match random.randrange(5):
            case 0 if damaged:
                damaged[place] ^= 1 << random.randrange(8)
            case 1:
                del damaged[place:]
            case 2 if damaged:
                damaged[place] = random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
            case 3:
                damaged[place:place] = random.randbytes(random.randint(1, 8))
            case _:
                damaged += damaged[place:]
    return bytes(damaged)


def survive(seeds: range) -> None:
    for seed in seeds:
        random = Random(seed)
        message = random.choice(nas.MESSAGES)
        octets = mutated(random, nas.encode(Generator(seed, 0.4).message(message)))

        decoded = nas.decode(octets)

        assert decoded.message is not None or decoded.faults, octets.hex()
        if isinstance(decoded.message, nas.Message):
            again = nas.decode(nas.encode(decoded.message))
            assert again.message == decoded.message, octets.hex()


def test_when_a_message_is_damaged_then_it_is_read_or_faulted_and_what_was_read_can_be_sent() -> None:
    survive(range(10_000))


@pytest.mark.soak
def test_when_a_quarter_of_a_million_messages_are_damaged_then_none_breaks_the_decoder() -> None:
    survive(range(10_000, 260_000))


def test_when_octets_are_random_then_the_decoder_survives() -> None:
    random = Random(1)
    for _ in range(10_000):
        head = random.choice((b"", b"\x7e\x00", b"\x2e\x05\x01", b"\x7e\x02"))
        nas.decode(head + random.randbytes(random.randint(0, 60)))
