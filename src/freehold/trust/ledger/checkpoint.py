"""What is kept outside of a ledger: how many entries it had, and the root of its tree, as three lines of text."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from freehold.spec.errors import Unusable

ORIGIN: Final = "freehold ledger"
_ROOT: Final = 32
_DIGITS: Final = 18
"""More entries than these digits say, no ledger has."""


class Checkpoint(msgspec.Struct, frozen=True, gc=False):
    """The state of a ledger: its number of entries and the root over them (RFC 9162 2.1.1)."""

    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{ORIGIN}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(text: str) -> Checkpoint:
    """A checkpoint from its three lines; Unusable says what is wrong with them."""
    lines = text.splitlines()
    if len(lines) != 3 or lines[0] != ORIGIN:
        raise Unusable(f"this is no checkpoint: it has three lines, of which the first is {ORIGIN!r}")
    if not (lines[1].isascii() and lines[1].isdigit() and len(lines[1]) <= _DIGITS):
        raise Unusable("the second line of a checkpoint is the number of entries")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != _ROOT:
        raise Unusable("the third line of a checkpoint is a root of 32 octets in Base64")
    return Checkpoint(int(lines[1]), root)
