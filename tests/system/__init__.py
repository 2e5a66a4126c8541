"""Tests of whole processes, as an operator starts them."""
