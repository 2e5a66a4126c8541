"""Verifying and owning a network."""
