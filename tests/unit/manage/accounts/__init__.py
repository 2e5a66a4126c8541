"""Tests of accounts, tokens, sessions and logins."""
