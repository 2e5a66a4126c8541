"""Merkle trees as RFC 9162 2.1 (RFC 6962 2.1) builds them, and proofs that need nothing but hashes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 2.1.1)."""
# What each hash begins with (RFC 9162 2.1.1), never added to: a copy of it costs half of a new one.
_LEAF: Final = sha256(b"\x00")
_NODE: Final = sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry (RFC 9162 2.1.1)."""
    hashed = _LEAF.copy()
    hashed.update(entry)
    return hashed.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees (RFC 9162 2.1.1)."""
    hashed = _NODE.copy()
    hashed.update(left + right)
    return hashed.digest()


class Tree:
    """A tree that grows by leaves: the hash of every complete subtree, level by level, 64 octets a leaf."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Add the hash of an entry: its index."""
        index = len(self)
        for level in self._levels:
            level.append(leaf)
            if len(level) % 2:
                return index
            leaf = node_hash(level[-2], level[-1])
        self._levels.append([leaf])
        return index

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves, of all by default."""
        size = self._bounded(len(self) if size is None else size)
        return self._hash(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is in the tree of `size` leaves (RFC 9162 2.1.3.1)."""
        if not 0 <= index < self._bounded(size):
            raise IndexError(f"there is no entry {index} among {size}")
        proof, first, last = [], 0, size
        while last - first > 1:
            middle = first + _split(last - first)
            if index < middle:
                proof.append(self._hash(middle, last))
                last = middle
            else:
                proof.append(self._hash(first, middle))
                first = middle
        return proof[::-1]

    def consistency(self, older: int, newer: int) -> list[bytes]:
        """The proof that the tree of `older` leaves begins that of `newer` (RFC 9162 2.1.4.1)."""
        if not 0 < older <= self._bounded(newer):
            raise IndexError(f"{older} entries do not begin {newer}")
        proof, first, last, whole = [], 0, newer, True
        while older != last:
            middle = first + _split(last - first)
            if older <= middle:
                proof.append(self._hash(middle, last))
                last = middle
            else:
                proof.append(self._hash(first, middle))
                first, whole = middle, False
        return ([] if whole else [self._hash(first, last)]) + proof[::-1]

    def _bounded(self, size: int) -> int:
        if not 0 <= size <= len(self):
            raise IndexError(f"the tree has {len(self)} entries, not {size}")
        return size

    def _hash(self, first: int, last: int) -> bytes:
        """The root of leaves `first` to `last`, where `first` is a multiple of their number's next power of two."""
        count = last - first
        level = count.bit_length() - 1
        if count == 1 << level:
            return self._levels[level][first >> level]
        middle = first + _split(count)
        return node_hash(self._hash(first, middle), self._hash(middle, last))


def _split(count: int) -> int:
    """The largest power of two below `count` (RFC 9162 2.1.1)."""
    return 1 << (count - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf at `index` of the tree of `size` leaves with this root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            computed = node_hash(sibling, computed)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(older: int, newer: int, older_root: bytes, newer_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the older tree begins the newer one (RFC 9162 2.1.4.2)."""
    if not 0 < older <= newer:
        return False
    if older == newer:
        return not proof and older_root == newer_root
    path = [older_root, *proof] if older & (older - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = older - 1, newer - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == older_root and after == newer_root
