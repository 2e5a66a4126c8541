"""Sequence numbers of authentication: the array of the USIM and the generator of the home network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import sqn
from freehold.crypto.sqn import SqnArray


def test_when_a_sqn_was_accepted_then_it_is_not_accepted_again():
    array = SqnArray()
    assert array.accept(sqn.sqn_of(1, 1))
    assert not array.accept(sqn.sqn_of(1, 1))


def test_when_an_older_sqn_of_another_index_comes_then_it_is_accepted():
    # TS 33.102 C.2.2: vectors used out of order by two serving nodes
    array = SqnArray()
    assert array.accept(sqn.sqn_of(9, 3))
    assert array.accept(sqn.sqn_of(8, 2))
    assert not array.accept(sqn.sqn_of(8, 3))


def test_when_a_sqn_jumps_more_than_delta_then_it_is_refused():
    # TS 33.102 C.2.1
    array = SqnArray()
    assert not array.accept(sqn.sqn_of(sqn.DELTA + 1, 0))
    assert array.accept(sqn.sqn_of(sqn.DELTA, 0))


def test_when_nothing_was_accepted_then_zero_is_the_highest_and_is_not_fresh():
    assert SqnArray().highest == 31
    assert not SqnArray().fresh(0)


def test_when_a_sqn_is_refused_then_nothing_changed():
    array = SqnArray()
    array.accept(sqn.sqn_of(5, 5))
    before = list(array)
    array.accept(sqn.sqn_of(4, 5))
    assert list(array) == before
    assert array.highest == sqn.sqn_of(5, 5)


def test_when_an_array_is_restored_then_it_remembers():
    array = SqnArray()
    array.accept(sqn.sqn_of(5, 5))
    assert not SqnArray(array).fresh(sqn.sqn_of(5, 5))
    assert SqnArray(array).highest == sqn.sqn_of(5, 5)


@given(start=st.integers(0, 2**40), steps=st.integers(1, 200))
def test_when_the_generator_steps_then_every_sqn_is_fresh(start, steps):
    array, number = SqnArray([start] * sqn.SLOTS), sqn.sqn_of(start, 7)
    for _ in range(steps):
        number = sqn.next_sqn(number)
        assert array.accept(number)


def test_when_the_counter_is_at_its_end_then_no_sqn_is_made():
    with pytest.raises(OverflowError):
        sqn.next_sqn(sqn.sqn_of(sqn.SEQ_MAX, 0))
    with pytest.raises(OverflowError):
        sqn.sqn_of(-1, 0)


def test_when_the_generator_steps_then_seq_and_index_step():
    assert sqn.next_sqn(sqn.sqn_of(5, 7)) == sqn.sqn_of(6, 8)
    assert sqn.next_sqn(sqn.sqn_of(5, 31)) == sqn.sqn_of(6, 0)


def test_when_an_index_was_not_used_for_long_then_delta_counts_from_the_highest():
    # TS 33.102 C.2.1: SEQMS is the highest anywhere
    array = SqnArray([0, sqn.DELTA])
    assert array.fresh(sqn.sqn_of(2 * sqn.DELTA, 0))
    assert not array.fresh(sqn.sqn_of(2 * sqn.DELTA + 1, 0))
