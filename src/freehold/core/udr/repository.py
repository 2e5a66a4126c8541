"""Subscriptions by SUPI: read from memory in constant time, written through to the store."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from freehold.core.udr import sequence
from freehold.core.udr.rows import row_of, subscriber_of
from freehold.procedure import Signal
from freehold.services.arpf import Arpf
from freehold.services.nudr import Subscriber
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from freehold.spec.keys import Key

T = TypeVar("T")
Stored: TypeAlias = Subscriber | bytes | None

TABLE: Final = "subscriber"


class Udr:
    """A `services.nudr.DataRepository` on a store.

    A row becomes a value when it is first asked for, and subscriptions that are alike share their parts: a large
    population that is not there costs its rows alone.
    """

    def __init__(self, store: Store, arpf: Arpf | None = None) -> None:
        """Where there is an `arpf`, it gets every K that is put here, and the rows are without."""
        self._store = store
        self._arpf = arpf
        self._rows: dict[str, Subscriber | bytes] = dict(store.load(TABLE))
        self._names: list[str] | None = None
        """The keys in order; none since one came or went."""
        self._shared: dict[Any, Any] = {}
        self._sequence = sequence.Sequence(store)

    def __len__(self) -> int:
        return len(self._rows)

    def subscriber(self, supi: Supi) -> Subscriber | None:
        """One subscription, in constant time (TS 29.505 5.2.1)."""
        found = self._rows.get(supi.value)
        if isinstance(found, bytes):
            found = self._rows[supi.value] = self._share(subscriber_of(found))
        return found

    def subscribers(self, after: str = "") -> Iterable[Subscriber]:
        """All subscriptions in the order of their SUPIs, or those behind one."""
        if self._names is None:
            self._names = sorted(self._rows)
        names = self._names
        for place in range(bisect_right(names, after) if after else 0, len(names)):
            name = names[place]
            stored = self._rows.get(name)
            if stored is None:  # removed meanwhile
                continue
            yield stored if isinstance(stored, Subscriber) else subscriber_of(stored)

    def put(self, subscriber: Subscriber) -> Signal[None]:
        """Add or replace one subscription; seen at once, durable when the signal is set, as before where it fails."""
        return self.put_all((subscriber,))

    def put_all(self, subscribers: Iterable[Subscriber]) -> Signal[None]:
        """Add or replace many in one transaction: all or none."""
        values = [self._share(subscriber) for subscriber in subscribers]
        return self._write([(value.supi.value, value) for value in values], None)

    def delete(self, supi: Supi) -> Signal[bool]:
        """Remove one; whether it was there."""
        written = self._write([(supi.value, None)], supi.value in self._rows)
        if self._arpf is None:
            return written
        outcome: Signal[bool] = Signal()
        written.watch(lambda done: self._deleted(supi, done, outcome))
        return outcome

    def hand_over(self) -> Signal[None]:
        """Give the ARPF every K that is still in a row; set once no row has one."""
        return self.put_all([each for each in self.subscribers() if not each.authentication.elsewhere])

    def next_sequence(self) -> Signal[int]:
        """The next SEQ of the global counter (TS 33.102 C.1.1.1), never given twice, not even after a crash."""
        return self._sequence.take()

    def _deleted(self, supi: Supi, done: Signal[bool], outcome: Signal[bool]) -> None:
        try:
            there = done.result()
        except Unusable as fault:
            outcome.fail(fault)
            return
        if self._arpf is not None:
            _forgotten = self._arpf.forget([supi])
        outcome.set(there)

    def _write(self, values: Sequence[tuple[str, Subscriber | None]], answer: T) -> Signal[T]:
        before = [(key, self._rows.get(key)) for key, _ in values]
        for key, value in values:
            self._set(key, value)
        outcome: Signal[T] = Signal()
        undo = self._undo(values, before)
        given = [(each.supi, each.authentication.k) for _, each in values if each and not each.authentication.elsewhere]
        if self._arpf is None or not given:
            self._commit(values, outcome, answer, undo)
            return outcome

        def kept(done: Signal[None]) -> None:
            try:
                done.result()
            except Unusable as fault:
                undo()
                outcome.fail(fault)
                return
            bare = [(key, None if value is None else _without_k(value)) for key, value in values]
            for (key, value), (_, stripped) in zip(values, bare, strict=True):
                if self._rows.get(key) is value:
                    self._set(key, stripped)
            self._commit(bare, outcome, answer, self._undo(bare, before))

        self._arpf.keep(given).watch(kept)
        return outcome

    def _commit(
        self, values: Sequence[tuple[str, Subscriber | None]], outcome: Signal[T], answer: T, undo: Callable[[], None]
    ) -> None:
        rows = [(key, None if value is None else row_of(value)) for key, value in values]
        self._store.commit(TABLE, rows).watch(lambda done: _settle(done, outcome, answer, undo))

    def _undo(self, values: Sequence[tuple[str, Stored]], before: Sequence[tuple[str, Stored]]) -> Callable[[], None]:
        def undo() -> None:
            for (key, value), (_, old) in zip(values, before, strict=True):
                if self._rows.get(key) is value:  # not where a later write stands
                    self._set(key, old)

        return undo

    def _set(self, key: str, value: Stored) -> None:
        if value is None or key not in self._rows:
            self._names = None
        if value is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = value

    def _share(self, subscriber: Subscriber) -> Subscriber:
        """The same subscription with the parts that others have too."""
        mobility, slices = subscriber.mobility, subscriber.slices
        if (
            mobility.gpsi
            or mobility.allowed_pei
            or any(dnn.static_ipv4 or dnn.static_ipv6 for one in slices for dnn in one.dnns)
        ):
            return subscriber
        return msgspec.structs.replace(
            subscriber,
            mobility=self._shared.setdefault(mobility, mobility),
            slices=self._shared.setdefault(slices, slices),
        )


def _without_k(subscriber: Subscriber) -> Subscriber:
    bare = msgspec.structs.replace(subscriber.authentication, k=Key(b""))
    return msgspec.structs.replace(subscriber, authentication=bare)


def _settle(done: Signal[None], outcome: Signal[T], answer: T, undo: Callable[[], None]) -> None:
    try:
        done.result()
    except Unusable as fault:
        undo()
        outcome.fail(fault)
    else:
        outcome.set(answer)
