"""5GSM commands with what the gNB is to do (TS 23.502 4.3.3.2 step 3, 4.3.4.2 step 3)."""

from __future__ import annotations

from freehold.core.smf.function import SmfFunction
from freehold.core.smf.state.session import SmContext
from freehold.procedure import Signal, procedure
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.nsmf import N2SmInfoType, SmContextUpdatedData

Reply = Signal[SmContextUpdatedData]


class Command:
    """The way of a command: in the answer to the AMF's request where there was one, then by N1N2MessageTransfer."""

    __slots__ = ("_kind", "_reply", "_resources", "_session", "_smf")

    def __init__(
        self,
        smf: SmfFunction,
        session: SmContext,
        resources: bytes | None,
        kind: N2SmInfoType,
        reply: Reply | None = None,
    ) -> None:
        """`resources` is the N2 SM information of that kind, for the gNB; None where it has none of the session."""
        self._smf = smf
        self._session = session
        self._resources = resources
        self._kind: N2SmInfoType = kind
        self._reply = reply

    def send(self, message: bytes) -> None:
        """Send the command; the first one with the gNB's part."""
        resources, self._resources = self._resources, None
        reply, self._reply = self._reply, None
        kind = None if resources is None else self._kind
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
