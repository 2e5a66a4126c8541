"""Batches of PDCP PDUs against the algorithms one message at a time (TS 38.323 5.8, 5.9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import algorithms
from freehold.crypto.pdcp import TRAILER, PdcpBearer

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


@pytest.mark.parametrize("ciphering", range(4))
@pytest.mark.parametrize("integrity", [None, *range(4)])
@given(pdus=st.lists(st.tuples(COUNTS, st.binary(min_size=3, max_size=120)), max_size=20))
def test_when_pdus_lie_one_after_the_other_then_each_is_as_in_a_list(ciphering, integrity, pdus):
    one, counts = bearer(ciphering, integrity), [count for count, _ in pdus]
    protected = one.protect(pdus)
    joined = one.protect_joined(counts, [len(plain) for _, plain in pdus], b"".join(plain for _, plain in pdus))
    assert joined == b"".join(protected)
    octets, right = one.unprotect_joined(counts, [len(pdu) for pdu in protected], joined)
    room = bytes(0 if integrity is None else TRAILER)
    assert right == [True] * len(pdus)
    assert len(octets) == len(joined)
    for (_, plain), pdu in zip(pdus, protected, strict=True):
        found, octets = octets[: len(pdu)], octets[len(pdu) :]
        assert found[: len(pdu) - len(room)] == plain


def test_when_a_joined_pdu_is_changed_then_it_alone_is_wiped():
    one = bearer(2, 2)
    plain = [(count, bytes([0x80, 0, count]) + b"data" * 9) for count in range(16)]
    protected = one.protect(plain)
    changed = bytearray(b"".join(protected))
    changed[5 * len(protected[0]) + 7] ^= 1
    octets, right = one.unprotect_joined(list(range(16)), [len(protected[0])] * 16, bytes(changed))
    assert [position for position, good in enumerate(right) if not good] == [5]
    pdus = [octets[start : start + len(protected[0])] for start in range(0, len(octets), len(protected[0]))]
    assert pdus[5] == bytes(len(protected[0]))
    assert [pdu[:-TRAILER] for pdu in pdus[6:]] == [octets for _, octets in plain[6:]]


@pytest.mark.parametrize(
    ("counts", "lengths", "octets"),
    [
        ([0], [9], bytes(8)),
        ([0], [7], bytes(8)),
        ([0, 1], [8], bytes(8)),
        ([0], [4, 4], bytes(8)),
        ([], [], b"x"),
        ([0, 1], [2**63, 2**63], b""),
    ],
)
def test_when_lengths_do_not_add_up_then_joined_pdus_are_refused(counts, lengths, octets):
    for integrity in (None, 2):
        for call in (bearer(2, integrity).protect_joined, bearer(2, integrity).unprotect_joined):
            with pytest.raises(ValueError, match="lengths"):
                call(counts, lengths, octets)


def test_when_octets_that_python_shares_are_ciphered_then_no_other_object_changes():
    for octets in (b"", b"\x00", b"\x41"):
        kept = bytes(bytearray(octets))
        assert algorithms.nea_batch(2, CIPHERING_KEY, 0, 0, [(1, octets)]) == [
            algorithms.nea(2, CIPHERING_KEY, 1, 0, 0, octets)
        ]
        bearer(2, None).unprotect_joined([1], [len(octets)], octets)
        assert octets == kept
    assert (bytes([0x41]), bytes([0]), bytes(0)) == (b"A", b"\0", b"")


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
