"""Flattens pycrate's parsed ASN.1 modules into the tables and stubs that `freehold.codecs.asn1` runs on."""

from asn1.protocols import write_all

__all__ = ["write_all"]
