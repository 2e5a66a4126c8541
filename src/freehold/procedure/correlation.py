"""One name for a UE in logs and traces that says nothing of its identity, and is the same in every function."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from freehold.spec.identities import Supi

OCTETS: Final = 6


def correlation(subject: object, key: bytes) -> str:
    """The pseudonym of whom a context is about, as 12 hexadecimal digits; empty where no subscriber is known."""
    supi = subject if isinstance(subject, Supi) else getattr(getattr(subject, "identity", None), "supi", None)
    if not isinstance(supi, Supi):
        return ""
    return blake2b(supi.value.encode(), digest_size=OCTETS, key=key[:64]).hexdigest()
