"""The UDR: durable subscriptions in memory, and a counter that never gives a value twice."""

from __future__ import annotations

import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.core.udr import Udr
from freehold.core.udr.rows import row_of
from freehold.core.udr.rows import subscriber_of as read
from freehold.core.udr.sequence import BLOCK, COUNTER
from freehold.procedure import Signal
from freehold.spec.errors import Unusable
from freehold.spec.keys import Key
from freehold.store import MemoryStore

from .home import subscriber_of, supi_of


class SlowStore(MemoryStore):
    """A store whose disk answers when the test says so."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def commit(self, table, rows):
        return self._ask(lambda: super(SlowStore, self).commit(table, rows))

    def reserve(self, counter, upto):
        return self._ask(lambda: super(SlowStore, self).reserve(counter, upto))

    def _ask(self, write):
        signal = Signal()
        self.asked.append((signal, write))
        return signal

    def answer(self, *, full=False):
        for signal, write in self.asked[:]:
            self.asked.remove((signal, write))
            if full:
                signal.fail(Unusable("the disk is full"))
            else:
                write()
                signal.set(None)


def test_when_a_subscription_is_put_then_it_is_found_and_survives():
    store = MemoryStore()
    udr = Udr(store)
    udr.put(subscriber_of(7)).result()
    assert udr.subscriber(supi_of(7)) == subscriber_of(7)
    assert Udr(store).subscriber(supi_of(7)) == subscriber_of(7)
    assert udr.subscriber(supi_of(8)) is None


def test_when_subscriptions_are_listed_then_they_are_in_the_order_of_their_supis():
    store = MemoryStore()
    Udr(store).put_all([subscriber_of(n) for n in (30, 1, 2)]).result()
    assert [one.supi for one in Udr(store).subscribers()] == [supi_of(n) for n in (1, 2, 30)]
    assert len(Udr(store)) == 3


def test_when_a_subscription_is_deleted_then_it_says_whether_it_was_there():
    store = MemoryStore()
    udr = Udr(store)
    udr.put(subscriber_of(7)).result()
    assert udr.delete(supi_of(7)).result()
    assert not udr.delete(supi_of(7)).result()
    assert udr.subscriber(supi_of(7)) is None
    assert Udr(store).subscriber(supi_of(7)) is None


def test_when_the_disk_has_not_answered_then_the_signal_waits():
    store = SlowStore()
    udr = Udr(store)
    signal = udr.put(subscriber_of(7))
    assert not signal.settled
    store.answer()
    assert signal.settled


def test_when_the_disk_is_full_then_memory_is_as_before():
    store = SlowStore()
    udr = Udr(store)
    kept = udr.put(subscriber_of(1))
    store.answer()
    kept.result()
    changes = udr.put_all([subscriber_of(1, enabled=False), subscriber_of(2)]), udr.delete(supi_of(1))
    store.answer(full=True)
    for change in changes:
        with pytest.raises(Unusable):
            change.result()
    assert udr.subscriber(supi_of(2)) is None


def test_when_a_write_fails_then_a_later_one_of_the_same_subscription_stands():
    store = SlowStore()
    udr = Udr(store)
    store.answer()
    failing = udr.put(subscriber_of(1, enabled=False))
    later = udr.put(subscriber_of(1, gpsi="msisdn-1"))
    store.asked[0][0].fail(Unusable("the disk is full"))
    del store.asked[0]
    store.answer()
    later.result()
    with pytest.raises(Unusable):
        failing.result()
    found = udr.subscriber(supi_of(1))
    assert found is not None
    assert found.mobility.gpsi == "msisdn-1"


def test_when_rows_are_written_and_read_then_keys_are_keys_again():
    found = read(row_of(subscriber_of(9, sqn_offset=-5)))
    assert found == subscriber_of(9, sqn_offset=-5)
    assert type(found.authentication.k) is Key


def test_when_a_later_format_has_more_fields_then_the_row_is_still_read():
    fields = msgspec.msgpack.decode(row_of(subscriber_of(9)))
    row = msgspec.msgpack.encode(fields | {"later": 1})
    assert read(row) == subscriber_of(9)


@given(row=st.binary(max_size=40))
def test_when_a_row_is_damaged_then_it_is_unusable_and_not_shown(row):
    with pytest.raises(Unusable, match=r"^the store holds a subscription that cannot be read: put a backup"):
        read(row)


def test_when_a_subscription_is_printed_then_no_key_and_no_whole_supi_is_in_the_text():
    subscriber = subscriber_of(0x5EC2E7)
    for text in (repr(subscriber), str(subscriber.supi), repr(subscriber.authentication)):
        assert subscriber.authentication.k.hex() not in text
        assert bytes.__repr__(subscriber.authentication.k) not in text
        assert bytes.__repr__(subscriber.authentication.opc) not in text
        assert subscriber.supi.digits not in text


def test_when_subscriptions_are_alike_then_they_share_their_parts():
    store = MemoryStore()
    Udr(store).put_all(subscriber_of(n) for n in range(1, 101)).result()
    udr = Udr(store)
    found = [udr.subscriber(supi_of(n)) for n in range(1, 101)]
    assert len({id(one.mobility) for one in found}) == 1
    assert len({id(one.slices) for one in found}) == 1
    one = found[0]
    own = [one, one.supi, one.supi.value, one.authentication, one.authentication.k, one.authentication.opc]
    assert sum(map(sys.getsizeof, own)) <= 600


def test_when_values_are_taken_then_each_is_the_next_one():
    udr = Udr(MemoryStore())
    assert [udr.next_sequence().result() for _ in range(3 * BLOCK)] == list(range(1, 3 * BLOCK + 1))


def test_when_the_process_ends_anyhow_then_no_value_is_given_again():
    store, given_ = MemoryStore(), []
    for taken in (5, BLOCK + 3, 1):
        udr = Udr(store)
        given_ += [udr.next_sequence().result() for _ in range(taken)]
    assert given_ == sorted(set(given_))
    assert given_[-1] <= 4 * BLOCK


def test_when_the_block_is_not_durable_yet_then_the_value_waits_for_it():
    store = SlowStore()
    udr = Udr(store)
    waiting = [udr.next_sequence() for _ in range(3)]
    assert not any(signal.settled for signal in waiting)
    store.answer()
    assert [signal.result() for signal in waiting] == [1, 2, 3]
    assert store.reserved(COUNTER) > 3


def test_when_half_a_block_is_used_then_the_next_one_is_reserved_before_it_is_needed():
    store = SlowStore()
    udr = Udr(store)
    store.answer()
    taken = [udr.next_sequence() for _ in range(BLOCK // 2 + 1)]
    assert len(store.asked) == 1
    store.answer()
    taken += [udr.next_sequence() for _ in range(BLOCK)]
    assert all(signal.settled for signal in taken)


def test_when_the_disk_is_full_then_the_waiting_ones_fail_and_a_later_one_succeeds():
    store = SlowStore()
    udr = Udr(store)
    waiting = udr.next_sequence()
    store.answer(full=True)
    with pytest.raises(Unusable):
        waiting.result()
    again = udr.next_sequence()
    store.answer()
    assert again.result() == 1
