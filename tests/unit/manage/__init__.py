"""Tests of management: API, events, restoring."""
