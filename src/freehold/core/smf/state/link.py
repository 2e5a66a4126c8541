"""A terminal's IPv6 link whose router is the SMF (TS 23.501 5.8.2.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freehold.stack.pace import Bucket

if TYPE_CHECKING:
    from freehold.core.smf.state.session import SmContext, Tunnel

ANSWERS_A_SECOND: Final = 1
"""A host solicits every four seconds, three times (RFC 4861 10): solicitations are free for a terminal, answers not."""


class Link:
    """Both ends of a session's tunnel of N4-u: ours by its TEID, the UPF's once it told; how often we answer."""

    __slots__ = ("answers", "far", "session", "teid")

    def __init__(self, session: SmContext, teid: int) -> None:
        self.session = session
        self.teid = teid
        self.far: Tunnel | None = None
        self.answers = Bucket(ANSWERS_A_SECOND)
