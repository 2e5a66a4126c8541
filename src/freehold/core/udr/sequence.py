"""The global counter of SEQ: one high-water mark, persisted a block ahead (TS 33.102 C.1.1.1)."""

from __future__ import annotations

from collections import deque
from typing import Final

from freehold.procedure import Signal
from freehold.services.store import Store
from freehold.spec.errors import Unusable

COUNTER: Final = "seq"
# How many values one durable write covers. A crash skips at most this many, far fewer than a USIM tolerates
# (TS 33.102 C.3.2: 2^28).
BLOCK: Final = 8192


class Sequence:
    """Values from 1, each given once in the life of a store, whatever ends the process."""

    __slots__ = ("_limit", "_next", "_reserving", "_store", "_waiting")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next = self._limit = max(1, store.reserved(COUNTER))
        self._waiting: deque[Signal[int]] = deque()
        self._reserving = False
        self._reserve()

    def take(self) -> Signal[int]:
        """The next value: at once, or as soon as its block is durable; Unusable where the store fails."""
        signal: Signal[int] = Signal()
        if self._next < self._limit:
            signal.set(self._next)
            self._next += 1
        else:
            self._waiting.append(signal)
        if self._limit - self._next < BLOCK // 2 and not self._reserving:
            self._reserve()
        return signal

    def _reserve(self) -> None:
        upto = self._limit + BLOCK
        self._reserving = True
        self._store.reserve(COUNTER, upto).watch(lambda done: self._reserved(done, upto))

    def _reserved(self, done: Signal[None], upto: int) -> None:
        self._reserving = False
        try:
            done.result()
        except Unusable as fault:
            # What is left of the last block is still given; the next request tries again.
            waiting, self._waiting = self._waiting, deque()
            for signal in waiting:
                signal.fail(fault)
            return
        self._limit = upto
        while self._waiting and self._next < self._limit:
            self._next += 1
            self._waiting.popleft().set(self._next - 1)
