"""Freehold: a complete 5G standalone network that its owner can read, verify, change and run."""
