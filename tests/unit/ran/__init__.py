"""Tests of gNBs."""
