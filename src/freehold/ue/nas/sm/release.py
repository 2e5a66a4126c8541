"""PDU session release, asked for by the UE and commanded by the network (TS 24.501 6.4.3, 6.3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    PduSessionReleaseCommand,
    PduSessionReleaseComplete,
    PduSessionReleaseReject,
    PduSessionReleaseRequest,
    PduSessionType,
)
from freehold.procedure import Collision, procedure
from freehold.procedure.effects import Exchange
from freehold.spec.causes import SmCause
from freehold.spec.errors import TimerExpired
from freehold.ue.errors import Refused
from freehold.ue.nas.link import Released
from freehold.ue.nas.sm.establishment import establishment
from freehold.ue.nas.sm.reach import reach
from freehold.ue.nas.sm.transport import SessionChannel, Undelivered, of_transaction
from freehold.ue.state.session import SmEvent

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

Answer = PduSessionReleaseCommand | PduSessionReleaseReject | Undelivered | Released


@procedure(spec="TS 24.501 6.4.3", collides={"deregistration": Collision.ABORT})
async def release(ue: Terminal, identity: int, cause: SmCause = SmCause.REGULAR_DEACTIVATION) -> None:
    """Release a PDU session; Refused where the network keeps it."""
    session = await reach(ue, identity)
    if session is None:
        return
    pti = ue.sm.begin()
    try:
        session.step(SmEvent.RELEASE)
        channel = SessionChannel(ue.link, identity)
        request = PduSessionReleaseRequest(identity, pti, cause=cause)
        types = (PduSessionReleaseCommand, PduSessionReleaseReject, Undelivered, Released)
        answer: Answer = await Exchange(channel, request, types, "T3582", of_transaction(identity, pti))
    except TimerExpired:  # TS 24.501 6.4.3.5 a
        ue.sessions.drop(identity)
        raise
    finally:
        ue.sm.end(pti)
    if isinstance(answer, PduSessionReleaseReject):
        session.step(SmEvent.RELEASE_REFUSED)  # TS 24.501 6.4.3.4
        raise Refused(answer.cause, f"PDU session release refused with cause #{answer.cause}")
    if isinstance(answer, PduSessionReleaseCommand):
        ue.sm.completed[pti] = complete = PduSessionReleaseComplete(identity, pti)
        channel.send(complete)  # TS 24.501 6.3.3.3
    ue.sessions.drop(identity)


@procedure(spec="TS 24.501 6.3.3.3")
async def network_release(ue: Terminal, command: PduSessionReleaseCommand) -> None:
    """The network releases a session; with cause #39 the terminal opens it again."""
    identity = command.pdu_session_identity
    session = ue.sm.sessions[identity]
    SessionChannel(ue.link, identity).send(PduSessionReleaseComplete(identity, command.pti))
    ue.sessions.drop(identity)
    if command.cause == SmCause.REACTIVATION_REQUESTED:
        granted = session.granted
        kind = PduSessionType.IPV4 if granted is None else PduSessionType(granted.pdu_session_type)
        again = establishment(ue, identity, dnn=session.dnn, snssai=session.snssai, pdu_session_type=kind)
        ue.conversation.start(again)
