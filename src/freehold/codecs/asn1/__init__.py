"""What every ASN.1 protocol's codec shares: messages, faults and what a decoder returns."""

from freehold.codecs.asn1.values import Criticality, Decoded, EncodeError, Fault, Header, Message, UnknownIe

__all__ = ["Criticality", "Decoded", "EncodeError", "Fault", "Header", "Message", "UnknownIe"]
