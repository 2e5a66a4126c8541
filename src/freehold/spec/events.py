"""What a network function tells its operator: counted names and events in words."""

from __future__ import annotations

from typing import Literal

import msgspec

from freehold.spec.failures import Unmet
from freehold.spec.identities import Supi

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
    whom: Supi | None = None
    """The same UE for those who may see it: printed, it is masked."""
    cause: str = ""
    """What went over the wire, such as `5GMM #12`."""
    unmet: Unmet | None = None
    """What was compared with what, where something was refused."""
