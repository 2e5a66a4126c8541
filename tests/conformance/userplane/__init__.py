"""Packets and rules against every path of the user plane."""
