"""Tests of counters, indicators and measurement files."""
