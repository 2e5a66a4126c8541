"""Subscriptions as the store keeps them: MessagePack with the fields' names, so that formats can grow."""

from __future__ import annotations

from typing import Any

import msgspec

from freehold.services.nudr import Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.keys import Key


def _plain(value: Any) -> bytes:
    if isinstance(value, Key):
        return bytes(value)
    raise NotImplementedError(type(value).__name__)


def _typed(kind: type, value: Any) -> Key:
    if kind is Key and isinstance(value, bytes):
        return Key(value)
    raise NotImplementedError(kind.__name__)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)
_DECODER = msgspec.msgpack.Decoder(Subscriber, dec_hook=_typed)


def row_of(subscriber: Subscriber) -> bytes:
    """The octets of a subscription, keys included: for the store alone."""
    return _ENCODER.encode(subscriber)


def subscriber_of(row: bytes) -> Subscriber:
    """The subscription of stored octets; Unusable, without any of them, where they are no subscription."""
    try:
        return _DECODER.decode(row)
    except (msgspec.DecodeError, ValueError) as error:
        raise Unusable("the store holds a subscription that cannot be read: put a backup in its place") from error
