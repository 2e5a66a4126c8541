"""The user plane connection comes and goes with the UE's N3 (TS 23.502 4.2.3.2, 4.2.3.3, 4.2.6, 4.9.1.2)."""

from __future__ import annotations

from typing import Final

from freehold.core.smf import rules, transfers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import FromGnb, ModificationAnswered
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.flow_change import without_refused
from freehold.core.smf.state.session import SmContext, Tunnel
from freehold.core.smf.transfers import NotModified, SetUp, Switched
from freehold.procedure import Collision, Signal, expect, procedure
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.nsmf import SmContextUpdatedData
from freehold.services.nudm import UserPlaneSecurity

UE_NOT_REACHABLE: Final = "UE_NOT_REACHABLE"
"""The cause with which an AMF says that paging was not answered."""
DEACTIVATED = SmContextUpdatedData(up_cnx_state="DEACTIVATED")
ACTIVATED = SmContextUpdatedData(up_cnx_state="ACTIVATED")


@procedure(
    spec="TS 23.502 4.2.3.2",
    keeps=(FromGnb, ModificationAnswered, NotModified),
    # what answers the UE's first packet may come to the UPF before the gNB's tunnel does: it waits for that alone
    collides={"downlink_data": Collision.DROP, "activation": Collision.ABORT, "deactivation": Collision.ABORT},
)
async def activation(smf: SmfFunction, session: SmContext, reply: Signal[SmContextUpdatedData]) -> None:
    """A service request with uplink data or an answer to paging: steps 5 to 21 for one session."""
    # 11: the UPF's tunnel is kept while the UE is idle, so steps 6 to 10 ask nothing of it
    request = transfers.setup_request(session)
    reply.set(SmContextUpdatedData(n2_sm_info=request, n2_sm_info_type="PDU_RES_SETUP_REQ", up_cnx_state="ACTIVATING"))
    # 15
    answer = await expect(FromGnb, timer="NGAP-response")
    # 16-19
    if isinstance(answer.value, SetUp):
        await resume(smf, session, answer, answer.value.tunnel)
        await without_refused(smf, session, answer.value.flows)
    else:
        answer.reply.set(DEACTIVATED)


async def resume(smf: SmfFunction, session: SmContext, answer: FromGnb, tunnel: Tunnel) -> None:
    """Buffered and new downlink packets go to the gNB (TS 23.502 4.2.3.2 steps 17 to 19)."""
    tunnel = tunnel.towards(session.user_plane.uplink)
    try:
        if await user_plane.modify(smf, session, rules.forward_downlink(session, tunnel)):
            session.user_plane.downlink = tunnel
            smf.connected(session)
    finally:
        answer.reply.set(ACTIVATED if session.user_plane.downlink else DEACTIVATED)


@procedure(
    spec="TS 23.502 4.2.3.3",
    keeps=(ModificationAnswered, NotModified),
    collides={"deactivation": Collision.ABORT},
)
async def resources_set_up(smf: SmfFunction, session: SmContext, answer: FromGnb, said: SetUp) -> None:
    """The gNB has set up what a downlink notification brought it: step 6 goes on as a service request."""
    await resume(smf, session, answer, said.tunnel)
    await without_refused(smf, session, said.flows)


@procedure(spec="TS 23.502 4.2.6", collides={"deactivation": Collision.DROP})
async def deactivation(smf: SmfFunction, session: SmContext, *, reachable: bool = True) -> None:
    """AN release, steps 5 to 7: downlink packets wait at the UPF, which tells of the first.

    For a UE that did not answer paging what waits is thrown away (TS 23.502 4.2.3.3 step 5).
    """
    # 6
    session.user_plane.downlink = None
    await user_plane.modify(smf, session, rules.hold_downlink(session, drop=not reachable))


@procedure(
    spec="TS 23.502 4.9.1.2.2",
    keeps=(ModificationAnswered, NotModified),
    collides={"deactivation": Collision.ABORT},
)
async def path_switch(
    smf: SmfFunction, session: SmContext, switched: Switched, reply: Signal[SmContextUpdatedData]
) -> None:
    """Another gNB serves the UE: steps 3 to 6 for one session, with end markers on the old path."""
    uplink = session.user_plane.uplink
    # 3-4
    tunnel = switched.tunnel.towards(uplink)
    done = await user_plane.modify(smf, session, rules.forward_downlink(session, tunnel, end_marker=True))
    if done and uplink is not None:
        session.user_plane.downlink = tunnel
        # 6
        acknowledged = transfers.path_switched(uplink, own_policy(smf, session, switched))
        reply.set(SmContextUpdatedData(n2_sm_info=acknowledged, n2_sm_info_type="PATH_SWITCH_REQ_ACK"))
        # 2: once the handover is over
        await without_refused(smf, session, switched.flows)


def own_policy(smf: SmfFunction, session: SmContext, switched: Switched) -> UserPlaneSecurity | None:
    """The SMF's user plane security policy where the gNB's differs from it; that is told (TS 33.501 6.6.1)."""
    if switched.security in {None, session.security}:
        return None
    smf.tell(
        "user-plane-policy-differs",
        "a gNB has another user plane security policy for the session than the network: it is told the network's",
        subject=session,
        fix="see whether the source gNB was tampered with",
        clause="TS 33.501 6.6.1",
    )
    return session.security


@procedure(
    spec="TS 23.502 4.2.3.3",
    collides={"downlink_data": Collision.DROP, "activation": Collision.ABORT, "deactivation": Collision.ABORT},
)
async def downlink_data(smf: SmfFunction, session: SmContext) -> None:
    """Network triggered service request: the UPF holds a packet for a UE without user plane."""
    identity, policy = session.identity, session.policy
    if session.user_plane.downlink is not None or policy is None:
        return  # it is connected by now
    # 3a
    request = transfers.setup_request(session)
    try:
        await session.amf.n1_n2_message_transfer(
            identity.supi,
            N1N2MessageTransferReqData(
                identity.pdu_session_id,
                identity.slice,
                n2_sm_info=request,
                n2_sm_info_type="PDU_RES_SETUP_REQ",
                arp_priority=policy.arp.priority_level,
            ),
        )
    except ServiceError as error:
        # 3b, 5: nobody answers, so nothing is kept for it
        smf.tell("ue-not-reached", f"downlink packets are dropped ({error})", subject=session, severity="info")
        await user_plane.modify(smf, session, rules.hold_downlink(session, drop=True))


@procedure(spec="TS 23.527 5.3.3.1", collides={"tunnel_lost": Collision.DROP})
async def tunnel_lost(smf: SmfFunction, session: SmContext) -> None:
    """The gNB says that it does not know the downlink tunnel: hold packets, free what the gNB may still have."""
    identity, known = session.identity, session.user_plane.downlink
    session.user_plane.downlink = None
    # also where it should hold them already: the change may have been lost with the path to the UPF
    await user_plane.modify(smf, session, rules.hold_downlink(session))
    if known is None:
        return
    try:
        await session.amf.n1_n2_message_transfer(
            identity.supi,
            N1N2MessageTransferReqData(
                identity.pdu_session_id,
                identity.slice,
                n2_sm_info=transfers.release_command(),
                n2_sm_info_type="PDU_RES_REL_CMD",
            ),
        )
    except ServiceError as error:
        smf.tell("n2-not-carried", f"the gNB keeps resources ({error})", subject=session, severity="info")
