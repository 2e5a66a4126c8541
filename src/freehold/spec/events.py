"""What a network function tells its operator: counted names and events in words."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["debug", "info", "warning", "error"]


class Event(msgspec.Struct, frozen=True):
    """Something an operator may want to know; `text` says it in plain words, `fix` what to change."""

    name: str
    text: str
    severity: Severity = "info"
    subject: str = ""
    fix: str = ""
    clause: str = ""
    fields: dict[str, str | int | float] = {}
    ue: str = ""
    """A pseudonym of the UE it is about, the same in every function and in traces."""
