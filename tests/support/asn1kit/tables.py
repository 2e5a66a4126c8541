"""The generated tables, read without the engine."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

KINDS = ("initiatingMessage", "successfulOutcome", "unsuccessfulOutcome")


@cache
def table(protocol: str) -> dict[str, Any]:
    return json.loads(files("freehold._gen").joinpath(f"{protocol}.json").read_bytes())


def node(protocol: str, number: int) -> tuple[str, dict[str, Any]]:
    ((kind, body),) = table(protocol)["nodes"][number].items()
    return kind, body


def messages(protocol: str) -> list[tuple[str, dict[str, Any]]]:
    """Name and entry of every message."""
    return [(node(protocol, each["node"])[1]["name"], each) for each in table(protocol)["messages"]]


def container(protocol: str, message: str) -> dict[str, Any]:
    """The IE container of a message."""
    _, body = node(protocol, table(protocol)["types"][message])
    return body["root"][0].get("Ies") or {"entries": [], "optional": False}


def parts(body: dict[str, Any]) -> list[tuple[dict[str, Any], bool]]:
    """Each part of a SEQUENCE, and whether it is an extension addition."""
    added = [part for addition in body["additions"] or [] for part in addition.get("Group") or [addition["One"]]]
    return [(part, False) for part in body["root"]] + [(part, True) for part in added]
