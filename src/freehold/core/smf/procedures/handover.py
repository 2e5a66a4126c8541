"""N2 based handover of one session: the downlink moves once the UE is at the target (TS 23.502 4.9.1.3)."""

from __future__ import annotations

from freehold.core.smf import rules, transfers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import HandoverStep, ModificationAnswered
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.flow_change import without_refused
from freehold.core.smf.procedures.rejection import reject
from freehold.core.smf.state.session import SmContext, Tunnel
from freehold.core.smf.transfers import Admitted, NotAdmitted, NotModified, Required
from freehold.procedure import Collision, Signal, expect, procedure
from freehold.services.nsmf import SmContextUpdatedData

CANCELLED = SmContextUpdatedData(ho_state="CANCELLED")
LEFT_BEHIND = SmContextUpdatedData(ho_state="COMPLETED", up_cnx_state="DEACTIVATED")


async def stay(smf: SmfFunction, session: SmContext) -> None:
    """The UE does not come: the UPF takes nothing from the target any more."""
    if session.user_plane.target is not None:
        session.user_plane.target = None
        await user_plane.modify(smf, session, rules.FORGET_TARGET)


async def abandon(
    error: Exception,  # noqa: ARG001 - whatever ended it
    smf: SmfFunction,
    session: SmContext,
    required: Required,  # noqa: ARG001
    reply: Signal[SmContextUpdatedData],  # noqa: ARG001
) -> None:
    """Nobody says how it ends, or something else came first."""
    await stay(smf, session)


@procedure(
    spec="TS 23.502 4.9.1.3",
    on_failure=abandon,
    keeps=(ModificationAnswered, NotModified),
    collides={
        "n2_handover": Collision.ABORT,
        "path_switch": Collision.ABORT,
        "activation": Collision.ABORT,
        "deactivation": Collision.ABORT,
    },
)
async def n2_handover(
    smf: SmfFunction, session: SmContext, required: Required, reply: Signal[SmContextUpdatedData]
) -> None:
    """Preparation and execution; the UPF stays, and until the UE has arrived so does the path."""
    # 4.9.1.3.2 4-7
    setup = transfers.setup_request(session)
    reply.set(SmContextUpdatedData(n2_sm_info=setup, n2_sm_info_type="PDU_RES_SETUP_REQ", ho_state="PREPARING"))
    # 11a-11f
    step = await expect(HandoverStep, timer="N2-handover")
    admitted = step.value
    if isinstance(admitted, NotAdmitted):
        step.reply.set(CANCELLED)
        await left_behind(smf, session, admitted)
        return
    if not isinstance(admitted, Admitted):
        step.reply.set(CANCELLED)
        return
    await expect_target(smf, session, admitted.tunnel)
    command = transfers.handover_command(admitted.forwarding if required.direct else None)
    step.reply.set(SmContextUpdatedData(n2_sm_info=command, n2_sm_info_type="HANDOVER_CMD", ho_state="PREPARED"))
    # 4.9.1.3.3 7-11
    step = await expect(HandoverStep, timer="N2-handover")
    if step.value == "COMPLETED":
        await move(smf, session, step, admitted.tunnel)
        # 4.9.1.3.2 11a: once the handover is over
        await without_refused(smf, session, admitted.flows)
    else:
        step.reply.set(CANCELLED)
        await stay(smf, session)


async def left_behind(smf: SmfFunction, session: SmContext, refused: NotAdmitted) -> None:
    """The UE goes without the session: once it is at the target there is no user plane (TS 23.502 4.9.1.3.3)."""
    step = await expect(HandoverStep, timer="N2-handover")
    if step.value == "COMPLETED":
        step.reply.set(LEFT_BEHIND)
        await reject(smf, session, refused.cause)
    else:
        step.reply.set(CANCELLED)


async def expect_target(smf: SmfFunction, session: SmContext, tunnel: Tunnel) -> None:
    """The UE sends at the target before anybody tells that it is there: the UPF is to take its packets (ADR 6).

    One that does not lets the handover go on: its own rules say from where uplink comes (TS 29.244 5.2.1).
    """
    tunnel = tunnel.towards(session.user_plane.uplink)
    if await user_plane.modify(smf, session, rules.expect_target(tunnel)):
        session.user_plane.target = tunnel


async def move(smf: SmfFunction, session: SmContext, step: HandoverStep, tunnel: Tunnel) -> None:
    """Downlink packets go to the target, after end markers to the source (TS 23.501 5.8.2.9.1).

    Without the UPF's answer the source's tunnel would be a dead end: the session then has no user plane.
    """
    tunnel = tunnel.towards(session.user_plane.uplink)
    session.user_plane.downlink = None
    expected, session.user_plane.target = session.user_plane.target is not None, None
    try:
        if await user_plane.modify(
            smf, session, rules.forward_downlink(session, tunnel, end_marker=True, expected=expected)
        ):
            session.user_plane.downlink = tunnel
    finally:
        arrived = session.user_plane.downlink is not None
        step.reply.set(
            SmContextUpdatedData(ho_state="COMPLETED", up_cnx_state="ACTIVATED" if arrived else "DEACTIVATED")
        )
