"""A connection before 5GSM can say anything about a session (TS 24.501 5.6.1.1, 6.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import ServiceType
from freehold.ue.nas.mm.service_request import service_request
from freehold.ue.state.session import Session, SmState

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal


async def reach(ue: Terminal, identity: int) -> Session | None:
    """The session, if it is active, with a connection to talk about it; None if it is not, or is no more by then."""
    if active(ue, identity) is not None:
        await connect(ue)
    return active(ue, identity)


async def connect(ue: Terminal) -> None:
    """A connection on which messages are exchanged securely: 5GSM says nothing before (TS 24.501 4.4.2.5, 5.6.1.1)."""
    if ue.link.connection is None:
        await service_request(ue, ServiceType.SIGNALLING)
    elif not ue.link.secured:
        await ue.link.when_secured()


def active(ue: Terminal, identity: int) -> Session | None:
    """The session of this identity if it is in PDU SESSION ACTIVE (TS 24.501 6.1.3.2.4)."""
    session = ue.sm.sessions.get(identity)
    return session if session is not None and session.state is SmState.ACTIVE else None
