"""Tests of the ledger and its proofs."""
