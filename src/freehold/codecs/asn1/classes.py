"""Makes the class of a SEQUENCE when it is first needed: hundreds at import would cost start-up time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from freehold.codecs.asn1.values import Message

Fields = Sequence[tuple[str, bool, Any]]


def make_class(module: str, name: str, fields: Fields, message: tuple[int, str, str] | None) -> type[msgspec.Struct]:
    """The class `name` with `fields` of (name, required, default); `message` is (procedure code, kind, criticality)."""
    namespace = dict(zip(("procedure_code", "kind", "criticality"), message or (), strict=False))
    return msgspec.defstruct(
        name,
        [(field, Any) if required else (field, Any, default) for field, required, default in fields],
        bases=(Message,) if message else None,
        module=module,
        namespace=namespace,
        frozen=True,
        kw_only=True,
        gc=False,
        repr_omit_defaults=True,
    )
