"""Reading what another party wrote: bounded in size and depth, and refused in one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.spec.members import ONCE

MOST: Final = 64 << 20
"""Octets of a document at most."""
DEPTH: Final = 64
"""Values inside each other at most."""


class Refused(Unusable):
    """A document or a set of files is not what it says it is: why, in one line; the command ends with status 1."""

    status = 1


def read_bounded(path: Path, most: int = MOST) -> bytes:
    """A regular file's octets; Unusable where it cannot be read, Refused where it is larger than `most`."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refused(f"{path} is no regular file")
            octets = file.read(most + 1)
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if len(octets) > most:
        raise Refused(f"{path} has more than {most} octets")
    return octets


def parse_json(octets: bytes, name: str) -> dict[str, Any]:
    """A JSON object of another party; Refused where it is none, too deep, or names a member twice."""
    if _deepest(octets) > DEPTH:
        raise Refused(f"{name} has more than {DEPTH} values inside each other")
    try:
        value = msgspec.json.decode(octets)
        ONCE.decode(octets.decode())
    except (ValueError, RecursionError) as error:  # msgspec's and those of decoding are ValueErrors
        raise Refused(f"{name} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused(f"{name} is no JSON object")
    return value


def read_json(path: Path, most: int = MOST) -> dict[str, Any]:
    """The JSON object in a file of another party."""
    return parse_json(read_bounded(path, most), str(path))


def _deepest(octets: bytes) -> int:
    """An upper bound of how deep the document nests: every bracket counts, those in strings too."""
    if octets.count(b"[") + octets.count(b"{") <= DEPTH:
        return 0
    depth = deepest = 0
    quoted = escaped = False
    for octet in octets:
        if quoted:
            quoted, escaped = escaped or octet != 0x22, not escaped and octet == 0x5C
        elif octet == 0x22:
            quoted = True
        elif octet in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif octet in b"]}":
            depth -= 1
    return deepest


def sha256_like(text: str) -> bool:
    """Whether a text is a SHA-256 as everything here writes it: 64 digits of hexadecimal in lower case."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
