"""UE addresses and prefixes of one data network (TS 23.501 5.8.2.2)."""

from __future__ import annotations

from collections import deque
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Final

PREFIX_BITS: Final = 64
"""A terminal's share of an IPv6 pool is a /64 (TS 23.501 5.8.2.2.3)."""
PLACES: Final = 1 << 24
"""So many places are kept as bits; a static address beyond them is kept by itself."""


class AddressPool:
    """Takes and gives back IPv4 addresses, or upper halves of IPv6 ones, in constant time.

    What is given back rests as long as others are free. The first host address, or the first /64, is the data network's
    own; IPv4's network and broadcast address are nobody's.
    """

    __slots__ = ("_base", "_first", "_freed", "_next", "_outside", "_size", "_used", "network", "taken")

    def __init__(self, network: IPv4Network | IPv6Network) -> None:
        self.network = network
        self.taken = 0
        base = int(network.network_address)
        if network.version == 4:
            self._base, self._size, self._first = base, network.num_addresses - 1, 2
        else:
            self._base, self._size, self._first = base >> PREFIX_BITS, network.num_addresses >> PREFIX_BITS, 1
        self._next = self._first
        self._used = bytearray(1)
        self._freed: deque[int] = deque()
        self._outside: set[int] = set()

    @property
    def capacity(self) -> int:
        """How many addresses there are for UEs."""
        return max(self._size - self._first, 0)

    def take(self) -> int | None:
        """An address nobody has; None when there is none."""
        while self._next < self._size:
            self._next += 1
            if self._claim(self._next - 1):
                return self._base + self._next - 1
        while self._freed:
            place = self._freed.popleft()
            if self._claim(place):
                return self._base + place
        return None

    def take_static(self, address: int) -> bool:
        """Take this very address; False when somebody has it. It may lie outside the pool."""
        place = address - self._base
        if 0 <= place <= min(self._size, PLACES):
            return self._claim(place)
        if address in self._outside:
            return False
        self._outside.add(address)
        return True

    def give_back(self, address: int) -> None:
        """The address is free again; harmless when it was not taken."""
        place = address - self._base
        self._outside.discard(address)
        if 0 < place < self._size and place >> 3 < len(self._used) and self._used[place >> 3] >> (place & 7) & 1:
            self._used[place >> 3] &= ~(1 << (place & 7))
            self.taken -= 1
            if place < self._next:
                self._freed.append(place)

    def _claim(self, place: int) -> bool:
        if self._outside and self._base + place in self._outside:
            return False
        at, bit = place >> 3, 1 << (place & 7)
        if at >= len(self._used):
            self._used.extend(bytes(at + 1 - len(self._used)))
        if self._used[at] & bit or not self._first <= place < self._size:
            return False
        self._used[at] |= bit
        self.taken += 1
        return True


def printed_prefix(prefix: int) -> str:
    """A terminal's prefix as people write it."""
    return str(IPv6Network((prefix << PREFIX_BITS, PREFIX_BITS)))


def octets(address: int) -> bytes:
    """An address in network order."""
    return address.to_bytes(4, "big")


def printed(address: int) -> str:
    """An address as people write it."""
    return str(IPv4Address(address))
