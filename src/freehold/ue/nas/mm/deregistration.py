"""Deregistration at the UE, by itself and by the network (TS 24.501 5.5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    NO_KEY,
    AccessType,
    DeregistrationAcceptFromUe,
    DeregistrationAcceptToUe,
    DeregistrationRequestFromUe,
    DeregistrationRequestToUe,
    DeregistrationType,
    KeySetIdentifier,
    RegistrationKind,
)
from freehold.procedure import Collision, exchange, procedure
from freehold.spec.errors import TimerExpired
from freehold.ue.errors import NoConnection
from freehold.ue.nas.link import Released
from freehold.ue.nas.mm import refusals
from freehold.ue.nas.mm.identification import current_suci
from freehold.ue.nas.mm.registration import hold_off, registration
from freehold.ue.state.mobility import MmEvent, MmState

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal


@procedure(
    spec="TS 24.501 5.5.2.2",
    collides={
        "deregistration": Collision.DROP,
        "registration": Collision.DROP,
        "service_request": Collision.DROP,
        "establishment": Collision.DROP,
    },
)
async def deregistration(ue: Terminal, *, switch_off: bool = False) -> None:
    """Deregister; a switch-off waits for no answer (TS 24.501 5.5.2.2.1)."""
    if ue.mm.state in {MmState.NULL, MmState.DEREGISTERED}:
        return
    ue.mm.step(MmEvent.DEREGISTRATION)
    security = ue.usim.security
    request = DeregistrationRequestFromUe(
        DeregistrationType(switch_off=switch_off, access_type=AccessType.THREE_GPP),
        KeySetIdentifier(mapped=False, value=security.ngksi) if security is not None else NO_KEY,
        ue.usim.guti or await current_suci(ue),
    )
    try:
        if switch_off:
            ue.link.send(request)
        else:
            types = (DeregistrationAcceptToUe, DeregistrationRequestToUe, Released)
            await exchange(ue.link, request, *types, timer="T3521")
            ue.expect_release()  # TS 24.501 5.3.1.3
    except (TimerExpired, NoConnection):  # TS 24.501 5.5.2.2.6 a, c: local deregistration
        ue.release_locally()
    ended(ue)


@procedure(spec="TS 24.501 5.5.2.3")
async def network_deregistration(ue: Terminal, request: DeregistrationRequestToUe) -> None:
    """The network deregisters this terminal (TS 24.501 5.5.2.3.2)."""
    if ue.mm.state is MmState.REGISTERED_INITIATED and ue.mm.attempts == 0 and not ue.mm.granted.tai_list:
        return  # TS 24.501 5.5.1.2.7 g: initial registration goes on
    ue.link.send(DeregistrationAcceptFromUe())
    if ue.mm.state is MmState.DEREGISTERED_INITIATED:  # TS 24.501 5.5.2.2.6 e: both want the same
        ue.conversation.deliver(request)
        return
    again = request.deregistration_type.reregistration_required
    if request.cause is not None and not again:
        refusals.apply(ue, request.cause)
    ue.conversation.abort("the network deregistered the terminal", but=network_deregistration)
    ended(ue)
    if not again:
        hold_off(ue, request.t3346)  # TS 24.501 5.5.2.3.2
    if again and not ue.usim.invalid:
        ue.after_release(lambda: ue.conversation.start(registration(ue, RegistrationKind.INITIAL)))
    ue.expect_release()


def ended(ue: Terminal) -> None:
    """5GMM-DEREGISTERED: sessions are gone, identities and the security context stay (TS 24.501 5.5.2.1)."""
    ue.alarms.stop("T3512", "T3516", "T3520")
    ue.sessions.drop_all()
    ue.granted(tai_list=())
    ue.mm.step(MmEvent.DEREGISTERED)
