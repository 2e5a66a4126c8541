"""The ledger on a store: entries as they were written, under their numbers, and the tree over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from freehold.procedure import Signal
from freehold.services.ledger import Act
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.trust.ledger.checkpoint import Checkpoint
from freehold.trust.ledger.merkle import Tree, leaf_hash

TABLE: Final = "ledger"
_encode: Final = msgspec.json.Encoder().encode


class Altered(Unusable):
    """The ledger is not what it was: where, in one line."""


def key_of(index: int) -> str:
    """The key of an entry: numbers in the order of their text."""
    return f"{index:016d}"


class Ledger:
    """Appends acts and states checkpoints; a gap between the entries on the store is Altered."""

    __slots__ = ("_entries", "_store", "_tree")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries = ordered(store.load(TABLE))
        self._tree = tree_of(self._entries)

    def append(self, act: Act) -> Signal[None]:
        """Add an act; set once it is durable."""
        entry = _encode(act)
        self._entries.append(entry)
        index = self._tree.append(leaf_hash(entry))
        return self._store.commit(TABLE, [(key_of(index), entry)])

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


def verified(entries: Sequence[bytes], kept: Checkpoint | None) -> Checkpoint:
    """The state of these entries, once they are shown to begin with those of the checkpoint `kept`; or Altered."""
    tree = tree_of(entries)
    if kept is not None:
        if kept.size > len(tree):
            raise Altered(
                f"the ledger has {len(tree)} entries, and had {kept.size} at the checkpoint: it was cut short"
            )
        if tree.root(kept.size) != kept.root:
            raise Altered(f"the first {kept.size} entries are not those of the checkpoint: one was changed or moved")
    return Checkpoint(len(tree), tree.root())
