"""Tests of the assurance frame and its reports."""
