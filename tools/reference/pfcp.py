"""The pages of PFCP and GTP-U, from the classes that are their tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from freehold.codecs.gtpu import PduSessionContainer
from freehold.codecs.gtpu import messages as gtpu
from freehold.codecs.marks import Marked
from freehold.codecs.pfcp.messages import MESSAGES
from freehold.codecs.pfcp.table import IE, AnyOf, Bits, Form, Group, If, Layout, Tail, hints, member
from reference.page import Page, Section, clause, link, said

HEADS = ("element", "type number", "presence", "occurs", "type", "clause")
FIELD_HEADS = ("field", "presence", "coding")


def page() -> Page:
    """Every message of TS 29.244, its grouped elements and its elements of several fields."""
    messages = tuple(Section(kind.__name__, _about(kind), HEADS, tuple(_members(kind))) for kind in MESSAGES)
    types = tuple(_section(kind) for kind in sorted(_reached(), key=lambda each: str(each.__name__)))
    return Page("pfcp", "Packet Forwarding Control Protocol", "TS 29.244", messages, types)


def _about(kind: Any) -> str:
    return f"{said(kind)} Message type {kind.number}, {'of a session' if kind.session else 'of a node'}."


def _section(kind: Any) -> Section:
    about = f"{said(kind)} Element type {kind.number}."
    if issubclass(kind, Group):
        return Section(kind.__name__, about, HEADS, tuple(_members(kind)))
    return Section(kind.__name__, about, FIELD_HEADS, tuple(_layout(kind)))


def _fields(kind: Any) -> Iterator[tuple[str, Any]]:
    yield from ((name, hint) for name, hint in zip(kind.__struct_fields__, hints(kind), strict=True))


def _members(kind: Any) -> Iterator[tuple[str, ...]]:
    for name, hint in _fields(kind):
        if type(hint) is not Marked:
            continue
        element, presence = member(hint)
        occurs = "several" if presence.endswith("*") else "1"
        what = (_coding(element.form), f"TS 29.244 {element.clause}") if isinstance(element, IE) else _class(element)
        yield name, str(element.number), presence[0], occurs, *what


def _class(kind: type) -> tuple[str, str]:
    return link(kind.__name__), clause(kind)


def _coding(form: Form | Bits) -> str:
    """How a value lies in the octets."""
    if isinstance(form, Bits):
        return f"bits `{form.bits}`"
    if form.name == "flags":
        return f"flags over {form.size} to {form.most} octets"
    return f"{form.name}, {form.size} octets" if form.size else form.name


def _layout(kind: Any) -> Iterator[tuple[str, ...]]:
    for name, hint in _fields(kind):
        coding = [_coding(note) for note in hint.marks if isinstance(note, Form | Bits)]
        yield name, _when(hint.marks), ", ".join(coding) or "flag"


def _when(notes: tuple[Any, ...]) -> str:
    for note in notes:
        if isinstance(note, If | AnyOf):
            return (
                f"where the octets are `{note.bits}`"
                if isinstance(note, If)
                else f"where a bit of `{note.bits}` is set"
            )
        if isinstance(note, Tail):
            return "where octets are left"
    return "M"


def _reached() -> set[Any]:
    """The groups and layouts that messages hold, at any depth."""
    found: set[Any] = set()
    waiting: list[Any] = list(MESSAGES)
    while waiting:
        for _, hint in _fields(waiting.pop()):
            if type(hint) is not Marked or not any(isinstance(note, str) for note in hint.marks):
                continue
            element, _ = member(hint)
            if isinstance(element, type) and element not in found:
                found.add(element)
                if not issubclass(element, Layout):
                    waiting.append(element)
    return found


def tunnels() -> Page:
    """Every message of TS 29.281, and its extension headers."""
    kinds = [kind for kind in vars(gtpu).values() if isinstance(kind, type) and kind.__module__ == gtpu.__name__]
    messages = [kind for kind in kinds if getattr(kind, "message_type", None) is not None]
    others = [kind for kind in kinds if kind not in messages and kind is not gtpu.Message]
    others += get_args(PduSessionContainer)
    return Page("gtpu", "GTP user plane", "TS 29.281", tuple(map(_plain, messages)), tuple(map(_plain, others)))


def _plain(kind: Any) -> Section:
    number = getattr(kind, "message_type", None)
    about = said(kind) + (f" Message type {number}." if number is not None else "")
    types = {
        name: hint for base in reversed(kind.__mro__) for name, hint in getattr(base, "__annotations__", {}).items()
    }
    rows = tuple((name, str(types[name]).replace("|", "or")) for name in kind.__struct_fields__)
    return Section(kind.__name__, about, ("field", "type"), rows)
