"""What is left of a session goes: user plane, address, policy, registration (TS 23.502 4.3.4.2 steps 2, 11, 12)."""

from __future__ import annotations

from contextlib import suppress

from freehold.core.smf.function import SmfFunction
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.state.session import SmContext, SmState
from freehold.procedure import Collision, Signal, procedure
from freehold.services.errors import ServiceError


async def teardown(smf: SmfFunction, session: SmContext) -> None:
    """Give everything back; harmless when it was done before."""
    if session.state is not SmState.INACTIVE:
        await remove(smf, session)


def remove(smf: SmfFunction, session: SmContext) -> Signal[None]:
    """Take a session apart in a conversation of its own: whoever waits for it may be aborted, it goes on."""
    session.state = SmState.INACTIVE
    return smf.driver.converse(session).perform(sm_context_removal(smf, session))


@procedure(spec="TS 23.502 4.3.4.2")
async def sm_context_removal(smf: SmfFunction, session: SmContext) -> None:
    """The address rests until the UPF has let go of it."""
    identity = session.identity
    try:
        # 2
        await user_plane.delete(smf, session)
    finally:
        smf.forget(session)
    if smf.contexts.by_ue(identity.supi, identity.pdu_session_id) is not None:
        return  # a new session has the identity by now, and its policy and registration
    # 12
    with suppress(ServiceError):  # they may have forgotten the session already
        if session.policy is not None:
            await smf.peers.pcf.delete_sm_policy(identity.supi, identity.pdu_session_id)
        if not smf.contexts.of_ue(identity.supi):
            await smf.peers.udm.unsubscribe_sdm(identity.supi, smf.subscription_changed)
        await smf.peers.udm.deregister_smf(identity.supi, identity.pdu_session_id)


async def notify(session: SmContext) -> None:
    """The AMF forgets the SM context (TS 23.502 4.3.4.2 step 11, TS 29.502 5.2.2.5)."""
    identity = session.identity
    with suppress(ServiceError):  # the AMF may have forgotten the UE already
        await session.amf.sm_context_status_notify(identity.supi, identity.pdu_session_id, session.reference)


@procedure(spec="TS 29.502 5.2.2.4", collides={"local_release": Collision.DROP})
async def local_release(smf: SmfFunction, session: SmContext) -> None:
    """The AMF releases the SM context: nobody signals to the UE."""
    session.conversation.abort("the AMF released the session", but=local_release)
    await teardown(smf, session)


@procedure(spec="TS 29.502 5.2.2.5")
async def mended(smf: SmfFunction, session: SmContext) -> None:
    """After a mistake of ours in one of its procedures the session is given up, and the AMF told."""
    await teardown(smf, session)
    await notify(session)
