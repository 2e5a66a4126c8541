"""What is in a backup: the rows of the store, the marks of its counters, and the configuration's text."""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from freehold.spec.errors import Unusable

MOST: Final = 512 * 1024 * 1024
"""Octets that a content may have: what is compressed can be anything."""


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is restored; `made` is in seconds since 1970."""

    program: str
    made: float
    network: str
    plmn: str
    configuration: str
    tables: dict[str, dict[str, bytes]]
    marks: dict[str, int]


def encoded(content: Content) -> bytes:
    """A content as octets, compressed."""
    return zlib.compress(msgspec.msgpack.encode(content), 6)


def decoded(octets: bytes) -> Content:
    """The content of octets; Unusable where they are none, or too many."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(octets, MOST)
        if unpacker.unconsumed_tail:
            raise Unusable(f"the backup holds more than {MOST // 1024 // 1024} MiB: it was not made by this program")
        if not unpacker.eof or unpacker.unused_data:
            raise Unusable("the backup's content is not whole")
        return msgspec.msgpack.decode(plain, type=Content)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"the backup's content cannot be read: {error}") from None
