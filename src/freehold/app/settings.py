"""Typed settings from plain TOML values: people's units, the key path of every mistake, the nearest known name."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec

from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId, SNssai

T = TypeVar("T")

_RATE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(|k|M|G|T)(?:bit/s|bps)\s*$")
_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class BitRate(int):
    """A rate in bit/s, written `100 Mbit/s`."""

    def __str__(self) -> str:
        for unit in ("T", "G", "M", "k"):
            if self and self % _FACTORS[unit] == 0:
                return f"{self // _FACTORS[unit]} {unit}bit/s"
        return f"{int(self)} bit/s"

    @classmethod
    def parse(cls, text: str) -> BitRate:
        """Read `64 kbit/s`, `1.5 Gbit/s`, `1000 bit/s`."""
        match = _RATE.match(text)
        if match is None:
            raise ValueError('a rate is written "100 Mbit/s"')
        return cls(round(float(match[1]) * _FACTORS[match[2]]))


class _Kind(msgspec.Struct, frozen=True):
    """How a type is read from text, and what a person is told to write."""

    read: Callable[[str], object]
    example: str


KINDS: dict[type, _Kind] = {
    PlmnId: _Kind(PlmnId.parse, '"001/01"'),
    SNssai: _Kind(SNssai.parse, '"1" or "1-010203"'),
    IPv4Address: _Kind(IPv4Address, '"192.0.2.1"'),
    IPv4Network: _Kind(IPv4Network, '"10.45.0.0/16"'),
    IPv6Address: _Kind(IPv6Address, '"2001:db8::1"'),
    IPv6Network: _Kind(IPv6Network, '"fd45::/48"'),
    BitRate: _Kind(BitRate.parse, '"100 Mbit/s"'),
}


def build(kind: type[T], raw: dict[str, Any], name: str, text: str = "") -> T:
    """A settings struct from plain values; Unusable gives file, line where it can be found, key and remedy."""
    try:
        return cast("T", _value(kind, raw, ""))
    except _Wrong as wrong:
        line = _line(text, wrong.key)
        raise Unusable(f"{name}{f':{line}' if line else ''}: {wrong.key}: {wrong.complaint}") from None


class _Wrong(Exception):  # noqa: N818 - a complaint on its way up
    def __init__(self, key: str, complaint: str) -> None:
        super().__init__(complaint)
        self.key = key
        self.complaint = complaint


def _value(kind: Any, raw: Any, key: str) -> Any:
    if kind in KINDS:
        return _from_text(kind, raw, key)
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return None if raw is None else _one_of(tuple(a for a in get_args(kind) if a is not types.NoneType), raw, key)
    if origin is tuple:
        if not isinstance(raw, list):
            raise _Wrong(key, "must be a list" if not isinstance(raw, dict) else f"is written [[{key}]]")
        return tuple(_value(get_args(kind)[0], item, key) for item in raw)
    if origin is dict:
        return {name: _value(get_args(kind)[1], item, f"{key}.{name}") for name, item in _table(raw, key).items()}
    if origin is Literal:
        if raw not in get_args(kind):
            raise _Wrong(
                key, f"{raw!r} is not one of {', '.join(map(repr, get_args(kind)))}{_nearest(raw, get_args(kind))}"
            )
        return raw
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind, _table(raw, key), key)
    return _plain(kind, raw, key)


def _one_of(kinds: tuple[Any, ...], raw: Any, key: str) -> Any:
    """A value of the first of the kinds that it is one of; the complaint names them all."""
    wrong = []
    for kind in kinds:
        try:
            return _value(kind, raw, key)
        except _Wrong as complaint:
            wrong.append(complaint)
    if len(wrong) == 1:
        raise wrong[0]
    raise _Wrong(key, f"{raw!r} is not of the form {' or '.join(KINDS[kind].example for kind in kinds)}")


def _from_text(kind: type, raw: Any, key: str) -> object:
    known = KINDS[kind]
    if not isinstance(raw, str):
        raise _Wrong(key, f"must be text like {known.example}")
    try:
        return known.read(raw)
    except ValueError:
        raise _Wrong(key, f"{raw!r} is not of the form {known.example}") from None


def _table(raw: Any, key: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _Wrong(key, f"must be a table: [{key}]")
    return raw


def _struct(kind: type[msgspec.Struct], raw: dict[str, Any], key: str) -> msgspec.Struct:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in raw:
        if name not in fields:
            raise _Wrong(f"{key}.{name}".lstrip("."), f"no such setting{_nearest(name, tuple(fields))}")
    return kind(**{name: _value(fields[name].type, value, f"{key}.{name}".lstrip(".")) for name, value in raw.items()})


def _plain(kind: type, raw: Any, key: str) -> object:
    wanted = {int: "a whole number", float: "a number", str: "text in quotes", bool: "true or false"}
    fits = type(raw) is kind or (kind is float and type(raw) is int)
    if not fits:
        raise _Wrong(key, f"must be {wanted.get(kind, kind.__name__)}, not {raw!r}")
    return float(raw) if kind is float else raw


def _nearest(name: object, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(str(name), [str(item) for item in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(map(str, known))}"


def _line(text: str, key: str) -> int | None:
    """The first line that sets `section.name`, as a person would look for it."""
    section, _, name = key.rpartition(".")
    inside = not section
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            header = stripped.strip("[]").strip()
            inside = header == section
            if header == key:
                return number
        elif inside and re.match(rf"{re.escape(name)}\s*=", stripped):
            return number
    return None


def describe(value: object) -> Any:
    """A setting as TOML or JSON can hold it, in people's units."""
    if type(value) in KINDS:
        return str(value)
    if isinstance(value, msgspec.Struct):
        return {field: describe(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, tuple):
        return [describe(item) for item in value]
    if isinstance(value, dict):
        return {name: describe(item) for name, item in value.items()}
    return value


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON schema of a type of settings."""
    if kind in KINDS:
        return {"type": "string", "description": f"written {KINDS[kind].example}"}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        several = [schema_of(a) for a in arguments if a is not types.NoneType]
        return several[0] if len(several) == 1 else {"anyOf": several}
    if origin is tuple:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if origin is Literal:
        return {"enum": list(arguments)}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        default = kind()
        return {
            "type": "object",
            "description": (kind.__doc__ or "").strip(),
            "additionalProperties": False,
            "properties": {
                field.name: schema_of(field.type) | {"default": describe(getattr(default, field.name))}
                for field in msgspec.structs.fields(kind)
            },
        }
    return {"type": {int: "integer", float: "number", str: "string", bool: "boolean"}[kind]}
