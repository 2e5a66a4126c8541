"""Fixtures for tests that script a network; loaded by pytest through the entry point `freehold`."""
