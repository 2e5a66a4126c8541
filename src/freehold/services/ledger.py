"""The ledger as those who act write to it: what was done to a network, by whom, in an order nobody can change."""

from __future__ import annotations

from typing import Protocol

import msgspec

from freehold.procedure import Signal


class Act(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One act: seconds since 1970 in UTC, who, what was done to what, and details without secrets."""

    time: float
    actor: str
    act: str
    subject: str = ""
    detail: str = ""


class Recorder(Protocol):
    """Keeps acts."""

    def append(self, act: Act) -> Signal[None]:
        """Add an act; set once it is durable."""
