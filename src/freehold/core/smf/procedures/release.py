"""PDU session release, asked by the UE or the network (TS 23.502 4.3.4.2)."""

from __future__ import annotations

from contextlib import suppress

from freehold.core.smf import n1, transfers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import NOTHING, ReleaseCompleted, ResourcesReleased
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.teardown import notify, teardown
from freehold.core.smf.state.session import SmContext, SmState
from freehold.procedure import Collision, Signal, exchange, expect, procedure
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.nsmf import N2SmInfoType, SmContextUpdatedData
from freehold.spec.errors import Aborted, TimerExpired

Reply = Signal[SmContextUpdatedData]


async def abandon(
    error: Exception,  # noqa: ARG001 - the same for every handler
    smf: SmfFunction,
    session: SmContext,
    cause: int,  # noqa: ARG001
    pti: int = n1.NO_PTI,  # noqa: ARG001
    reply: Reply | None = None,
) -> None:
    """The UE does not complete the release, or the AMF does not carry it: it is done here (TS 24.501 6.3.3.5 b)."""
    if reply is not None:
        reply.set(NOTHING)
    await teardown(smf, session)
    await notify(session)


@procedure(
    spec="TS 23.502 4.3.4.2",
    collides={"pdu_session_release": Collision.DROP},
    keeps=(ResourcesReleased,),
    on_failure=abandon,
)
async def pdu_session_release(
    smf: SmfFunction, session: SmContext, cause: int, pti: int = n1.NO_PTI, reply: Reply | None = None
) -> None:
    """Release the user plane, command the UE and the gNB, forget the session; without `reply` the network asks."""
    # 1: a UE's request goes before ours (TS 24.501 6.4.3.5); what else runs for the session ends
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
    completed = await exchange(Command(smf, session, resources, reply), command, ReleaseCompleted, timer="T3592")
    completed.reply.set(NOTHING)
    if resources is not None:
        with suppress(TimerExpired):  # the gNB may have lost the UE
            await expect(ResourcesReleased, timer="NGAP-response")
    # 11-12
    await teardown(smf, session)
    await notify(session)


class Command:
    """The way of PDU SESSION RELEASE COMMAND: in the answer to the AMF's request, then by N1N2MessageTransfer."""

    __slots__ = ("_reply", "_resources", "_session", "_smf")

    def __init__(self, smf: SmfFunction, session: SmContext, resources: bytes | None, reply: Reply | None) -> None:
        self._smf = smf
        self._session = session
        self._resources = resources
        self._reply = reply

    def send(self, message: bytes) -> None:
        """Send the command; the first one with the release of the gNB's resources."""
        resources, self._resources = self._resources, None
        reply, self._reply = self._reply, None
        kind: N2SmInfoType | None = None if resources is None else "PDU_RES_REL_CMD"
        if reply is not None:
            reply.set(SmContextUpdatedData(message, resources, kind))
            return
        identity = self._session.identity
        data = N1N2MessageTransferReqData(identity.pdu_session_id, identity.slice, message, resources, kind)
        self._session.conversation.start(carry(self._smf, self._session, data))


@procedure(spec="TS 29.518 5.2.2.3.1")
async def carry(smf: SmfFunction, session: SmContext, data: N1N2MessageTransferReqData) -> None:
    """Hand one message to the AMF; one that does not take it has no UE any more."""
    try:
        await session.amf.n1_n2_message_transfer(session.identity.supi, data)
    except ServiceError as error:
        smf.tell("n1-not-carried", f"the AMF does not reach the terminal ({error})", subject=session)
