"""Tests of GTP-U (TS 29.281) and its extension headers."""
