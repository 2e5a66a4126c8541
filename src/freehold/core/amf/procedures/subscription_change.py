"""What follows for a registered UE when its subscription changed (TS 23.502 4.5.1)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.core.amf.channels import N2
from freehold.core.amf.delivery import pass_on
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.an_release import NORMAL, an_release
from freehold.core.amf.procedures.configuration_update import new_slices
from freehold.core.amf.procedures.context_setup import ue_ambr
from freehold.core.amf.procedures.deregistration import deregistration_by_network
from freehold.core.amf.procedures.paging import page
from freehold.core.amf.procedures.subscription import shared
from freehold.core.amf.state.machines import ContextState, MmState
from freehold.core.amf.state.ue import Ue, UeSubscription
from freehold.procedure import Call, Collision, exchange, procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.services.nudm import AccessAndMobilitySubscriptionData
from freehold.spec.errors import TimerExpired
from freehold.spec.identities import SNssai


@procedure(
    spec="TS 23.502 4.5.1",
    collides={
        "subscription_change": Collision.QUEUE,
        # a registration reads the subscription itself
        "registration": Collision.ABORT,
        "deregistration_by_ue": Collision.ABORT,
    },
)
async def subscription_change(amf: AmfFunction, ue: Ue) -> None:
    """Read the subscription and the policy anew; tell gNB and UE what differs."""
    supi, before, tai = ue.identity.supi, ue.subscription, ue.mobility.tai
    if supi is None or before is None or tai is None or ue.state is not MmState.REGISTERED:
        return
    data = await amf.peers.udm.get_am_data(supi)
    policy = before.policy
    if data.ue_ambr != before.data.ue_ambr:
        policy = await amf.peers.pcf.update_am_policy(supi, tai, data.ue_ambr)
    rates = ue_ambr(ue)
    ue.subscription = UeSubscription(data, policy)
    if ue_ambr(ue) != rates:
        await change_rates(amf, ue)
    if data.slices != before.data.slices or data.default_slices != before.data.default_slices:
        await change_slices(amf, ue, before.data, data)


async def change_rates(amf: AmfFunction, ue: Ue) -> None:
    """The gNB holds the UE to another UE-AMBR (TS 38.413 8.3.4); an idle UE's gNB is told when it comes back."""
    connection = ue.connection
    if connection is None or connection.context is not ContextState.ESTABLISHED:
        return
    request = ngap.UEContextModificationRequest(
        amf_ue_ngap_id=connection.amf_ue_ngap_id,
        ran_ue_ngap_id=connection.ran_ue_ngap_id,
        ue_aggregate_maximum_bit_rate=ue_ambr(ue),
    )
    channel = N2(amf, connection)
    try:
        answer = await exchange(
            channel,
            request,
            ngap.UEContextModificationResponse,
            ngap.UEContextModificationFailure,
            timer="NGAP-response",
        )
    except TimerExpired:
        answer = None
    if not isinstance(answer, ngap.UEContextModificationResponse):
        why = (
            "did not answer"
            if answer is None
            else f"refused ({answer.cause[1] if answer.cause else 'without a cause'})"
        )
        amf.tell(
            "ue-ambr-unchanged",
            f"{connection.gnb} {why} another UE-AMBR",
            subject=ue,
            fix="it holds from the terminal's next connection on",
            clause="TS 38.413 8.3.4.3",
        )


async def change_slices(
    amf: AmfFunction,
    ue: Ue,
    before: AccessAndMobilitySubscriptionData,
    data: AccessAndMobilitySubscriptionData,
) -> None:
    """Slices that left the subscription leave the Allowed NSSAI; for new defaults the UE registers again.

    TS 23.501 5.15.5.2.2; a UE that nothing is left for is deregistered, and asks anew.
    """
    tai = ue.mobility.tai
    if tai is None:
        return
    selection = await amf.peers.nssf.select(ue.mobility.allowed, data.slices, data.default_slices, tai)
    allowed = shared(tuple(one for one in ue.mobility.allowed if one in selection.allowed))
    if not allowed:
        ue.conversation.start(deregistration_by_network(amf, ue, None, reregistration_required=True))
        return
    await release_withdrawn(amf, ue, allowed)
    fresh = any(one not in before.default_slices and one in selection.configured for one in data.default_slices)
    smaller = allowed != ue.mobility.allowed
    ue.mobility.allowed = allowed
    # TS 23.502 4.2.4.2 step 1: a UE that does not come hears of it when it registers next
    if ue.connection is None and not await page(amf, ue):
        return
    update = slice_update(amf, ue, allowed if smaller else None, selection.configured, register=fresh)
    # not before the service request with which a paged UE came has begun: the update waits for its end
    amf.environment.call_at(amf.environment.now(), lambda: starting(ue, update))


def starting(ue: Ue, call: Call[None]) -> None:
    """Begin one of a UE's procedures."""
    ue.conversation.start(call)


async def release_withdrawn(amf: AmfFunction, ue: Ue, allowed: tuple[SNssai, ...]) -> None:
    """Sessions in slices that are allowed no more are released, at the UE too (TS 23.501 5.15.5.2.2)."""
    for session in ue.sessions:
        if session.slice not in allowed and session.reference:
            try:
                updated = await session.smf.update_sm_context(session.reference, SmContextUpdateData(release=True))
            except ServiceError:
                ue.drop_session(session)  # the SMF no longer knows it
            else:
                pass_on(amf, ue, session, updated)


@procedure(
    spec="TS 23.502 4.2.4.2",
    collides={
        "slice_update": Collision.QUEUE,
        "new_guti": Collision.QUEUE,
        "registration": Collision.ABORT,
        "deregistration_by_ue": Collision.ABORT,
        "deregistration_by_network": Collision.ABORT,
    },
)
async def slice_update(
    amf: AmfFunction, ue: Ue, allowed: tuple[SNssai, ...] | None, configured: tuple[SNssai, ...], *, register: bool
) -> None:
    """Steps 2 to 4: tell the UE of its slices, once what brought it back has ended."""
    told = await new_slices(amf, ue, allowed, configured, register=register)
    connection = ue.connection
    if told and register and connection is not None:
        # TS 24.501 5.4.4.4: the UE registers again once the N1 signalling connection is gone
        ue.conversation.start(an_release(amf, ue, connection, NORMAL))
