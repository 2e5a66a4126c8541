"""Tests of the AMF."""
