"""Service request at the UE (TS 24.501 5.6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    NO_KEY,
    AuthenticationReject,
    KeySetIdentifier,
    RegistrationKind,
    ServiceAccept,
    ServiceReject,
    ServiceRequest,
    ServiceType,
)
from freehold.procedure import Collision, procedure
from freehold.procedure.effects import Exchange
from freehold.spec.errors import Aborted, TimerExpired
from freehold.ue.errors import NoConnection, Refused, UsimInvalid
from freehold.ue.nas.link import Released
from freehold.ue.nas.mm import refusals
from freehold.ue.nas.mm.registration import congested, hold_off, registration
from freehold.ue.state.mobility import MmEvent, MmState

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

Answer = ServiceAccept | ServiceReject | AuthenticationReject | Released


async def _failed(error: Exception, ue: Terminal, *_: object, **__: object) -> None:
    if not isinstance(error, Aborted) and ue.mm.state is MmState.SERVICE_REQUEST_INITIATED:
        ue.mm.step(MmEvent.SERVICE_ENDED)


@procedure(
    spec="TS 24.501 5.6.1",
    collides={"service_request": Collision.DROP, "registration": Collision.ABORT, "deregistration": Collision.ABORT},
    on_reject=_failed,
    on_failure=_failed,
)
async def service_request(ue: Terminal, kind: ServiceType, sessions: tuple[int, ...] = ()) -> None:
    """Leave idle mode, with the user plane of `sessions`; Refused, NoConnection or TimerExpired where it fails."""
    guti, security = ue.usim.guti, ue.usim.security
    if ue.mm.state is not MmState.REGISTERED or guti is None:
        raise NoConnection("a service request needs a registered terminal")  # TS 24.501 5.6.1.1
    if ue.alarms.running("T3346") and kind is not ServiceType.MOBILE_TERMINATED:  # TS 24.501 5.6.1.1
        raise congested()
    ue.mm.step(MmEvent.SERVICE)
    request = ServiceRequest(
        KeySetIdentifier(mapped=False, value=security.ngksi) if security is not None else NO_KEY,
        kind,
        guti.s_tmsi,
        uplink_data_status=list(sessions) or None,
        pdu_session_status=ue.sm.active,
    )
    try:
        types = (ServiceAccept, ServiceReject, AuthenticationReject, Released)
        answer: Answer = await Exchange(ue.link, request, types, "T3517")
    except TimerExpired:  # TS 24.501 5.6.1.7 c
        ue.release_locally()
        raise
    if isinstance(answer, Released):  # TS 24.501 5.6.1.7 b
        raise NoConnection("the connection was released during the service request")
    if isinstance(answer, AuthenticationReject):  # TS 24.501 5.4.1.3.5
        raise UsimInvalid("the network rejected the authentication")
    ue.link.answered()
    if answer.pdu_session_status is not None:  # TS 24.501 5.6.1.4.1, 5.6.1.5
        ue.sessions.keep(answer.pdu_session_status)
    if isinstance(answer, ServiceReject):
        refused(ue, answer)
    ue.mm.step(MmEvent.SERVICE_ENDED)


def refused(ue: Terminal, reject: ServiceReject) -> None:
    """SERVICE REJECT: what its cause does, then Refused (TS 24.501 5.6.1.5)."""
    cause = reject.cause
    effect = refusals.apply(ue, cause)
    hold_off(ue, reject.t3346)
    if effect.deregisters:
        ue.sessions.drop_all()
        ue.mm.step(MmEvent.DEREGISTERED)
    if effect.register_again:
        ue.after_release(lambda: ue.conversation.start(registration(ue, RegistrationKind.INITIAL)))
    ue.expect_release()
    raise Refused(cause, f"service request refused with cause #{cause}")
