"""UE addresses (TS 23.501 5.8.2.2)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from freehold.core.smf.state.pool import AddressPool, octets, printed


def number(text: str) -> int:
    return int(IPv4Address(text))


def test_when_addresses_are_taken_then_the_networks_own_are_left_out() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    taken = [pool.take() for _ in range(6)]
    assert [None if address is None else printed(address) for address in taken] == [
        "10.0.0.2",
        "10.0.0.3",
        "10.0.0.4",
        "10.0.0.5",
        "10.0.0.6",
        None,
    ]
    assert pool.taken == pool.capacity == 5


def test_when_an_address_is_given_back_then_it_rests_as_long_as_others_are_free() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    first, second = pool.take(), pool.take()
    assert first is not None
    assert second is not None
    pool.give_back(first)
    pool.give_back(first)  # harmless
    rest = [pool.take() for _ in range(3)]
    assert first not in rest
    assert pool.take() == first
    pool.give_back(second)
    pool.give_back(first)
    assert [pool.take(), pool.take(), pool.take()] == [second, first, None]


def test_when_an_address_is_static_then_the_pool_passes_it_over() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    assert pool.take_static(number("10.0.0.3"))
    assert not pool.take_static(number("10.0.0.3"))
    assert pool.take() == number("10.0.0.2")
    assert pool.take() == number("10.0.0.4")
    pool.give_back(number("10.0.0.3"))
    assert pool.take_static(number("10.0.0.3"))


def test_when_a_static_address_is_nobodys_or_outside_then_the_pool_says_so() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    for text in ("10.0.0.0", "10.0.0.1", "10.0.0.7"):
        assert not pool.take_static(number(text))
    for text in ("192.0.2.1", "9.255.255.255", "10.0.0.8"):
        assert pool.take_static(number(text))
        assert not pool.take_static(number(text))
        pool.give_back(number(text))
        assert pool.take_static(number(text))
    assert pool.taken == 0


def test_when_a_static_address_ahead_is_given_back_then_it_is_given_out_once() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    pool.take_static(number("10.0.0.6"))
    pool.give_back(number("10.0.0.6"))
    taken = [pool.take() for _ in range(6)]
    assert len({address for address in taken if address is not None}) == 5


def test_when_the_pool_is_large_then_only_what_is_used_takes_room() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/8"))
    for _ in range(20_000):
        pool.take()
    assert len(pool._used) < 20_000 // 8 + 8


@given(st.lists(st.one_of(st.none(), st.integers(0, 15)), max_size=80))
def test_when_addresses_come_and_go_then_nobody_shares_one(steps: list[int | None]) -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/28"))
    base, mine = number("10.0.0.0"), set[int]()
    for step in steps:
        if step is None:
            address = pool.take()
            assert address not in mine
            assert (address is None) == (len(mine) == pool.capacity)
            if address is not None:
                mine.add(address)
        elif base + step in mine:
            mine.remove(base + step)
            pool.give_back(base + step)
        elif pool.take_static(base + step):
            mine.add(base + step)
        assert pool.taken == len(mine)


def test_when_an_address_is_written_then_it_is_in_network_order() -> None:
    assert octets(number("10.0.0.1")) == bytes((10, 0, 0, 1))
