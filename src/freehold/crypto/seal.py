"""AES-256-GCM for rows at rest (NIST SP 800-38D).

`Seal(key)` has a key of 32 octets; `seal(nonce, octets, beside)` and `open(nonce, sealed, beside)` take a nonce of 12
octets, used once under a key, and authenticate what stands `beside`. `open` is a ValueError where anything was changed.
"""

from __future__ import annotations

from freehold._native.crypto import Seal

__all__ = ["Seal"]
