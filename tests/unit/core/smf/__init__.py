"""Tests of the SMF."""
