"""Nsmf_PDUSession and N4: what the neighbours of an SMF see (TS 29.502, TS 29.244)."""

from __future__ import annotations

from collections.abc import Callable, Container, Coroutine, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from freehold.codecs import nas
from freehold.codecs.nas import PduSessionEstablishmentRequest, SmMessage
from freehold.core.smf import n1, transfers
from freehold.core.smf.configuration import DataNetwork, SmfConfiguration, SmfPeers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import (
    NOTHING,
    FromGnb,
    HandoverStep,
    ModificationAnswered,
    ReleaseCompleted,
    ResourcesReleased,
)
from freehold.core.smf.procedures.activation import (
    DEACTIVATED,
    UE_NOT_REACHABLE,
    activation,
    deactivation,
    path_switch,
    resources_set_up,
)
from freehold.core.smf.procedures.admission import UnsupportedSscMode, admission
from freehold.core.smf.procedures.advertising import advertising, changed
from freehold.core.smf.procedures.association import association, association_release
from freehold.core.smf.procedures.establishment import pdu_session_establishment
from freehold.core.smf.procedures.handover import n2_handover
from freehold.core.smf.procedures.modification import pdu_session_modification
from freehold.core.smf.procedures.rejection import rejection
from freehold.core.smf.procedures.release import pdu_session_release
from freehold.core.smf.procedures.requested_modification import requested_modification
from freehold.core.smf.procedures.teardown import local_release, mended
from freehold.core.smf.router import Router
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.session import SmContext, SmState
from freehold.core.smf.state.upf import Upf
from freehold.core.smf.upf_requests import UpfRequests
from freehold.procedure import Call, Conversation, Environment, Signal
from freehold.services.datagram import Address, DatagramPort
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextCreateData, SmContextUpdateData, SmContextUpdatedData
from freehold.spec import counters
from freehold.spec.causes import SmCause
from freehold.spec.errors import Aborted, Bug, PeerError, Reject, Unusable
from freehold.spec.failures import Unmet
from freehold.spec.identities import Supi
from freehold.spec.timers import Timers
from freehold.stack.pfcp import PfcpEntity


class Smf:
    """One SMF: a `PduSession` service, and the user of an N4 port."""

    def __init__(
        self, configuration: SmfConfiguration, peers: SmfPeers, environment: Environment, timers: Timers | None = None
    ) -> None:
        self._smf = SmfFunction(configuration, peers, environment, timers or Timers())
        self._requests = UpfRequests(self._smf)
        self._associations: list[Conversation] = []
        self._smf.give_up = self._give_up
        self._smf.subscription_changed = self._subscription_changed

    def _give_up(self, session: SmContext) -> None:
        self._smf.driver.converse(session).start(mended(self._smf, session))

    def _subscription_changed(self, supi: Supi) -> None:
        """Nudm_SDM_Notification: every session of the UE follows its subscription (TS 23.502 4.5.2)."""
        for session in self._smf.contexts.of_ue(supi):
            self._smf.perform(session, pdu_session_modification(self._smf, session))

    # --- N4 -------------------------------------------------------------------------------
    def open_n4(self, port: DatagramPort) -> Smf:
        """Use a port for N4 from now on, and associate with every UPF."""
        smf = self._smf
        smf.n4 = PfcpEntity(smf.driver, port, smf.node, self._requests)
        self._associations = [smf.driver.converse(upf) for upf in smf.upfs]
        for conversation, upf in zip(self._associations, smf.upfs, strict=True):
            # the port's owner knows its user before the first answer comes
            smf.environment.call_at(smf.environment.now(), starting(conversation, association(smf, upf)))
        return self

    def open_n4u(self, port: DatagramPort) -> Router:
        """Be the router of terminals' IPv6 links from now on; Bug where the configuration has no address for it."""
        router = self._smf.router
        if router is None:
            raise Bug("N4-u is opened without an address of it")
        router.port = port
        conversation = self._smf.driver.converse("N4-u")
        self._associations.append(conversation)
        conversation.start(advertising(self._smf, router))
        return router

    def received(self, octets: bytes, source: Address) -> None:
        """One datagram came on N4."""
        if self._requests.knows(source):
            self._smf.n4.received(octets, source)
        else:
            self._smf.environment.count(counters.PROTOCOL_FAULT, "PFCP from an unknown peer")

    def leave(self) -> Signal[None]:
        """End every association in order (TS 29.244 6.2.8.2): set once the UPFs answered, or did not."""
        smf, left = self._smf, Signal[None]()
        self.stop()
        upfs = [upf for upf in smf.upfs if upf.associated]
        waiting = set(map(id, upfs))

        def answered(upf: Upf, _: Signal[None]) -> None:
            waiting.discard(id(upf))
            if not waiting:
                left.set(None)

        for upf in upfs:
            smf.driver.converse(upf).perform(association_release(smf, upf)).watch(partial(answered, upf))
        if not upfs:
            left.set(None)
        return left

    def stop(self) -> None:
        """Stop watching the UPFs, and advertising."""
        for conversation in self._associations:
            conversation.abort("the SMF stops")

    @property
    def associated(self) -> bool:
        """Whether every UPF has an association (TS 29.244 6.2.6)."""
        return all(upf.associated for upf in self._smf.upfs)

    # --- for the operator -------------------------------------------------------------------
    @property
    def sessions(self) -> tuple[SmContext, ...]:
        """Every session, to look at."""
        return tuple(self._smf.contexts)

    def reconfigure(self, networks: tuple[DataNetwork, ...]) -> None:
        """Name servers, P-CSCFs and MTUs of new sessions; Unusable where data networks or pools are other ones."""
        known = {network.dnn: network for network in self._smf.networks}
        pools = {one.dnn: (one.pool, one.pool6) for one in networks}
        if pools != {dnn: (one.configuration.pool, one.configuration.pool6) for dnn, one in known.items()}:
            raise Unusable("other data networks or address pools need a restart")
        resized = frozenset(one.dnn for one in networks if known[one.dnn].configuration.mtu != one.mtu)
        for one in networks:
            known[one.dnn].configuration = one
        if self._smf.router is not None and resized:
            self._smf.driver.converse("N4-u").start(changed(self._smf, self._smf.router, resized))

    def policy_changed(self, dnns: Container[str]) -> None:
        """Decide anew for every session of these data networks (TS 23.502 4.3.3.2 step 1b)."""
        for session in self._smf.contexts:
            if session.network.dnn in dnns:
                self._smf.perform(session, pdu_session_modification(self._smf, session))

    @property
    def networks(self) -> tuple[Network, ...]:
        """Every data network with its pool, to look at."""
        return self._smf.networks

    @property
    def upfs(self) -> tuple[Upf, ...]:
        """Every UPF, to look at."""
        return self._smf.upfs

    def release(self, supi: Supi, pdu_session_id: int, cause: int = SmCause.REGULAR_DEACTIVATION) -> bool:
        """Release a session at the network's wish (TS 23.502 4.3.4.2 step 1b); False where there is none."""
        session = self._smf.contexts.by_ue(supi, pdu_session_id)
        if session is None or session.conversation.find(pdu_session_release) is not None:
            return False
        self._smf.perform(session, pdu_session_release(self._smf, session, cause))
        return True

    # --- Nsmf_PDUSession --------------------------------------------------------------------
    async def create_sm_context(self, data: SmContextCreateData) -> str:
        """CreateSMContext (TS 29.502 5.2.2.2.1): the reference; the session goes on by itself."""
        smf = self._smf
        smf.environment.count(counters.SESSION_REQUEST)
        request = establishment_request(data)
        old = smf.contexts.by_ue(data.supi, data.pdu_session_id)
        if old is not None:
            # TS 24.501 6.4.1.7 c: the UE has it no more
            await performed(old, local_release(smf, old))
        try:
            session, subscribed = await admission(smf, data, request)
        except Reject as reject:
            raise self._refused(data, request, reject) from reject
        # the AMF knows the reference before anything about the session reaches it (TS 23.502 4.3.2.2.1 step 5)
        smf.perform_soon(session, pdu_session_establishment(smf, session, request, subscribed))
        smf.environment.count(counters.SESSION_SUCCESS)
        return session.reference

    async def update_sm_context(self, reference: str, data: SmContextUpdateData) -> SmContextUpdatedData:
        """UpdateSMContext (TS 29.502 5.2.2.3.1): by N1 message, N2 information, or state of the user plane."""
        session = self._session(reference)
        try:
            if data.release:
                return await self._release(session, SmCause.REGULAR_DEACTIVATION, n1.NO_PTI)
            if data.n1_sm_message is not None:
                return await self._from_ue(session, data.n1_sm_message)
            if data.ho_state in {"COMPLETED", "CANCELLED"}:
                return await self._handover_step(session, data.ho_state)
            if data.n2_sm_info is not None and data.n2_sm_info_type is not None:
                return await self._from_gnb(session, transfers.read(data.n2_sm_info_type, data.n2_sm_info))
            return await self._connection(session, data.up_cnx_state, data.cause)
        except ServiceError:
            raise
        except PeerError as error:
            smf = self._smf
            smf.environment.count(counters.PROTOCOL_FAULT, "N2 SM information")
            smf.tell("protocol-fault", str(error), subject=session, clause="TS 38.413 9.3.4")
            raise ServiceError(400, "N2_SM_ERROR", str(error)) from error
        except Aborted as error:
            raise ServiceError(409, "INTERACTION_WITH_ONGOING_PROCEDURE", str(error)) from error

    async def release_sm_context(self, reference: str, cause: str = "") -> None:  # noqa: ARG002 - for the ladder
        """ReleaseSMContext (TS 29.502 5.2.2.4.1): the session is gone without signalling to the UE."""
        session = self._session(reference)
        await performed(session, local_release(self._smf, session))

    def _session(self, reference: str) -> SmContext:
        session = self._smf.contexts.by_reference(reference)
        if session is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND", f"there is no SM context {reference!r}")
        return session

    def _refused(
        self, data: SmContextCreateData, request: PduSessionEstablishmentRequest, reject: Reject
    ) -> ServiceError:
        """PDU SESSION ESTABLISHMENT REJECT in the answer (TS 29.502 5.2.2.2.1 step 2b)."""
        smf = self._smf
        smf.environment.count(counters.SESSION_FAILURE, f"5GSM #{int(reject.cause)}")
        smf.tell(
            "session-refused",
            f"{data.dnn}: {reject.why}",
            subject=f"{data.supi} session {data.pdu_session_id}",
            fix=reject.fix,
            clause="TS 24.501 6.4.1.4",
            cause=f"5GSM #{int(reject.cause)}",
            unmet=_of(reject, data.supi),
        )
        modes = reject.modes if isinstance(reject, UnsupportedSscMode) else None
        message = n1.reject(data.pdu_session_id, request.pti, reject.cause, ssc_modes=modes)
        return n1.refusal(reject.cause, reject.why, message)

    # --- N1 -------------------------------------------------------------------------------
    async def _from_ue(self, session: SmContext, octets: bytes) -> SmContextUpdatedData:
        message = n1.read(octets)
        answer = n1.invalid(message, session.identity.pdu_session_id)
        if answer is not None:
            return say(answer)
        handler = FROM_UE.get(type(message), Smf._unexpected)
        return await handler(self, session, message)

    async def _release_request(self, session: SmContext, message: SmMessage) -> SmContextUpdatedData:
        """TS 24.501 6.4.3.3."""
        return await self._release(session, SmCause.REGULAR_DEACTIVATION, message.pti)

    async def _release(self, session: SmContext, cause: int, pti: int) -> SmContextUpdatedData:
        reply: Signal[SmContextUpdatedData] = Signal()
        # TS 24.501 6.3.3.5 b: a release that is under way goes on, and nothing is said to this one
        self._smf.perform(
            session, pdu_session_release(self._smf, session, cause, pti, reply), lambda: reply.set(NOTHING)
        )
        return await reply

    async def _release_complete(self, session: SmContext, message: SmMessage) -> SmContextUpdatedData:
        """TS 24.501 6.3.3.3; without a release its PTI fits nothing (7.3.1)."""
        completed = ReleaseCompleted(message)
        if not session.conversation.deliver(completed):
            return say(n1.status(message.pdu_session_identity, message.pti, SmCause.PTI_MISMATCH))
        return await completed.reply

    async def _modification_request(
        self, session: SmContext, message: nas.PduSessionModificationRequest
    ) -> SmContextUpdatedData:
        """TS 24.501 6.4.2."""
        reply: Signal[SmContextUpdatedData] = Signal()
        # TS 24.501 6.4.2.6: one that comes again while it is under way is the same one
        self._smf.perform(
            session, requested_modification(self._smf, session, message, reply), lambda: reply.set(NOTHING)
        )
        return await reply

    async def _modification_answer(self, session: SmContext, message: SmMessage) -> SmContextUpdatedData:
        """TS 24.501 6.3.2.3, 6.3.2.4; without a command its PTI fits nothing (7.3.1)."""
        answered = ModificationAnswered(message)
        if not session.conversation.deliver(answered):
            return say(n1.status(message.pdu_session_identity, message.pti, SmCause.PTI_MISMATCH))
        if not answered.reply.settled:
            self._smf.unanswered.setdefault(session.identity.number, []).append(answered)
        return await answered.reply

    async def _not_awaited(self, session: SmContext, message: SmMessage) -> SmContextUpdatedData:  # noqa: ARG002
        """An answer to what this network never asks (TS 24.501 7.4)."""
        cause = SmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
        return say(n1.status(message.pdu_session_identity, message.pti, cause))

    async def _status(self, session: SmContext, message: SmMessage) -> SmContextUpdatedData:
        """5GSM STATUS is never answered; a session the UE does not know is released here (TS 24.501 6.5.3)."""
        cause = message.cause if isinstance(message, nas.SmStatus) else None
        self._smf.tell("5gsm-status", f"the terminal reports 5GSM #{cause}", subject=session, clause="TS 24.501 6.5.3")
        if cause == SmCause.INVALID_PDU_SESSION_IDENTITY:
            ended = ReleaseCompleted(message)
            if session.conversation.deliver(ended):
                return await ended.reply  # TS 24.501 6.5.3: the UE has nothing left to complete
            await self._release(session, SmCause.REGULAR_DEACTIVATION, n1.NO_PTI)
        return NOTHING

    async def _unexpected(self, session: SmContext, message: SmMessage) -> SmContextUpdatedData:  # noqa: ARG002
        """TS 24.501 7.4: a message type that is not for the network."""
        cause = SmCause.MESSAGE_TYPE_NON_EXISTENT
        return say(n1.status(message.pdu_session_identity, message.pti, cause))

    # --- N2 -------------------------------------------------------------------------------
    async def _from_gnb(self, session: SmContext, said: transfers.N2Information) -> SmContextUpdatedData:
        handler = FROM_GNB.get(type(said))
        return NOTHING if handler is None else await handler(self, session, said)

    async def _answered(self, session: SmContext, said: transfers.SetUp | transfers.Failed) -> SmContextUpdatedData:
        """To the procedure that waits; else the page was answered, or resources were given up."""
        smf, answer = self._smf, FromGnb(said)
        smf.unanswered.setdefault(session.identity.number, []).append(answer)
        if not session.conversation.deliver(answer):
            if isinstance(said, transfers.SetUp):
                smf.perform(session, resources_set_up(smf, session, answer, said))
            else:
                # TS 38.413 8.2.4: the gNB released the resources by itself
                answer.reply.set(DEACTIVATED)
                smf.perform(session, deactivation(smf, session))
        return await answer.reply

    async def _released(self, session: SmContext, _: transfers.Released) -> SmContextUpdatedData:
        """At once, for the UE's own answer may wait behind this one."""
        session.conversation.deliver(ResourcesReleased())
        return NOTHING

    async def _modified(
        self, session: SmContext, said: transfers.Modified | transfers.NotModified
    ) -> SmContextUpdatedData:
        """To the modification, where something was refused; one that is over has nothing to take back."""
        if isinstance(said, transfers.Modified) and not said.refused:
            return NOTHING
        session.conversation.deliver(said)
        return NOTHING

    async def _switched(self, session: SmContext, said: transfers.Switched) -> SmContextUpdatedData:
        reply: Signal[SmContextUpdatedData] = Signal()
        self._smf.perform(session, path_switch(self._smf, session, said, reply), lambda: reply.set(NOTHING))
        return await reply

    async def _not_switched(self, session: SmContext, said: transfers.NotSwitched) -> SmContextUpdatedData:
        await performed(session, rejection(self._smf, session, said.cause))
        return DEACTIVATED

    async def _required(self, session: SmContext, said: transfers.Required) -> SmContextUpdatedData:
        if session.state is not SmState.ACTIVE:
            raise ServiceError(409, "REQUEST_REJECTED_UNSPECIFIED", f"a handover while it is {session.state.value}")
        reply: Signal[SmContextUpdatedData] = Signal()
        self._smf.perform(session, n2_handover(self._smf, session, said, reply), lambda: reply.set(NOTHING))
        return await reply

    async def _handover_step(
        self, session: SmContext, said: transfers.Admitted | transfers.NotAdmitted | Literal["COMPLETED", "CANCELLED"]
    ) -> SmContextUpdatedData:
        """To the handover; one that is over has nothing to move (TS 29.502 5.2.2.3.4)."""
        step = HandoverStep(said)
        self._smf.unanswered.setdefault(session.identity.number, []).append(step)
        if not session.conversation.deliver(step):
            self._smf.let_go(session)
        return await step.reply

    # --- user plane connection ----------------------------------------------------------------
    async def _connection(self, session: SmContext, wish: str | None, cause: str) -> SmContextUpdatedData:
        if wish == "ACTIVATING" and session.state is SmState.ACTIVE:
            reply: Signal[SmContextUpdatedData] = Signal()
            self._smf.perform(session, activation(self._smf, session, reply), lambda: reply.set(DEACTIVATED))
            return await reply
        if wish == "DEACTIVATED":
            await performed(session, deactivation(self._smf, session, reachable=cause != UE_NOT_REACHABLE))
            return DEACTIVATED
        raise ServiceError(409, "REQUEST_REJECTED_UNSPECIFIED", f"{wish} while the session is {session.state.value}")


def establishment_request(data: SmContextCreateData) -> PduSessionEstablishmentRequest:
    """The UE's request; ServiceError with the clause's answer where it is none (TS 24.501 7)."""
    message = n1.read(data.n1_sm_message)
    identity, pti = data.pdu_session_id, message.pti
    answer = n1.invalid(message, identity)
    if answer is None and isinstance(message, PduSessionEstablishmentRequest):
        return message
    detail = f"a {type(message).__name__} asks for a session"
    answer = answer or n1.status(identity, pti, SmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE)  # TS 24.501 7.4
    raise ServiceError(400, "N1_SM_ERROR", detail, n1_sm_message=answer)


def starting(conversation: Conversation, call: Call[None]) -> Callable[[], None]:
    """A callback that starts a procedure."""

    def start() -> None:
        conversation.start(call)

    return start


async def performed(session: SmContext, call: Call[None]) -> None:
    """Carry out a procedure in the session's own conversation; one that gives way is as good as done."""
    try:
        await session.conversation.perform(call)
    except Aborted:
        return


def say(message: bytes) -> SmContextUpdatedData:
    """One message for the UE."""
    return SmContextUpdatedData(n1_sm_message=message)


# --- tables ------------------------------------------------------------------------------------
FromUe = Callable[[Smf, SmContext, Any], Coroutine[Any, Any, SmContextUpdatedData]]
FROM_UE: Final[Mapping[type[SmMessage], FromUe]] = MappingProxyType(
    {
        nas.PduSessionReleaseRequest: Smf._release_request,  # noqa: SLF001 - the table of this class
        nas.PduSessionReleaseComplete: Smf._release_complete,  # noqa: SLF001
        nas.PduSessionModificationRequest: Smf._modification_request,  # noqa: SLF001
        nas.PduSessionModificationComplete: Smf._modification_answer,  # noqa: SLF001
        nas.PduSessionModificationCommandReject: Smf._modification_answer,  # noqa: SLF001
        nas.PduSessionAuthenticationComplete: Smf._not_awaited,  # noqa: SLF001
        nas.SmStatus: Smf._status,  # noqa: SLF001
    }
)
"""What a UE may say about its session (TS 24.501 6.4, 7.3.1, 7.4)."""


FromGnbHandler = Callable[[Smf, SmContext, Any], Coroutine[Any, Any, SmContextUpdatedData]]
FROM_GNB: Final[Mapping[type, FromGnbHandler]] = MappingProxyType(
    {
        transfers.SetUp: Smf._answered,  # noqa: SLF001 - the table of this class
        transfers.Failed: Smf._answered,  # noqa: SLF001
        transfers.Released: Smf._released,  # noqa: SLF001
        transfers.NotModified: Smf._modified,  # noqa: SLF001
        transfers.Modified: Smf._modified,  # noqa: SLF001
        transfers.Switched: Smf._switched,  # noqa: SLF001
        transfers.NotSwitched: Smf._not_switched,  # noqa: SLF001
        transfers.Required: Smf._required,  # noqa: SLF001
        transfers.Admitted: Smf._handover_step,  # noqa: SLF001
        transfers.NotAdmitted: Smf._handover_step,  # noqa: SLF001
    }
)
"""What a gNB may say; what is missing needs no answer."""


def _of(reject: Reject, supi: Supi) -> Unmet | None:
    """What was not met, with whom it is about: no context says so yet."""
    return None if reject.unmet is None else msgspec.structs.replace(reject.unmet, supi=supi)
