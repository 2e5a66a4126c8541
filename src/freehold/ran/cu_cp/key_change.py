"""AS key change on the fly: a handover of the terminal within its cell (TS 33.501 6.9.4.4)."""

from __future__ import annotations

from freehold.procedure import Collision, expect, procedure
from freehold.ran.cu_cp import context_release, mobility
from freehold.ran.cu_cp.mobility import Arrived
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
    """Send the terminal to the cell that it is in, where it proves the key of the pair that the AMF sent last."""
    configuration, terminal = ue.link.gnb.configuration, ue.terminal
    if ue.security is None:
        raise PeerError("there is no AS security to change")
    # TS 33.501 6.9.2.3.1
    ue.security = mobility.next_key(ue.security, configuration.pci, configuration.arfcn)
    mobility.expect(ue, Handover())
    terminal.reconfiguration(rrc_handover.reconfiguration(mobility.container(ue)))
    # TS 38.331 5.3.5.3
    await expect(Arrived, timer="T304")
    mobility.arrived(ue)
