"""Tests of single modules, without a network around them."""
