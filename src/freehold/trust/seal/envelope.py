"""Signed statements: DSSE envelopes, whose signature covers the payload's octets and their type."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from freehold.trust.seal.keys import Signer, Verifier
from freehold.trust.seal.reading import Refused, parse_json

STATEMENT: Final = "application/vnd.in-toto+json"
MOST_SIGNATURES: Final = 16


class Envelope(msgspec.Struct, frozen=True):
    """A payload that is signed by these keys; nothing of it was read before its signatures held."""

    payload: bytes
    signers: tuple[Verifier, ...]


def _authenticated(kind: str, payload: bytes) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def seal_envelope(value: Any, signers: Sequence[Signer], kind: str = STATEMENT) -> bytes:
    """The envelope of a JSON value, signed by each of `signers`."""
    payload = msgspec.json.encode(value, order="sorted")
    octets = _authenticated(kind, payload)
    signatures = [
        {"keyid": each.public.key_id, "sig": base64.b64encode(each.sign(octets)).decode()} for each in signers
    ]
    envelope = {"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": signatures}
    return msgspec.json.format(msgspec.json.encode(envelope), indent=1) + b"\n"


def open_envelope(octets: bytes, trusted: Iterable[Verifier], name: str, kind: str = STATEMENT) -> Envelope:
    """The payload of an envelope that at least one trusted key signed; Refused with the reason otherwise."""
    envelope = parse_json(octets, name)
    signatures, found = envelope.get("signatures"), envelope.get("payloadType")
    if found != kind:
        raise Refused(f"{name}: its type is {found!r}, not {kind!r}")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= MOST_SIGNATURES:
        raise Refused(f"{name} has no signature, or more than {MOST_SIGNATURES}")
    payload = _octets(envelope.get("payload"), name)
    signed = _authenticated(kind, payload)
    made = [_octets(each.get("sig") if isinstance(each, dict) else None, name) for each in signatures]
    signers = tuple(key for key in trusted if any(key.holds(each, signed) for each in made))
    if not signers:
        raise Refused(f"{name}: no signature is of a key you trust, or what it signs was changed")
    return Envelope(payload, signers)


def _octets(text: object, name: str) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{name}: a part of it is no Base64") from None
