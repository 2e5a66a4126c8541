"""Tests of EAP and EAP-AKA'."""
