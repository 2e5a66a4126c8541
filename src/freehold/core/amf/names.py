"""A SUCI written as a name becomes one like any other (TS 23.003 28.7.3)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import nas
from freehold.spec.identities import Suci

NULL: Final = 0
"""The protection scheme that conceals nothing (TS 33.501 C.1)."""


def suci_of(identity: object) -> Suci | None:
    """The SUCI in a mobile identity; None where there is none, or its name is not one of TS 23.003 28.7.3."""
    if isinstance(identity, Suci):
        return identity
    if not isinstance(identity, nas.NetworkSpecificSuci):
        return None
    try:
        return _parse(identity.nai.decode("ascii"))
    except ValueError:
        return None


def _parse(nai: str) -> Suci:
    name, _, realm = nai.rpartition("@")
    _, rest = _between(name, "type", ".rid")
    routing_indicator, rest = _between(rest, "", ".schid")
    if not realm or not routing_indicator.isdecimal() or len(routing_indicator) > 4:
        raise ValueError("no realm, or no routing indicator")
    if rest.startswith(f"{NULL}.userid"):
        user = rest.removeprefix(f"{NULL}.userid")
        return Suci(None, routing_indicator, NULL, 0, user.encode(), "nai", realm)
    scheme, rest = _between(rest, "", ".hnkey")
    key_id, rest = _between(rest, "", ".ecckey")
    ephemeral, rest = _between(rest, "", ".cip")
    ciphertext, tag = _between(rest, "", ".mac")
    output = bytes.fromhex(ephemeral) + bytes.fromhex(ciphertext) + bytes.fromhex(tag)
    return Suci(None, routing_indicator, _octet(scheme), _octet(key_id), output, "nai", realm)


def _between(text: str, start: str, end: str) -> tuple[str, str]:
    found, mark, rest = text.removeprefix(start).partition(end)
    if not text.startswith(start) or not mark:
        raise ValueError(f"no {end} in the name")
    return found, rest


def _octet(text: str) -> int:
    if not text.isdecimal() or len(text) > 3 or not 0 <= (value := int(text)) <= 255:
        raise ValueError("a scheme or key identifier is 0 to 255")
    return value
