"""Any octets and any damage: decoding is total, and what it gives is sent on octet by octet (TS 29.244 7.6)."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.codecs import pfcp

from .samples import Maker

MAKER = Maker(1, 0.5)
WHOLE = [pfcp.encode(m, 1, 2 if m.session else None) for m in map(MAKER.message, range(len(pfcp.MESSAGES)))]


def check(octets: bytes) -> None:
    decoded = pfcp.decode(octets)
    if decoded.message is None:
        assert decoded.refusal is not None
        return
    assert sent_on(decoded) == octets[: 4 + int.from_bytes(octets[2:4], "big")]


def sent_on(decoded: pfcp.Decoded) -> bytes:
    head, message = decoded.header, decoded.message
    assert head is not None
    assert message is not None
    return pfcp.encode(
        message, head.sequence, head.seid, priority=head.priority, follow_on=head.follow_on, spare=head.spare
    )


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_when_octets_are_random_then_decoding_answers(octets: bytes) -> None:
    check(octets)
    check(bytes((0x21, 50)) + (len(octets) + 12).to_bytes(2, "big") + bytes(12) + octets)


@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6))
@settings(max_examples=1500, deadline=None)
def test_when_a_message_is_damaged_then_decoding_answers(whole: bytes, changes: list[tuple[int, int]]) -> None:
    octets = bytearray(whole)
    for at, value in changes:
        octets[at % len(octets)] = value
    check(bytes(octets))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(25))
def test_when_very_many_messages_are_damaged_then_decoding_answers(seed: int) -> None:
    # 250,000 in all, the figure of O-RAN's security tests
    random = Random(seed)
    for _ in range(10_000):
        octets = bytearray(random.choice(WHOLE))
        for _ in range(random.randint(1, 8)):
            octets[random.randrange(len(octets))] = random.getrandbits(8)
        if random.random() < 0.2:
            del octets[random.randrange(len(octets)) :]
        check(bytes(octets))


def test_when_a_message_is_as_long_as_it_can_be_then_it_is_decoded_whole() -> None:
    # N4's share of "1000 repeated IEs": 16,379 unknown IEs, and 5,000 PDRs to remove
    many = bytes.fromhex("012c0000") * 16_379
    decoded = pfcp.decode(bytes((0x21, 54)) + (len(many) + 12).to_bytes(2, "big") + bytes(12) + many)
    assert decoded.message is not None
    assert len(decoded.message.unknown_ies) == 16_379
    removed = pfcp.SessionModificationRequest(remove_pdr=tuple(pfcp.RemovePDR(n) for n in range(5_000)))
    assert pfcp.decode(pfcp.encode(removed, 1, 1)).message == removed
