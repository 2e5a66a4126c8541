"""Writes a protocol's tables as the engine reads them: postcard's wire format of `Table` in native/per/src/table.rs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from asn1.graph import Node

_VARIANTS = (
    "Null",
    "Bool",
    "Oid",
    "Any",
    "Int",
    "Enum",
    "Bits",
    "Octets",
    "Text",
    "List",
    "Choice",
    "Single",
    "Struct",
)
Write = Callable[[Any], bytes]


def number(value: int) -> bytes:
    """A whole number without sign, seven bits an octet, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int) -> bytes:
    """A whole number with a sign, which its lowest bit tells."""
    return number(value << 1 if value >= 0 else (-value << 1) - 1)


def truth(value: bool) -> bytes:
    """One octet."""
    return bytes([value])


def text(value: str) -> bytes:
    """UTF-8 after its length."""
    octets = value.encode()
    return number(len(octets)) + octets


def option(value: Any, write: Write) -> bytes:
    """Whether there is a value, and the value."""
    return b"\0" if value is None else b"\1" + write(value)


def vector(values: Iterable[Any], write: Write) -> bytes:
    """Values after their number."""
    written = [write(value) for value in values]
    return number(len(written)) + b"".join(written)


def _bounds(body: Node) -> bytes:
    return option(body["lb"], signed) + option(body["ub"], signed) + truth(body["ext"])


def _span(span: list[int]) -> bytes:
    return signed(span[0]) + signed(span[1])


def _integer(body: Node) -> bytes:
    return _bounds(body) + vector(body.get("among", ()), _span)


def _enumerated(body: Node) -> bytes:
    return vector(body["root"], text) + option(body["ext"], lambda names: vector(names, text))


def _string(body: Node) -> bytes:
    return _bounds(body) + option(body["contains"], number)


def _text(body: Node) -> bytes:
    return text(body["kind"]) + _bounds(body)


def _list(body: Node) -> bytes:
    return _bounds(body) + number(body["item"])


def _pair(pair: tuple[str, int]) -> bytes:
    return text(pair[0]) + number(pair[1])


def _choice(body: Node) -> bytes:
    return vector(body["root"], _pair) + option(body["ext"], lambda pairs: vector(pairs, _pair))


def _container(body: Node) -> bytes:
    return truth(body.get("optional", False)) + _bounds(body["size"]) + vector(body["entries"], _entry)


def _entry(entry: Node) -> bytes:
    named = number(entry["id"]) + text(entry["name"]) + text(entry["criticality"])
    return named + truth(entry["mandatory"]) + number(entry["slot"]) + number(entry["node"])


def _default(value: bool | int | str) -> bytes:
    if isinstance(value, bool):
        return number(0) + truth(value)
    return number(1) + signed(value) if isinstance(value, int) else number(2) + text(value)


def _part(part: Node) -> bytes:
    if "Ies" in part:
        return number(1) + _container(part["Ies"])
    value = part["Value"]
    placed = number(value["slot"]) + number(value["node"]) + truth(value["optional"])
    return number(0) + placed + option(value["default"], _default)


def _addition(addition: Node) -> bytes:
    if "Group" in addition:
        return number(1) + vector(addition["Group"], _part)
    return number(0) + _part(addition["One"])


def _structure(body: Node) -> bytes:
    fields = text(body["name"]) + text(" ".join(body["fields"]))
    kept = b"".join(option(slot, number) for slot in body["kept"])
    parts = vector(body["root"], _part)
    return fields + kept + parts + option(body["additions"], lambda additions: vector(additions, _addition))


_WRITERS: dict[str, Write] = {
    "Int": _integer,
    "Enum": _enumerated,
    "Bits": _string,
    "Octets": _string,
    "Text": _text,
    "List": _list,
    "Choice": _choice,
    "Single": _container,
    "Struct": _structure,
}


def _node(node: Node) -> bytes:
    ((kind, body),) = node.items()
    return number(_VARIANTS.index(kind)) + (_WRITERS[kind](body) if kind in _WRITERS else b"")


def _message(message: Node) -> bytes:
    coded = bytes([message["procedure_code"]]) + text(message["criticality"])
    return coded + bytes([message["kind"]]) + number(message["node"])


def _opening(pdu: Node) -> bytes:
    return truth(pdu["extensible"]) + bytes([pdu["last"]]) + option(pdu["transaction"], number)


def binary(table: Node) -> bytes:
    """The octets of one protocol's tables."""
    head = truth(table["aligned"]) + option(table["pdu"], _opening)
    types = vector(sorted(table["types"].items()), _pair)
    return head + vector(table["nodes"], _node) + types + vector(table["messages"], _message)
