"""Opens a protocol's generated tables in the native engine."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Literal

from freehold._native.per import Schema
from freehold.codecs.asn1.classes import make_class
from freehold.codecs.asn1.values import Decoded, EncodeError, Fault, Header, UnknownIe
from freehold.spec.errors import Bug

_NOTHING: MappingProxyType[str, int] = MappingProxyType({})
_KIT = (UnknownIe, Decoded, Fault, Header, EncodeError, _NOTHING)


def open_schema(name: str, module: str, identifiers: dict[int, str]) -> Schema:
    """The engine of the protocol `name`: classes of `module`, and its UE identifier IEs by id."""
    table = pkgutil.get_data("freehold._gen", f"{name}.per")
    if table is None:
        raise Bug(f"freehold._gen has no {name}.per")
    return Schema(table, module, make_class, _KIT, sorted(identifiers.items()))


def types_of(schema: Schema, module: str) -> Callable[[str], Any]:
    """The `__getattr__` of `module`: a type of `schema` by its name, kept in the module once asked for."""

    def type_named(name: str) -> Any:
        found = _type_named(schema, name)
        setattr(sys.modules[module], name, found)
        return found

    return type_named


def _type_named(schema: Schema, name: str) -> Any:
    """The class of a SEQUENCE or a type that stands for another ASN.1 type; AttributeError where there is none."""
    found = schema.type_named(name)
    if isinstance(found, tuple):
        return Literal[found]
    return Any if found is None else found
