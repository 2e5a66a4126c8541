"""One name for a UE in logs and traces that says nothing of its identity, and is the same in every function."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from freehold.spec.identities import Supi

OCTETS: Final = 6


def correlation(subject: object, key: bytes) -> str:
    """The pseudonym of whom a context is about, as 12 hexadecimal digits; empty where no subscriber is known."""
    supi = supi_of(subject)
    return "" if supi is None else blake2b(supi.value.encode(), digest_size=OCTETS, key=key[:64]).hexdigest()


def supi_of(subject: object) -> Supi | None:
    """Whom a context is about; None where no subscriber is known."""
    supi = subject if isinstance(subject, Supi) else getattr(getattr(subject, "identity", None), "supi", None)
    return supi if isinstance(supi, Supi) else None
