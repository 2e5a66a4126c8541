"""An append-only log of acts with a Merkle tree over it: what was kept outside once, nothing inside can deny."""

from freehold.trust.ledger.checkpoint import Checkpoint, parse
from freehold.trust.ledger.ledger import TABLE, Altered, Ledger, key_of, ordered, verified
from freehold.trust.ledger.witness import Witness, note, read_notes

__all__ = [
    "TABLE",
    "Altered",
    "Checkpoint",
    "Ledger",
    "Witness",
    "key_of",
    "note",
    "ordered",
    "parse",
    "read_notes",
    "verified",
]
