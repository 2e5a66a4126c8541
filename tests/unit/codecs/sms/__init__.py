"""Tests of short messages (TS 24.011, TS 23.040)."""
