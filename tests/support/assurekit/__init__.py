"""Networks with one fault each, and the fast ways of `freehold assure` in tests."""
