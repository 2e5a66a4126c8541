"""N2 based handover of one session: the downlink moves once the UE is at the target (TS 23.502 4.9.1.3)."""

from __future__ import annotations

from freehold.core.smf import rules, transfers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import HandoverStep
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.state.session import SmContext, Tunnel
from freehold.core.smf.transfers import Admitted, Required
from freehold.procedure import Collision, Signal, expect, procedure
from freehold.services.nsmf import SmContextUpdatedData

CANCELLED = SmContextUpdatedData(ho_state="CANCELLED")


@procedure(
    spec="TS 23.502 4.9.1.3",
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
    if not isinstance(admitted, Admitted):
        step.reply.set(CANCELLED)
        return
    command = transfers.handover_command(admitted.forwarding if required.direct else None)
    step.reply.set(SmContextUpdatedData(n2_sm_info=command, n2_sm_info_type="HANDOVER_CMD", ho_state="PREPARED"))
    # 4.9.1.3.3 7-11
    step = await expect(HandoverStep, timer="N2-handover")
    if step.value == "COMPLETED":
        await move(smf, session, step, admitted.tunnel)
    else:
        step.reply.set(CANCELLED)


async def move(smf: SmfFunction, session: SmContext, step: HandoverStep, tunnel: Tunnel) -> None:
    """Downlink packets go to the target, after end markers to the source (TS 23.501 5.8.2.9.1).

    Without the UPF's answer the source's tunnel would be a dead end: the session then has no user plane.
    """
    tunnel = tunnel.towards(session.user_plane.uplink)
    session.user_plane.downlink = None
    try:
        if await user_plane.modify(smf, session, rules.forward_downlink(tunnel, end_marker=True)):
            session.user_plane.downlink = tunnel
    finally:
        arrived = session.user_plane.downlink is not None
        step.reply.set(
            SmContextUpdatedData(ho_state="COMPLETED", up_cnx_state="ACTIVATED" if arrived else "DEACTIVATED")
        )
