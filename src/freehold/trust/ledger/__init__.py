"""An append-only log of acts with a Merkle tree over it: what was kept outside once, nothing inside can deny."""

from freehold.trust.ledger.checkpoint import Checkpoint, parse
from freehold.trust.ledger.ledger import TABLE, Altered, Ledger, key_of, ordered, verified

__all__ = ["TABLE", "Altered", "Checkpoint", "Ledger", "key_of", "ordered", "parse", "verified"]
