"""The context a UE had here before: whom it names, and how it gives way (TS 23.502 4.2.2.2.2 steps 4 to 6)."""

from __future__ import annotations

from freehold.codecs import nas
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.names import suci_of
from freehold.core.amf.procedures.an_release import NORMAL, Superseded, deactivate_sessions, release_now
from freehold.core.amf.procedures.removal import release_sessions
from freehold.core.amf.state.ue import Ue
from freehold.spec.identities import Guti, STmsi, Suci, Supi


def known_identity(amf: AmfFunction, ue: Ue, request: nas.RegistrationRequest) -> Suci | Supi | None:
    """Who the request says it is: a SUCI, or a 5G-GUTI this AMF gave out (TS 23.502 4.2.2.2.2 steps 4 to 6).

    A 5G-GUTI of another AMF, mapped from EPS or from before a restart names nobody: the UE is asked (N04).
    """
    if ue.identity.supi is not None:
        return ue.identity.supi
    for identity in (request.mobile_identity, request.additional_guti):
        suci = suci_of(identity)
        if suci is not None:
            return suci
        if isinstance(identity, Guti | STmsi):
            known = amf.contexts.find(identity)
            if known is not None and known.identity.supi is not None:
                return known.identity.supi
    return None


async def adopt(amf: AmfFunction, ue: Ue, supi: Supi) -> None:
    """The UE proved to be `supi`: it takes over from the context it had before (TS 24.501 5.5.1.2.8, 5.5.1.3.8)."""
    contexts = amf.contexts
    old = contexts.supis.get(supi)
    if ue.identity.supi is not None and ue.identity.supi != supi:
        contexts.forget(ue)
        await release_sessions(ue)
    ue.identity.supi = supi
    contexts.supis[supi] = ue
    contexts.strangers.discard(ue)
    if old is None or old is ue:
        return
    old.conversation.deliver(Superseded())
    old.conversation.abort("the terminal registered anew")
    old.stop_alarm()
    if old.connection is not None:
        release_now(amf, old.connection, NORMAL)
    ue.radio, ue.queued = old.radio, old.queued
    ue.sessions, old.sessions = old.sessions, ()
    old.subscription = None
    contexts.forget(old)
    await deactivate_sessions(ue)
