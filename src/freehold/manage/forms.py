"""JSON forms: each name stands once in an object, so that no two readers take it differently (TS 33.117 4.3.6.3)."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from freehold.spec.members import ONCE

T = TypeVar("T")
BULK: Final = 1 << 20
"""Octets of a list from which on it is an import, whose rows are read by one reader alone."""


def decode(octets: bytes, kind: type[T]) -> T:
    """A form; msgspec.DecodeError or UnicodeDecodeError where it is none, or where a name stands twice."""
    try:
        form = msgspec.json.decode(octets, type=kind)
        ONCE.decode(octets.decode())
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise
    except (ValueError, RecursionError) as error:
        raise msgspec.ValidationError(str(error)) from None
    return form
