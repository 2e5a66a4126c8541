"""PDU session release, asked by the UE or the network (TS 23.502 4.3.4.2)."""

from __future__ import annotations

from contextlib import suppress

from freehold.core.smf import n1, transfers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import NOTHING, ReleaseCompleted, ResourcesReleased, of_transaction
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.command import Command, Reply
from freehold.core.smf.procedures.teardown import notify, teardown
from freehold.core.smf.state.session import SmContext, SmState
from freehold.procedure import Collision, exchange, expect, procedure
from freehold.spec.errors import Aborted, TimerExpired


async def abandon(
    error: Exception,  # noqa: ARG001 - the same for every handler
    smf: SmfFunction,
    session: SmContext,
    cause: int,  # noqa: ARG001
    pti: int = n1.NO_PTI,  # noqa: ARG001
    reply: Reply | None = None,
) -> None:
    """The UE does not complete the release, or the AMF does not carry it: it is done here (TS 24.501 6.3.3.5 a)."""
    if reply is not None:
        reply.set(NOTHING)
    await teardown(smf, session)
    await notify(session)


@procedure(
    spec="TS 23.502 4.3.4.2",
    collides={
        "pdu_session_release": Collision.DROP,
        "pdu_session_modification": Collision.DROP,
        "requested_modification": Collision.DROP,
    },
    keeps=(ResourcesReleased,),
    on_failure=abandon,
)
async def pdu_session_release(
    smf: SmfFunction, session: SmContext, cause: int, pti: int = n1.NO_PTI, reply: Reply | None = None
) -> None:
    """Release the user plane, command the UE and the gNB, forget the session; without `reply` the network asks."""
    # 1: a UE's request goes before our modification (TS 24.501 6.3.2.5 b); what else runs for the session ends
    session.conversation.abort("the session is released", but=pdu_session_release)
    if session.state is SmState.INACTIVE:
        # it was being established: the UE has no session yet, and asks again (TS 24.501 6.4.1.6 a)
        await abandon(Aborted("no session yet"), smf, session, cause, pti, reply)
        return
    session.state = SmState.INACTIVE_PENDING
    resources = transfers.release_command() if session.user_plane.downlink is not None else None
    # 2
    await user_plane.delete(smf, session)
    # 3-10   T3592: the UE's answer, and the gNB's where it had resources
    command = n1.release_command(session, cause, pti)
    completed = await exchange(
        Command(smf, session, resources, "PDU_RES_REL_CMD", reply),
        command,
        ReleaseCompleted,
        timer="T3592",
        where=of_transaction(pti),
    )
    completed.reply.set(NOTHING)
    if resources is not None:
        with suppress(TimerExpired):  # the gNB may have lost the UE
            await expect(ResourcesReleased, timer="NGAP-response")
    # 11-12
    await teardown(smf, session)
    await notify(session)
