"""Values to plain JSON and back: the value read is equal to the value written, so its octets are too.

A Struct is an object with its class under "@"; octets are {"hex": "0011"}; a CHOICE's or another tuple is
{"tuple": [...]}; numbers, texts, booleans and lists are themselves. Fields that have their default are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any, Final

import msgspec

DEPTH: Final = 200
"""Levels of nesting that are read; no message of any protocol comes near."""

Classes = Callable[[str], type[msgspec.Struct] | None]


def write(value: Any) -> Any:
    """Plain data for a JSON writer."""
    if isinstance(value, msgspec.Struct):
        return {"@": type(value).__name__} | {name: write(part) for name, part in given(value)}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple):
        return {"tuple": [write(part) for part in value]}
    if isinstance(value, list):
        return [write(part) for part in value]
    return value.value if isinstance(value, Enum) else value


def given(value: msgspec.Struct) -> list[tuple[str, Any]]:
    """The fields of a value that have not their default."""
    found = []
    for name, default in _defaults(type(value)):
        part = getattr(value, name)
        if part is not default and (type(part) is not type(default) or part != default):
            found.append((name, part))
    return found


@lru_cache(maxsize=8192)
def _defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """The fields of a class with their defaults; NODEFAULT, which no value is, where there is none."""
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    return tuple(zip(names, (msgspec.NODEFAULT,) * (len(names) - len(defaults)) + defaults, strict=True))


def read(document: Any, classes: Classes, where: str = "message", depth: int = 0) -> Any:
    """The value of what `write` made; ValueError says what is wrong, and where."""
    if depth > DEPTH:
        raise ValueError(f"{where[:60]}...: nested deeper than {DEPTH}")
    if isinstance(document, list):
        return [read(part, classes, f"{where}[{at}]", depth + 1) for at, part in enumerate(document)]
    if not isinstance(document, dict):
        return document
    if "@" in document:
        return _struct(document, classes, where, depth)
    if document.keys() == {"hex"}:
        return _octets(document["hex"], where)
    if document.keys() == {"tuple"} and isinstance(document["tuple"], list):
        return tuple(read(document["tuple"], classes, where, depth + 1))
    raise ValueError(f'{where}: an object is {{"@": class, ...}}, {{"hex": digits}} or {{"tuple": [...]}}')


def _octets(digits: Any, where: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: not hexadecimal octets") from None


def _struct(document: dict[str, Any], classes: Classes, where: str, depth: int) -> Any:
    name = document["@"]
    kind = classes(name) if isinstance(name, str) and name.isidentifier() else None
    if kind is None:
        raise ValueError(f"{where}: no class {name!r} in this protocol")
    parts = {key: part for key, part in document.items() if key != "@"}
    for key in parts:
        if key not in kind.__struct_fields__:
            raise ValueError(f"{where}: {name} has no field {key!r}")
    values = {key: read(part, classes, f"{where}.{key}", depth + 1) for key, part in parts.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as wrong:
        raise ValueError(f"{where}: {wrong}") from None
