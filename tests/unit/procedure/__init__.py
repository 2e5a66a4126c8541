"""Tests of procedures' effects and their runners."""
