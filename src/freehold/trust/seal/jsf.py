"""Signatures inside a JSON document: JSF with Ed25519 over the canonical form of RFC 8785."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from freehold.trust.seal.keys import Signer, Verifier, base64url, needs
from freehold.trust.seal.reading import Refused


def signed(document: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The document with its signature."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": base64url(signer.public.raw)}
    head = {"algorithm": "Ed25519", "keyId": signer.public.key_id, "publicKey": key}
    value = signer.sign(canonical({**document, "signature": head}, "the document"))
    return {**document, "signature": {**head, "value": base64url(value)}}


def verified(document: Mapping[str, Any], trusted: Iterable[Verifier], name: str) -> Verifier:
    """The trusted key that signed a document; Refused where none did, or the document was changed.

    The key that a document carries is what a stranger wrote: only keys in hand count.
    """
    signature = document.get("signature")
    if not isinstance(signature, dict) or signature.get("algorithm") != "Ed25519" or "excludes" in signature:
        raise Refused(f"{name} has no signature of Ed25519 over all of it")
    text = signature.get("value")
    try:
        value = base64.b64decode((text if isinstance(text, str) else "?") + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{name}: its signature is no Base64") from None
    head = {key: each for key, each in signature.items() if key != "value"}
    octets = canonical({**document, "signature": head}, name)
    for key in trusted:
        if key.holds(value, octets):
            return key
    raise Refused(f"{name}: its signature is of no key you trust, or it was changed")


def canonical(value: Any, name: str) -> bytes:
    """The octets that are signed (RFC 8785)."""
    try:
        import rfc8785
    except ImportError:
        raise needs("rfc8785") from None
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise Refused(f"{name} has no canonical form: {error}") from None
