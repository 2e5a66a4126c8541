"""Batches of PDCP PDUs against the algorithms one message at a time (TS 38.323 5.8, 5.9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import algorithms
from freehold.crypto.pdcp import PdcpBearer

CIPHERING_KEY, INTEGRITY_KEY = bytes(range(16)), bytes(range(16, 32))
COUNTS = st.integers(0, 2**32 - 1)
HEADER, BEARER, DIRECTION = 3, 4, 1


def bearer(ciphering: int, integrity: int | None, sdap: int = 0, **changed: int) -> PdcpBearer:
    given = {"bearer": BEARER, "direction": DIRECTION, "header": HEADER} | changed
    return PdcpBearer(ciphering, CIPHERING_KEY, integrity, INTEGRITY_KEY, sdap=sdap, **given)


def alone(ciphering: int, integrity: int | None, sdap: int, count: int, plain: bytes) -> bytes:
    at, clear = (count, BEARER, DIRECTION), HEADER + sdap
    mac = b"" if integrity is None else algorithms.nia(integrity, INTEGRITY_KEY, *at, plain)
    return plain[:clear] + algorithms.nea(ciphering, CIPHERING_KEY, *at, plain[clear:] + mac)


@pytest.mark.parametrize("ciphering", range(4))
@pytest.mark.parametrize("integrity", [None, *range(4)])
@given(
    sdap=st.integers(0, 1),
    pdus=st.lists(st.tuples(COUNTS, st.binary(min_size=4, max_size=120)), max_size=20),
)
def test_when_a_batch_is_protected_then_each_pdu_is_as_if_alone_and_comes_back(ciphering, integrity, sdap, pdus):
    one = bearer(ciphering, integrity, sdap)
    protected = one.protect(pdus)
    assert protected == [alone(ciphering, integrity, sdap, *pdu) for pdu in pdus]
    received = [(count, octets) for (count, _), octets in zip(pdus, protected, strict=True)]
    assert one.unprotect(received) == [plain for _, plain in pdus]


@pytest.mark.parametrize("integrity", [1, 2, 3])
def test_when_one_pdu_is_changed_then_it_alone_is_refused(integrity):
    one = bearer(2, integrity)
    plain = [(count, bytes([0x80, 0, count]) + b"data" * 9) for count in range(16)]
    received = list(zip(range(16), one.protect(plain), strict=True))
    for position in range(len(received[5][1])):
        changed = bytearray(received[5][1])
        changed[position] ^= 1
        result = one.unprotect([*received[:5], (5, bytes(changed)), *received[6:]])
        assert [i for i, octets in enumerate(result) if octets is None] == [5]


def test_when_the_count_is_another_then_the_pdu_is_refused():
    one = bearer(0, 2)
    [protected] = one.protect([(7, b"\x80\x00\x07data")])
    assert one.unprotect([(8, protected), (7, protected)]) == [None, b"\x80\x00\x07data"]


@pytest.mark.parametrize("integrity", [None, 0, 2])
@given(st.lists(st.tuples(COUNTS, st.binary(max_size=12)), max_size=20))
def test_when_pdus_are_any_octets_then_short_ones_are_refused_and_nothing_fails(integrity, pdus):
    one = bearer(1, integrity)
    least = HEADER if integrity is None else HEADER + 4
    for (_, octets), plain in zip(pdus, one.unprotect(pdus), strict=True):
        assert plain is None if len(octets) < least else integrity is not None or plain is not None


def test_when_a_pdu_is_shorter_than_its_headers_then_the_batch_is_refused():
    with pytest.raises(ValueError, match="length"):
        bearer(1, 1).protect([(0, b"\x80\x00\x00data"), (1, b"\x80")])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"header": 1}, "PDCP header"),
        ({"header": 4}, "PDCP header"),
        ({"sdap": 2}, "SDAP header"),
        ({"bearer": 32}, "bearer"),
        ({"direction": 2}, "direction"),
        ({"ciphering": 4}, "ciphering algorithm"),
        ({"integrity": 4}, "integrity algorithm"),
    ],
)
def test_when_a_bearer_is_not_one_that_there_is_then_what_is_wrong_is_named(changed, says):
    with pytest.raises(ValueError, match=says):
        bearer(**({"ciphering": 1, "integrity": 1} | changed))


def test_when_a_key_has_a_wrong_length_then_it_is_named():
    with pytest.raises(ValueError, match="integrity key has 15 octets"):
        PdcpBearer(1, CIPHERING_KEY, 1, INTEGRITY_KEY[:15], 0, 0, 3)
