"""The end of a UE's context: sessions, policy and registration at the neighbours, then the context itself."""

from __future__ import annotations

from contextlib import suppress

from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.machines import MmEvent
from freehold.core.amf.state.ue import Ue
from freehold.services.errors import ServiceError


async def release_sessions(ue: Ue, cause: str = "") -> None:
    """Release every SM context without signalling to the UE (TS 29.502 5.2.2.4.1)."""
    sessions, ue.sessions = ue.sessions, ()
    for session in sessions:
        session.gone = True
        if session.reference:
            try:
                await session.smf.release_sm_context(session.reference, cause)
            except ServiceError:
                continue  # the SMF no longer knows it


async def remove(amf: AmfFunction, ue: Ue, cause: str = "") -> None:
    """TS 23.502 4.2.2.3.2 steps 2 to 6: release sessions, delete the AM policy, purge at the UDM, forget."""
    ue.stop_alarm()
    ue.queued = ()
    ue.move(MmEvent.DEREGISTERED)
    await release_sessions(ue, cause)
    supi = ue.identity.supi
    known = supi is not None and amf.contexts.supis.get(supi) is ue
    subscription, ue.subscription = ue.subscription, None
    amf.contexts.forget(ue)
    if supi is None or not known:
        return
    # step 6 and TS 23.502 4.2.2.3.2 step 6a: whoever does not know the UE any more has nothing to forget
    if subscription is not None:
        with suppress(ServiceError):
            await amf.peers.pcf.delete_am_policy(supi)
    with suppress(ServiceError):
        await amf.peers.udm.unsubscribe_sdm(supi, amf.subscription_changed)
        await amf.peers.udm.deregister_amf(supi, amf.configuration.guami)
