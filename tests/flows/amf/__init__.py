"""Ladders of the AMF's procedures, held to golden files."""
