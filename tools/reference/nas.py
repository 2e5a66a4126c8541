"""The page of the non-access stratum, from the declarations that the engine is compiled from."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from freehold.codecs.nas import MESSAGES, alone, policy
from freehold.codecs.nas.compile import HEADERS, declared, fields_of
from freehold.codecs.nas.layout import Bits, Digits, Format, IfLeft, Labels, Lengths, Mark, Octets, Repeat, Value, When
from reference.nas_clauses import clause_of
from reference.page import Page, Section, clause, link, said

HEADS = ("element", "IEI", "presence", "format", "length", "type", "clause")
FIELD_HEADS = ("field", "presence", "type", "coding")
UNLIMITED = 255
FORMATS = {
    "half": ("V", 0),
    "fixed": ("V", 0),
    "length": ("LV", 1),
    "tag-half": ("TV", 1),
    "tag-fixed": ("TV", 1),
    "tag-length": ("TLV", 2),
}
"""The format of TS 24.007 11.2.1.1 and its octets beside the value's, with a length of one octet."""


def page() -> Page:
    """Every message of TS 24.501, and what travels in their containers."""
    every: tuple[Any, ...] = (*MESSAGES, *policy.POLICY_MESSAGES, *alone._ALONE)  # noqa: SLF001 - they have no other list
    messages = tuple(Section(kind.__name__, _about(kind), HEADS, tuple(_elements(kind))) for kind in every)
    types = tuple(Section(kind.__name__, said(kind), FIELD_HEADS, tuple(_fields(kind))) for kind in _values())
    return Page("nas", "Non-access stratum of 5GS", "TS 24.501", messages, types)


def _about(kind: Any) -> str:
    return f"{said(kind)} Message type {kind.message_type:#04x}."


def _elements(kind: Any) -> Iterator[tuple[str, ...]]:
    _, header = HEADERS[kind.__mro__[1]]
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    for name, annotation in fields_of(kind)[header:-1]:
        inner, marks = declared(annotation)
        form = next(mark for mark in marks if isinstance(mark, Format))
        clauses = dict.fromkeys(filter(None, (clause_of(kind, name), *map(clause, _classes(inner)))))
        presence = "M" if name in required else "O"
        yield name, _tag(form), presence, *_form(form), _type(inner, marks), ", ".join(clauses)


def _tag(form: Format) -> str:
    if not form.name.startswith("tag"):
        return ""
    return f"{form.tag >> 4:X}-" if form.name == "tag-half" else f"{form.tag:02X}"


def _form(form: Format) -> tuple[str, str]:
    name, beside = FORMATS[form.name]
    if form.bits == 16:
        name, beside = f"{name}-E", beside + 1
    if form.name == "half":
        return name, "1/2"
    least, most = form.least + beside, form.most + beside
    most_text = "n" if form.most >= UNLIMITED - 1 and form.bits else str(most)
    return name, str(least) if least == most else f"{least}-{most_text}"


def _values() -> list[type]:
    """Every class of values that a message can hold, by name."""
    found: dict[str, type] = {}
    waiting: list[type] = [Value]
    while waiting:
        subclasses: list[type] = waiting.pop().__subclasses__()
        for kind in subclasses:
            found[kind.__name__] = kind
            waiting.append(kind)
    return [found[name] for name in sorted(found)]


def _fields(kind: Any) -> Iterator[tuple[str, ...]]:
    for name, annotation in fields_of(kind):
        inner, marks = declared(annotation)
        yield name, _presence(marks), _type(inner, marks), _coding(marks)


def _presence(marks: tuple[Mark, ...]) -> str:
    for mark in marks:
        if isinstance(mark, IfLeft):
            return "O"
        if isinstance(mark, Lengths):
            return f"with {', '.join(map(str, sorted(mark.octets)))} octets"
        if isinstance(mark, When):
            return f"where {mark.on} is {', '.join(map(str, sorted(mark.values)))}"
    return "M"


def _classes(kind: Any) -> Iterator[type]:
    """The classes of values in a type."""
    if get_origin(kind) is not None or isinstance(kind, UnionType):
        for part in get_args(kind):
            yield from _classes(declared(part)[0])
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind


def _type(kind: Any, marks: tuple[Mark, ...]) -> str:
    if get_origin(kind) is list:
        inner, within = declared(get_args(kind)[0])
        return f"list of {_type(inner, within)}"
    if get_origin(kind) in {Union, UnionType}:
        return " or ".join(_type(*declared(part)) for part in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Value):
        return link(kind.__name__)
    bits = next((mark.bits for mark in marks if isinstance(mark, Bits)), 0)
    name = getattr(kind, "__name__", str(kind))
    return f"{name}, {bits} bits" if bits and kind is int else name


def _coding(marks: tuple[Mark, ...]) -> str:
    """What the marks say of the octets beside the type."""
    parts = []
    for mark in marks:
        if isinstance(mark, Octets | Digits):
            parts.append(f"{mark.count if isinstance(mark, Octets) else mark.octets} octets")
        elif isinstance(mark, Labels):
            parts.append("labels")
        elif isinstance(mark, Repeat):
            parts.append(f"at most {mark.most} items")
        elif isinstance(mark, Bits):
            parts.append(f"{mark.bits} bit{'s' if mark.bits > 1 else ''}")
    return ", ".join(parts)
