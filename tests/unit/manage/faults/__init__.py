"""Tests of alarms, thresholds and who is told of them."""
