"""The pages of short messages and of EAP, from the classes of their values."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import msgspec

from freehold.codecs import eap, sms
from reference.page import Page, Section, clause, said

HEADS = ("field", "presence", "type")


def short_messages() -> Page:
    """Every message of TS 24.011 and TPDU of TS 23.040."""
    return _page("sms", "Short message", "TS 24.011 and TS 23.040", sms, (sms.CpMessage, sms.RpMessage, sms.Tpdu))


def authentication() -> Page:
    """Every packet and method of EAP, and every attribute of EAP-AKA and EAP-AKA'."""
    return _page("eap", "Extensible Authentication Protocol", "RFC 3748", eap, (eap.Packet, eap.Method))


def _page(name: str, title: str, specification: str, room: ModuleType, bases: tuple[type, ...]) -> Page:
    kinds = [kind for kind in vars(room).values() if inspect.isclass(kind) and issubclass(kind, msgspec.Struct)]
    whole = [kind for kind in kinds if clause(kind) and ("number" in vars(kind) or not kind.__subclasses__())]
    named = sorted({kind.__name__: kind for kind in whole}.items())
    messages = tuple(_section(kind) for _, kind in named if issubclass(kind, bases))
    types = tuple(_section(kind) for _, kind in named if not issubclass(kind, bases))
    return Page(name, title, specification, messages, types)


def _section(kind: Any) -> Section:
    number = kind.__dict__.get("number", kind.__dict__.get("code"))
    about = said(kind) + (f" Number {number}." if isinstance(number, int) else "")
    types = {
        name: hint for base in reversed(kind.__mro__) for name, hint in getattr(base, "__annotations__", {}).items()
    }
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    names = kind.__struct_fields__
    rows = tuple((name, "M" if name in required else "O", str(types[name]).replace(" | ", " or ")) for name in names)
    return Section(kind.__name__, about, HEADS, rows)
