"""Octets to values and back, one room a protocol."""
