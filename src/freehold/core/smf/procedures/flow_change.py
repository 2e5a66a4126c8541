"""QoS flows come and go at UPF, gNB and terminal (TS 23.502 4.3.3.2), as steps of other procedures."""

from __future__ import annotations

from freehold.codecs import nas
from freehold.core.smf import flows, n1, transfers
from freehold.core.smf.flows import FlowChange
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import NOTHING, ModificationAnswered, of_transaction
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.command import Command, Reply
from freehold.core.smf.state.session import Flow, SmContext
from freehold.core.smf.transfers import Modified, NotModified
from freehold.procedure import exchange, expect
from freehold.services.npcf import SmPolicyDecision
from freehold.spec.errors import TimerExpired


class Refusal(Exception):  # noqa: N818 - what came of it
    """Nothing of a change is to be: the gNB keeps the session, or the terminal does; the 5GSM cause of the latter."""

    def __init__(self, why: str, cause: int | None = None) -> None:
        super().__init__(why)
        self.cause = cause


async def open_flows(smf: SmfFunction, session: SmContext, change: FlowChange) -> bool:
    """Step 2a: the UPF takes packets of new flows, and forgets those that go; False where it does not."""
    if not change:
        return True
    if not await user_plane.modify(smf, session, flows.opened(session, change, smf.configuration.n3)):
        return False
    gone = {flow.qfi for flow in change.removed}
    plane = session.user_plane
    plane.flows = tuple(flow for flow in plane.flows if flow.qfi not in gone)
    return True


async def fill_flows(smf: SmfFunction, session: SmContext, added: tuple[Flow, ...]) -> None:
    """Step 8: packets to the terminal take the new flows, now that both ends of the radio know them."""
    if not added:
        return
    if flows.downlink_pdrs(session, added):
        await user_plane.modify(smf, session, flows.filled(session, added))
    session.user_plane.flows = tuple(sorted((*session.user_plane.flows, *added), key=lambda flow: flow.qfi))


async def close_flows(smf: SmfFunction, session: SmContext, added: tuple[Flow, ...]) -> None:
    """Flows that were opened and are not to be after all."""
    if added:
        await user_plane.modify(smf, session, flows.closed(added))


async def tell(
    smf: SmfFunction,
    session: SmContext,
    command: bytes,
    resources: bytes | None,
    reply: Reply | None = None,
) -> frozenset[int]:
    """Steps 3 to 12: gNB and terminal; QFIs of flows that the gNB has no resources for. Refusal, TimerExpired."""
    channel = Command(smf, session, resources, "PDU_RES_MOD_REQ", reply)
    ours = of_transaction(n1.pti(command))
    answer = await exchange(channel, command, ModificationAnswered, NotModified, Modified, timer="T3591", where=ours)
    refused: frozenset[int] = frozenset()
    while isinstance(answer, Modified):
        refused |= answer.refused
        answer = await expect(ModificationAnswered, NotModified, Modified, timer="T3591", where=ours)
    if isinstance(answer, NotModified):
        raise Refusal(f"the gNB keeps the session as it was ({answer.cause})")
    answer.reply.set(NOTHING)
    if isinstance(answer.value, nas.PduSessionModificationCommandReject):
        cause = answer.value.cause
        raise Refusal(f"the terminal refuses a change of its session (5GSM #{cause})", cause)
    return refused


async def carry_out(
    smf: SmfFunction,
    session: SmContext,
    change: FlowChange,
    command: bytes,
    resources: bytes | None,
    reply: Reply | None = None,
) -> None:
    """Tell of a change whose uplink is open, and finish it; Refusal or TimerExpired leave nothing of what was added."""
    try:
        refused = await tell(smf, session, command, resources, reply)
    except (Refusal, TimerExpired):
        await close_flows(smf, session, change.added)
        raise
    await fill_flows(smf, session, tuple(flow for flow in change.added if flow.qfi not in refused))
    await give_up(smf, session, tuple(flow for flow in change.added if flow.qfi in refused))


async def give_up(smf: SmfFunction, session: SmContext, refused: tuple[Flow, ...]) -> None:
    """The gNB has no resources for flows that the terminal was told of: it is told that they are no more."""
    policy = session.policy
    if not refused or policy is None:
        return
    smf.tell(
        "flow-refused",
        f"the gNB has no resources for {len(refused)} QoS flows: the session goes on without them",
        subject=session,
        fix="see the gNB's log; a lower guaranteed rate may fit",
        clause="TS 38.413 8.2.3.2",
    )
    known = {flow.qfi for flow in session.user_plane.flows}
    if all(flow.qfi in known for flow in refused):
        await open_flows(smf, session, FlowChange(removed=refused))
    else:
        await close_flows(smf, session, refused)
    change = FlowChange(removed=refused)
    try:
        await tell(smf, session, n1.modification_command(session, policy, policy, change), None)
    except (Refusal, TimerExpired) as error:
        smf.tell("modification-refused", str(error), subject=session, clause="TS 24.501 6.3.2.4")


async def without_refused(smf: SmfFunction, session: SmContext, accepted: tuple[int, ...]) -> None:
    """Flows that the gNB has no resources for now are no more (TS 23.502 4.2.3.2 step 16, 4.9.1.2.2, 4.9.1.3.2)."""
    await give_up(smf, session, tuple(flow for flow in session.user_plane.flows if flow.qfi not in accepted))


def resources(
    session: SmContext, before: SmPolicyDecision, after: SmPolicyDecision, change: FlowChange
) -> bytes | None:
    """The gNB's part, where it has resources of the session."""
    if session.user_plane.downlink is None:
        return None
    return transfers.modify_request(before, after, change)
