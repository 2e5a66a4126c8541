"""The functions of the core network."""
