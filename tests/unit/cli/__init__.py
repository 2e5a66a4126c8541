"""Tests of commands as typed."""
