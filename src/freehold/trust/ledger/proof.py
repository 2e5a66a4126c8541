"""One entry and its inclusion proof as a document: for whoever has a checkpoint and nothing else (RFC 9162 2.1.3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from freehold.trust.ledger.checkpoint import Checkpoint
from freehold.trust.ledger.ledger import tree_of
from freehold.trust.ledger.merkle import leaf_hash, verify_inclusion
from freehold.trust.seal import Refused

LONGEST: Final = 64
"""Hashes of a proof at most: more entries no ledger has."""


def prove(entries: Sequence[bytes], index: int) -> dict[str, Any]:
    """The entry at `index`, and the hashes that lead from it to the root of all."""
    tree = tree_of(entries)
    proof = [base64.b64encode(each).decode() for each in tree.inclusion(index, len(tree))]
    return {"index": index, "size": len(tree), "entry": base64.b64encode(entries[index]).decode(), "proof": proof}


def shown(told: Mapping[str, Any], kept: Iterable[Checkpoint], name: str) -> tuple[int, bytes]:
    """The entry's number and octets, once the proof leads to the root of a kept checkpoint; Refused otherwise."""
    index, size, proof = told.get("index"), told.get("size"), told.get("proof")
    if type(index) is not int or type(size) is not int or not isinstance(proof, list) or len(proof) > LONGEST:
        raise Refused(f"{name} is no proof of an entry")
    try:
        entry = base64.b64decode(told.get("entry", ""), validate=True)
        hashes = [base64.b64decode(each, validate=True) for each in proof]
    except (binascii.Error, ValueError, TypeError):
        raise Refused(f"{name}: a part of it is no Base64") from None
    root = next((each.root for each in kept if each.size == size), None)
    if root is None:
        raise Refused(f"{name} is of {size} entries, and no checkpoint of so many was kept")
    if not verify_inclusion(leaf_hash(entry), index, size, hashes, root):
        raise Refused(f"{name}: the entry is not in the ledger of the checkpoint, or not at {index}")
    return index, entry
