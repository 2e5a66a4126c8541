"""Procedures of the AMF as the specifications want them, seen from outside."""
