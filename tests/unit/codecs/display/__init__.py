"""Tests of messages as text and JSON."""
