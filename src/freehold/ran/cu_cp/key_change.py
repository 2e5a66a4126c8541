"""AS key change on the fly: a handover of the terminal within its cell (TS 33.501 6.9.4.4)."""

from __future__ import annotations

from freehold.procedure import Collision, expect, procedure
from freehold.ran.cu_cp import context_release, mobility
from freehold.ran.cu_cp.mobility import Arrived, PathEnded
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Handover, Ue
from freehold.spec.errors import PeerError, TimerExpired
from freehold.stack import rrc_handover


async def failed(error: Exception, ue: Ue) -> None:
    """A terminal that did not come to the new key must not go on under the old one: the AMF sets up another context."""
    if ue.link.gnb.serves(ue):
        lost = isinstance(error, TimerExpired)
        context_release.request(ue, context_release.LOST if lost else mobility.cause_of(error))


@procedure(
    spec="TS 33.501 6.9.4.4",
    collides={"n2_handover": Collision.QUEUE, "xn_handover": Collision.QUEUE},
    on_reject=failed,
    on_failure=failed,
)
async def key_change(ue: Ue) -> None:
    """Send the terminal to the cell that it is in, where it proves the key of the pair that the AMF sent last.

    Packets for it wait meanwhile, as for a terminal that comes from elsewhere (TS 38.300 9.2.3.2.3).
    """
    gnb, terminal = ue.link.gnb, ue.terminal
    # what an earlier gNB still forwards comes first
    while any(session.handle in gnb.contexts.ending for session in ue.sessions.values()):
        await expect(PathEnded, timer="NGAP-response")
    if ue.stage is not Stage.ESTABLISHED or ue.security is None:
        raise PeerError("the connection is being released, or has no AS security")
    # TS 33.501 6.9.2.3.1
    ue.security = mobility.next_key(ue.security, gnb.configuration.pci, gnb.configuration.arfcn)
    mobility.expect(ue, Handover())
    held = [session.handle for session in ue.sessions.values()]
    for handle in held:
        gnb.plane.await_forwarding(handle)
    terminal.reconfiguration(rrc_handover.reconfiguration(mobility.container(ue)))
    # TS 38.331 5.3.5.3
    await expect(Arrived, timer="T304")
    mobility.arrived(ue)
    for handle in held:
        if handle in gnb.contexts.bearers:
            gnb.plane.end_forwarding(handle)
