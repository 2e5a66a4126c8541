"""Any octets and any damage: decoding is total, and what it gives can be sent on (TS 29.244 7.6)."""

from __future__ import annotations

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
    assert decoded.header is not None
    again = pfcp.encode(decoded.message, decoded.header.sequence, decoded.header.seid)
    assert pfcp.decode(again).message == decoded.message


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
