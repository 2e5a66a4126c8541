"""PDU session modification at the network's wish, when subscription or policy changed (TS 23.502 4.3.3.2, 4.5.2)."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Final

from freehold.core.smf import flows, n1, rules
from freehold.core.smf.flows import FlowChange
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import ModificationAnswered
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.flow_change import Refusal, carry_out, open_flows, resources
from freehold.core.smf.procedures.release import pdu_session_release
from freehold.core.smf.state.session import SmContext, SmState
from freehold.core.smf.transfers import Modified, NotModified
from freehold.procedure import Collision, procedure
from freehold.services.errors import ServiceError
from freehold.services.npcf import SmPolicyContext, SmPolicyDecision
from freehold.services.nudm import DnnConfiguration
from freehold.spec.causes import SmCause
from freehold.spec.errors import TimerExpired

GONE: Final = frozenset({"DATA_NOT_FOUND", "USER_NOT_FOUND"})
"""What the UDM says where nothing is subscribed any more (TS 29.503 6.1.7.3)."""


@procedure(
    spec="TS 23.502 4.3.3.2",
    collides={"pdu_session_modification": Collision.QUEUE, "requested_modification": Collision.DROP},
    keeps=(NotModified, Modified, ModificationAnswered),
)
async def pdu_session_modification(smf: SmfFunction, session: SmContext) -> None:
    """What is subscribed and decided now becomes the session's: rates and flows at UPF, gNB and UE; or it ends."""
    before = session.policy
    if session.state is not SmState.ACTIVE or before is None:
        return
    # 1b
    subscribed = await subscription(smf, session)
    if subscribed is None:
        smf.perform_soon(session, pdu_session_release(smf, session, SmCause.REGULAR_DEACTIVATION))
        return
    if moved(session, subscribed):
        # TS 24.501 6.3.3.2: #39, the UE asks for the session again, and gets its new address
        smf.perform_soon(session, pdu_session_release(smf, session, SmCause.REACTIVATION_REQUESTED))
        return
    # 2
    identity = session.identity
    after = await smf.peers.pcf.update_sm_policy(
        SmPolicyContext(identity.supi, identity.pdu_session_id, identity.slice, session.network.dnn, subscribed)
    )
    change = flows.of_policy(session, after)
    differs = (after.session_ambr, after.five_qi, after.arp) != (before.session_ambr, before.five_qi, before.arp)
    if not differs and not change:
        session.policy = after
    elif await enforce(smf, session, after) and await open_flows(smf, session, change):
        await tell_ue(smf, session, before, after, change)


async def subscription(smf: SmfFunction, session: SmContext) -> DnnConfiguration | None:
    """What is subscribed of the session's data network; None where it is no more (TS 23.502 4.5.2)."""
    identity = session.identity
    try:
        return await smf.peers.udm.get_sm_data(identity.supi, identity.slice, session.network.dnn)
    except ServiceError as error:
        if error.application_error in GONE:
            return None
        raise


def moved(session: SmContext, subscribed: DnnConfiguration) -> bool:
    """Whether the subscription fixes another address than the session has (TS 23.501 5.8.2.2.1)."""
    fixed = subscribed.static_ipv4
    return fixed is not None and session.address is not None and session.address != int(IPv4Address(fixed))


async def enforce(smf: SmfFunction, session: SmContext, policy: SmPolicyDecision) -> bool:
    """Step 8, done first: packets keep to what is allowed whatever gNB and UE answer; False where the UPF does not."""
    before, session.policy = session.policy, policy
    request = rules.change_policy(session, before, policy)
    if request is None or await user_plane.modify(smf, session, request):
        return True
    session.policy = before
    return False


async def tell_ue(
    smf: SmfFunction, session: SmContext, before: SmPolicyDecision, after: SmPolicyDecision, change: FlowChange
) -> None:
    """Steps 3 to 12: the gNB, where it has resources, and the UE; a refusal takes everything back."""
    command = n1.modification_command(session, before, after, change)
    try:
        await carry_out(smf, session, change, command, resources(session, before, after, change))
    except TimerExpired:
        # TS 24.501 6.3.2.5 a: given up; the network holds to the new rates all the same
        smf.tell("modification-unanswered", "the terminal does not answer a change of its session", subject=session)
    except Refusal as refusal:
        if refusal.cause == SmCause.INVALID_PDU_SESSION_IDENTITY:
            # TS 24.501 6.3.2.4: the UE has no such session
            smf.perform_soon(session, pdu_session_release(smf, session, SmCause.REGULAR_DEACTIVATION))
        else:
            await take_back(smf, session, before, str(refusal))


async def take_back(smf: SmfFunction, session: SmContext, before: SmPolicyDecision, why: str) -> None:
    """The session stays as it was (TS 23.502 4.3.3.2 step 12)."""
    smf.tell("modification-refused", why, subject=session, clause="TS 24.501 6.3.2.4")
    await enforce(smf, session, before)
