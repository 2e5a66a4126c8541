"""PDU session modification at the UE's wish (TS 23.502 4.3.3.2 step 1a, TS 24.501 6.4.2)."""

from __future__ import annotations

from msgspec.structs import replace

from freehold.codecs import nas
from freehold.core.smf import flows, n1, pco
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import NOTHING, ModificationAnswered
from freehold.core.smf.procedures.command import Reply
from freehold.core.smf.procedures.flow_change import Refusal, carry_out, open_flows, resources
from freehold.core.smf.procedures.release import pdu_session_release
from freehold.core.smf.requested_qos import judge
from freehold.core.smf.state.session import SmContext, SmState
from freehold.core.smf.transfers import Modified, NotModified
from freehold.procedure import Collision, procedure
from freehold.services.nsmf import SmContextUpdatedData
from freehold.spec.causes import SmCause
from freehold.spec.errors import Aborted, Reject, TimerExpired


async def refuse(
    reject: Reject,
    smf: SmfFunction,
    session: SmContext,
    request: nas.PduSessionModificationRequest,
    reply: Reply,
) -> None:
    """The session stays as it is (TS 24.501 6.4.2.4.1)."""
    smf.tell(
        "modification-refused",
        reject.why,
        subject=session,
        fix=reject.fix,
        clause="TS 24.501 6.4.2.4.1",
        cause=f"5GSM #{int(reject.cause)}",
        unmet=reject.unmet,
    )
    message = n1.modification_reject(session.identity.pdu_session_id, request.pti, reject.cause)
    reply.set(SmContextUpdatedData(n1_sm_message=message))


async def unanswered(
    error: Exception,
    smf: SmfFunction,
    session: SmContext,
    request: nas.PduSessionModificationRequest,  # noqa: ARG001 - the same for every handler
    reply: Reply,
) -> None:
    """TS 24.501 6.3.2.5 a: given up; one that is aborted has nothing to say."""
    reply.set(NOTHING)
    if isinstance(error, TimerExpired) and not isinstance(error, Aborted):
        smf.tell("modification-unanswered", "the terminal does not answer a change of its session", subject=session)


@procedure(
    spec="TS 24.501 6.4.2",
    collides={"requested_modification": Collision.DROP, "pdu_session_modification": Collision.QUEUE},
    keeps=(ModificationAnswered, NotModified, Modified),
    on_reject=refuse,
    on_failure=unanswered,
)
async def requested_modification(
    smf: SmfFunction, session: SmContext, request: nas.PduSessionModificationRequest, reply: Reply
) -> None:
    """Options, always-on and capabilities as a terminal asks; QoS flows as the policy allows."""
    policy = session.policy
    if session.state is not SmState.ACTIVE or policy is None:
        raise Reject(SmCause.PDU_SESSION_DOES_NOT_EXIST, "a session that is not active is to be modified")
    # 1a, 2: what the policy lets a terminal ask for
    change = judge(request, policy, session)
    wish = request.always_on_requested
    if wish is not None:
        # TS 24.501 6.3.2.2: an answer is due whenever it was asked
        always_on = bool(wish) and smf.configuration.always_on
        session.terms = replace(session.terms, always_on=always_on)
    # 2a
    if not await open_flows(smf, session, change):
        raise Reject(SmCause.INSUFFICIENT_RESOURCES, "the UPF takes no such flow", "see the UPF's events")
    # 3-10
    command = nas.PduSessionModificationCommand(
        session.identity.pdu_session_id,
        request.pti,
        always_on=None if wish is None else session.terms.always_on,
        authorized_qos_rules=flows.qos_rules(change),
        authorized_qos_flow_descriptions=flows.descriptions(change),
        extended_pco=pco.answer(request.extended_pco, session.network.configuration),
    )
    told = resources(session, policy, policy, change) if change else None
    try:
        await carry_out(smf, session, change, nas.encode(command), told, reply)
    except Refusal as refusal:
        smf.tell("modification-refused", str(refusal), subject=session, clause="TS 24.501 6.3.2.4")
        if refusal.cause == SmCause.INVALID_PDU_SESSION_IDENTITY:
            # TS 24.501 6.3.2.4: the UE has no such session
            smf.perform_soon(session, pdu_session_release(smf, session, SmCause.REGULAR_DEACTIVATION))
