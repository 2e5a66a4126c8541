"""JSON whose objects name each member once: of two, one reader takes the first, another the last."""

from __future__ import annotations

import json
from typing import Any, Final


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"{twice[:64]!r} stands twice in one object")


ONCE: Final = json.JSONDecoder(object_pairs_hook=_once)
"""Decodes to nothing; raises ValueError where an object names a member twice."""
