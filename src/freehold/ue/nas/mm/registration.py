"""Registration of the UE: initial, mobility and periodic (TS 24.501 5.5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    NO_KEY,
    KeySetIdentifier,
    MobilityCapability,
    RegistrationAccept,
    RegistrationComplete,
    RegistrationKind,
    RegistrationReject,
    RegistrationRequest,
    RegistrationType,
    nssai,
    tais,
)
from freehold.procedure import Collision, Expire, exchange, expect, procedure
from freehold.spec.errors import Aborted, TimerExpired
from freehold.spec.identities import Guti, Suci
from freehold.ue.errors import NoConnection, Refused, UsimInvalid
from freehold.ue.nas.link import Released
from freehold.ue.nas.mm import refusals
from freehold.ue.nas.mm.identification import current_suci
from freehold.ue.state.mobility import Granted, MmEvent, MmState, UpdateStatus

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

MOST_ATTEMPTS = 5
"""TS 24.501 5.5.1.2.7: what the registration attempt counter may reach."""


async def _failed(error: Exception, ue: Terminal, *_: object, **__: object) -> None:
    if not isinstance(error, Aborted) and ue.mm.state is MmState.REGISTERED_INITIATED:
        ue.mm.step(MmEvent.FAILED)


@procedure(
    spec="TS 24.501 5.5.1",
    collides={"registration": Collision.DROP, "service_request": Collision.QUEUE, "deregistration": Collision.ABORT},
    on_reject=_failed,
    on_failure=_failed,
)
async def registration(ue: Terminal, kind: RegistrationKind, *, follow_on: bool = True) -> Granted:
    """Register; Refused with the network's cause, UsimInvalid, NoConnection or TimerExpired where it fails for good."""
    if ue.usim.invalid:
        raise UsimInvalid("the USIM is invalid until the terminal is switched off")
    ue.mm.attempts = 0
    while True:
        ue.mm.step(MmEvent.REGISTRATION)
        answer = await attempt(ue, kind, follow_on=follow_on)
        if isinstance(answer, RegistrationAccept):
            return accepted(ue, answer)
        if isinstance(answer, RegistrationReject):
            effect = refusals.apply(ue, answer.cause)  # TS 24.501 5.5.1.2.5, 5.5.1.3.5
            ue.release_sessions()
            if not effect.register_again or kind is RegistrationKind.INITIAL:
                ue.expect_release()  # TS 24.501 5.3.1.3
                raise Refused(answer.cause, f"registration refused with cause #{answer.cause}")
            kind = RegistrationKind.INITIAL
            ue.link.lost()
            continue
        ue.mm.attempts += 1  # TS 24.501 5.5.1.2.7 a to d
        if ue.mm.attempts >= MOST_ATTEMPTS:
            ue.mm.status = UpdateStatus.NOT_UPDATED
            raise answer
        await Expire("T3511")


async def attempt(
    ue: Terminal, kind: RegistrationKind, *, follow_on: bool
) -> RegistrationAccept | RegistrationReject | NoConnection | TimerExpired:
    """One REGISTRATION REQUEST and what came of it (TS 24.501 5.5.1.2.2, 5.5.1.3.2)."""
    identity: Guti | Suci = ue.usim.guti or await current_suci(ue)
    message = request(ue, kind, identity, follow_on=follow_on)
    try:
        answer = await exchange(ue.link, message, RegistrationAccept, RegistrationReject, Released, timer="T3510")
    except TimerExpired as expired:
        if not ue.alarms.running("T3520"):  # TS 24.501 5.5.1.2.7 c
            ue.release_locally()
            return expired
        # TS 24.501 5.4.1.3.7: T3510 waits while a new challenge is expected
        answer = await expect(RegistrationAccept, RegistrationReject, Released)
    except NoConnection as refused:  # TS 24.501 5.5.1.2.7 b
        return refused
    return NoConnection("the connection was released during registration") if isinstance(answer, Released) else answer


def request(ue: Terminal, kind: RegistrationKind, identity: Guti | Suci, *, follow_on: bool) -> RegistrationRequest:
    """REGISTRATION REQUEST with everything this terminal tells (TS 24.501 8.2.6)."""
    security, usim, sessions = ue.usim.security, ue.usim, ue.sm.active
    updating = kind is not RegistrationKind.INITIAL
    slices = ue.mm.granted.allowed_nssai or ue.configuration.requested_nssai
    return RegistrationRequest(
        RegistrationType(follow_on_request=follow_on, value=kind),
        KeySetIdentifier(mapped=False, value=security.ngksi) if security is not None else NO_KEY,
        identity,
        mobility_capability=MobilityCapability(),
        ue_security_capability=ue.configuration.equipment.security_capability,
        requested_nssai=nssai(slices) if slices and kind is not RegistrationKind.PERIODIC_UPDATING else None,
        last_visited_tai=usim.last_tai,
        uplink_data_status=sessions if updating and sessions and follow_on else None,
        pdu_session_status=sessions if updating else None,
    )


def accepted(ue: Terminal, accept: RegistrationAccept) -> Granted:
    """Store what REGISTRATION ACCEPT grants, and acknowledge it (TS 24.501 5.5.1.2.4, 5.5.1.3.4)."""
    ue.alarms.stop("T3519", "T3520")
    ue.usim.suci = None
    ue.mm.attempts = 0
    ue.mm.status = UpdateStatus.UPDATED
    if accept.guti is not None:
        ue.usim.guti = accept.guti
    ue.usim.last_tai = ue.cell.system_information.tai if ue.cell is not None else None
    old = ue.mm.granted
    ue.mm.granted = Granted(
        tai_list=tuple(tais(accept.tai_list)) if accept.tai_list is not None else old.tai_list,
        allowed_nssai=tuple(item.snssai for item in accept.allowed_nssai or ()),
        configured_nssai=tuple(item.snssai for item in accept.configured_nssai or ()) or old.configured_nssai,
        rejected_nssai=tuple(item.snssai for item in accept.rejected_nssai or ()),
        features=accept.network_feature_support or old.features,
        t3512=accept.t3512.seconds if accept.t3512 is not None else old.t3512,
        t3502=accept.t3502.seconds if accept.t3502 is not None else old.t3502,
        network_name=old.network_name,
    )
    ue.mm.step(MmEvent.ACCEPTED)
    if accept.pdu_session_status is not None:  # TS 24.501 5.5.1.3.4
        ue.release_sessions(keep=frozenset(accept.pdu_session_status))
    slicing = accept.network_slicing_indication
    if accept.guti or accept.configured_nssai or (slicing is not None and slicing.subscription_changed):
        ue.link.send(RegistrationComplete())
    return ue.mm.granted
