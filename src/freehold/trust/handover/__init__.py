"""Handing a technology over: what is granted, what is not, what was shown, and one signed file that says so."""
