"""The owner's signing key, what it signs, and documents of others read as the hostile input they are."""

from freehold.trust.seal.envelope import Envelope, open_envelope, seal_envelope
from freehold.trust.seal.keys import Signer, Verifier, load_signer, load_verifier, new_signer
from freehold.trust.seal.reading import Refused, parse_json, read_bounded, read_json, sha256_like

__all__ = [
    "Envelope",
    "Refused",
    "Signer",
    "Verifier",
    "load_signer",
    "load_verifier",
    "new_signer",
    "open_envelope",
    "parse_json",
    "read_bounded",
    "read_json",
    "seal_envelope",
    "sha256_like",
]
