"""Tests of log servers: what is sent to them, and what an outage does."""
