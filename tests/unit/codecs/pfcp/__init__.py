"""Tests of PFCP (TS 29.244)."""
