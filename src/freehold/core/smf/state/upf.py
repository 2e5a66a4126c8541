"""What an SMF knows of one UPF (TS 29.244 5.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from freehold.services.datagram import Address

if TYPE_CHECKING:
    from freehold.core.smf.state.session import SmContext


class Upf:
    """One UPF: where, whether the association stands, since when it runs, which sessions it carries."""

    __slots__ = ("address", "associated", "features", "leaving", "orphans", "recovery", "sessions")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.associated = False
        self.features = 0
        self.leaving: bool | None = None
        """Whether it is being released by its own wish; False once it is, None where nobody wished so."""
        self.recovery: int | None = None
        """Its recovery time stamp; another one says that it restarted and lost its sessions (TS 29.244 8.2.65)."""
        self.orphans: dict[int, Callable[[], None]] = {}
        """SEIDs of sessions that are over and may live on there, and what to do once they are gone."""
        self.sessions: dict[int, SmContext] = {}
        """Sessions by number."""

    def __str__(self) -> str:
        return f"UPF {self.address[0]}:{self.address[1]}"
