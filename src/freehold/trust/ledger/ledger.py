"""The ledger on a store: entries as they were written, under their numbers, and the tree over them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import msgspec

from freehold.procedure import Signal
from freehold.services.ledger import Act
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.trust.ledger.checkpoint import Checkpoint
from freehold.trust.ledger.merkle import Tree, leaf_hash
from freehold.trust.ledger.witness import Witness

Row: TypeAlias = tuple[str, bytes]

TABLE: Final = "ledger"
_DIGITS: Final = 16
_encode: Final = msgspec.json.Encoder().encode


class Altered(Unusable):
    """The ledger is not what it was: where, in one line; the command ends with status 1."""

    status = 1


def key_of(index: int) -> str:
    """The key of an entry: numbers in the order of their text."""
    return str(index).zfill(_DIGITS)


class Ledger:
    """Appends acts and states checkpoints; a gap between the entries on the store is Altered.

    So are entries that do not begin with each state that `witness` has; it gets a new one after every act, and
    `on_fault` hears where that cannot be.
    """

    __slots__ = ("_entries", "_listeners", "_on_fault", "_store", "_tree", "_under_way", "_witness")

    def __init__(
        self, store: Store, witness: Witness | None = None, on_fault: Callable[[Unusable], None] = lambda _: None
    ) -> None:
        self._store = store
        self._witness = witness
        self._on_fault = on_fault
        self._entries = ordered(store.load(TABLE))
        self._under_way: deque[tuple[list[Row], Signal[None]]] = deque()
        self._listeners: list[Callable[[Act], None]] = []
        self._tree = tree_of(self._entries)
        for kept in witness.notes() if witness else ():
            _begins(self._tree, kept)

    def append(self, act: Act) -> Signal[None]:
        """Add an act; set once it is durable."""
        entry = _encode(act)
        self._entries.append(entry)
        index = self._tree.append(leaf_hash(entry))
        # What an earlier write could not keep goes with it: a gap would look as if somebody had deleted an entry.
        rows = [*self._unkept(), (key_of(index), entry)]
        durable = self._store.commit(TABLE, rows)
        self._under_way.append((rows, durable))
        outcome = durable if self._witness is None else self._witnessed(durable, self._witness, index + 1)
        for listener in self._listeners:
            listener(act)
        return outcome

    def listen(self, listener: Callable[[Act], None]) -> None:
        """Hand every act to `listener`, before it is durable."""
        self._listeners.append(listener)

    def _unkept(self) -> list[Row]:
        """The rows of writes that failed, each told once; a store settles its writes in their order."""
        found: list[Row] = []
        while self._under_way and self._under_way[0][1].settled:
            rows, durable = self._under_way.popleft()
            try:
                durable.result()
            except Unusable:
                found += rows
        return found

    def _witnessed(self, durable: Signal[None], witness: Witness, size: int) -> Signal[None]:
        """Set once the state of `size` entries, durable before, is with the witness, or the fault with `on_fault`."""
        outcome: Signal[None] = Signal()

        def settled(done: Signal[None]) -> None:
            try:
                done.result()
            except Unusable as fault:
                outcome.fail(fault)
                return
            try:
                witness.add(Checkpoint(size, self._tree.root(size)))
            except Unusable as fault:
                self._on_fault(fault)
            outcome.set(None)

        durable.watch(settled)
        return outcome

    def entries(self) -> Sequence[bytes]:
        """Every entry's octets, in order."""
        return self._entries

    def checkpoint(self) -> Checkpoint:
        """The state to keep outside."""
        return Checkpoint(len(self._tree), self._tree.root())


def ordered(rows: Iterable[tuple[str, object]]) -> list[bytes]:
    """The entries of a table's rows; Altered where a number is missing or a row holds no octets."""
    entries: list[bytes] = []
    for key, entry in rows:
        if key != key_of(len(entries)):
            raise Altered(f"entry {len(entries)} of the ledger is missing")
        if not isinstance(entry, bytes):  # SQLite keeps whatever type somebody else wrote
            raise Altered(f"entry {len(entries)} of the ledger was written by another program")
        entries.append(entry)
    return entries


def tree_of(entries: Iterable[bytes]) -> Tree:
    """The tree over entries."""
    tree = Tree()
    for entry in entries:
        tree.append(leaf_hash(entry))
    return tree


def verified(entries: Sequence[bytes], *kept: Checkpoint) -> Checkpoint:
    """The state of these entries, once they are shown to begin with those of each checkpoint `kept`; or Altered."""
    tree = tree_of(entries)
    for each in kept:
        _begins(tree, each)
    return Checkpoint(len(tree), tree.root())


def _begins(tree: Tree, kept: Checkpoint) -> None:
    if kept.size > len(tree):
        raise Altered(f"the ledger has {len(tree)} entries, and had {kept.size} at the checkpoint: it was cut short")
    if tree.root(kept.size) != kept.root:
        raise Altered(f"the first {kept.size} entries are not those of the checkpoint: one was changed or moved")
