"""Tests of origin, flows, ledger, keys, assurance and hand-over."""
