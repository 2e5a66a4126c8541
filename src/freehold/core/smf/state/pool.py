"""UE addresses of one data network (TS 23.501 5.8.2.2)."""

from __future__ import annotations

from collections import deque
from ipaddress import IPv4Address, IPv4Network


class AddressPool:
    """Takes and gives back IPv4 addresses in constant time; an address given back rests as long as others are free.

    The first host address is the data network's own; network and broadcast address are nobody's.
    """

    __slots__ = ("_base", "_freed", "_next", "_outside", "_size", "_used", "network", "taken")

    def __init__(self, network: IPv4Network) -> None:
        self.network = network
        self.taken = 0
        self._base = int(network.network_address)
        self._size = network.num_addresses - 1
        self._next = 2
        self._used = bytearray(1)
        self._freed: deque[int] = deque()
        self._outside: set[int] = set()

    @property
    def capacity(self) -> int:
        """How many addresses there are for UEs."""
        return max(self._size - 2, 0)

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
        if 0 <= place <= self._size:
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
        at, bit = place >> 3, 1 << (place & 7)
        if at >= len(self._used):
            self._used.extend(bytes(at + 1 - len(self._used)))
        if self._used[at] & bit or not 1 < place < self._size:
            return False
        self._used[at] |= bit
        self.taken += 1
        return True


def octets(address: int) -> bytes:
    """An address in network order."""
    return address.to_bytes(4, "big")


def printed(address: int) -> str:
    """An address as people write it."""
    return str(IPv4Address(address))
