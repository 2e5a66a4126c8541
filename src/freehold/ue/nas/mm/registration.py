"""Registration of the UE: initial, mobility and periodic (TS 24.501 5.5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    NO_KEY,
    AuthenticationReject,
    GprsTimer,
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
from freehold.procedure import Collision, Effect, Expire, expect, procedure
from freehold.procedure.effects import Exchange, Expect
from freehold.spec.causes import MmCause
from freehold.spec.errors import TimerExpired
from freehold.spec.identities import Guti, Suci
from freehold.ue.alarms import FOREVER
from freehold.ue.errors import LimitedService, NoConnection, Refused, UsimInvalid
from freehold.ue.nas.link import Released
from freehold.ue.nas.mm import refusals
from freehold.ue.nas.mm.identification import current_suci
from freehold.ue.state.mobility import Granted, MmEvent, MmState, UpdateStatus

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

Answer = RegistrationAccept | RegistrationReject | AuthenticationReject | Released
ANSWERS = (RegistrationAccept, RegistrationReject, AuthenticationReject, Released)
MOST_ATTEMPTS = 5
"""TS 24.501 5.5.1.2.7: what the registration attempt counter may reach."""


@procedure(
    spec="TS 24.501 5.5.1",
    collides={"registration": Collision.DROP, "service_request": Collision.QUEUE, "deregistration": Collision.ABORT},
)
async def registration(ue: Terminal, kind: RegistrationKind, *, follow_on: bool = True) -> Granted:
    """Register; it fails for good by Refused with the network's cause, UsimInvalid, LimitedService, NoConnection or
    TimerExpired.
    """
    if ue.usim.invalid:
        raise UsimInvalid("the USIM is invalid until the terminal is switched off")
    if ue.limited:
        raise LimitedService("the network refused it here: it asks again once it was switched off and on")
    if ue.alarms.running("T3346"):  # TS 24.501 5.5.1.2.2, 5.5.1.3.2
        raise congested()
    ue.alarms.stop("T3502")
    ue.mm.attempts = 0
    while True:
        ue.mm.step(MmEvent.REGISTRATION)
        answer = await attempt(ue, kind, follow_on=follow_on)
        if isinstance(answer, RegistrationAccept):
            return accepted(ue, answer)
        if isinstance(answer, RegistrationReject):
            await refused(ue, kind, answer)
            kind = RegistrationKind.INITIAL
            continue
        ue.mm.attempts += 1  # TS 24.501 5.5.1.2.7 a to d
        if ue.mm.attempts >= MOST_ATTEMPTS:
            ue.mm.status = UpdateStatus.NOT_UPDATED
            later(ue, kind)
            raise answer
        await Expire("T3511")


def later(ue: Terminal, kind: RegistrationKind) -> None:
    """After the last attempt T3502 runs; a failed update leaves the terminal registered (TS 24.501 5.5.1.3.7)."""
    if kind is RegistrationKind.INITIAL:
        ue.mm.step(MmEvent.FAILED)
        ue.usim.forget()  # TS 24.501 5.5.1.2.7
    else:
        ue.mm.step(MmEvent.UPDATE_FAILED)
    seconds = ue.mm.granted.t3502
    ue.alarms.start(
        "T3502", lambda: ue.conversation.start(registration(ue, kind)), FOREVER if seconds is None else seconds
    )


async def refused(ue: Terminal, kind: RegistrationKind, reject: RegistrationReject) -> None:
    """REGISTRATION REJECT: Refused, or back once the terminal can register anew (TS 24.501 5.5.1.2.5, 5.5.1.3.5)."""
    effect = refusals.apply(ue, reject.cause)
    if reject.rejected_nssai is not None:
        ue.granted(rejected_nssai=tuple(item.snssai for item in reject.rejected_nssai))
    if effect.deregisters or kind is RegistrationKind.INITIAL:
        ue.sessions.drop_all()
        ue.mm.step(MmEvent.FAILED)
    else:
        ue.mm.step(MmEvent.UPDATE_FAILED)
    if effect.register_again and kind is not RegistrationKind.INITIAL:
        await connection_released(ue)
        return
    hold_off(ue, reject.t3346, kind)
    ue.expect_release()  # TS 24.501 5.3.1.3
    raise Refused(reject.cause, f"registration refused with cause #{reject.cause}")


async def connection_released(ue: Terminal) -> None:
    """Wait until the network has released the connection, at most T3540 (TS 24.501 5.3.1.3)."""
    if ue.link.connection is None:
        return
    try:
        await expect(Released, timer="T3540")
    except TimerExpired:
        ue.release_locally()


def hold_off(ue: Terminal, t3346: GprsTimer | None, failed: RegistrationKind | None = None) -> None:
    """Congestion: nothing is asked for until T3346 has run out, then what failed (TS 24.501 5.5.1.2.5, 5.5.1.3.5)."""
    if t3346 is None or not t3346.seconds:
        return

    def ended() -> None:
        if ue.mm.state is MmState.DEREGISTERED and not ue.usim.invalid:
            ue.conversation.start(registration(ue, RegistrationKind.INITIAL))
        elif ue.mm.state is MmState.REGISTERED and failed is not None:
            ue.conversation.start(registration(ue, failed))

    ue.alarms.start("T3346", ended, t3346.seconds)


def congested() -> Refused:
    """The error of what T3346 forbids (TS 24.501 5.3.9)."""
    return Refused(MmCause.CONGESTION, "the network is congested: T3346 runs")


async def attempt(
    ue: Terminal, kind: RegistrationKind, *, follow_on: bool
) -> RegistrationAccept | RegistrationReject | NoConnection | TimerExpired:
    """One REGISTRATION REQUEST and what came of it (TS 24.501 5.5.1.2.2, 5.5.1.3.2)."""
    identity: Guti | Suci = ue.usim.guti or await current_suci(ue)
    message = request(ue, kind, identity, follow_on=follow_on)
    try:
        answer = await answered(ue, message)
    except TimerExpired as expired:  # TS 24.501 5.5.1.2.7 c
        ue.release_locally()
        return expired
    except NoConnection as refused:  # TS 24.501 5.5.1.2.7 b
        return refused
    if isinstance(answer, AuthenticationReject):  # TS 24.501 5.4.1.3.5
        raise UsimInvalid("the network rejected the authentication")
    return NoConnection("the connection was released during registration") if isinstance(answer, Released) else answer


async def answered(ue: Terminal, message: RegistrationRequest) -> Answer:
    """The answer within T3510, which waits while a new challenge is expected (TS 24.501 5.4.1.3.7)."""
    wait: Effect[Answer] = Exchange(ue.link, message, ANSWERS, "T3510")
    while True:
        try:
            return await wait
        except TimerExpired:
            if not ue.alarms.running("T3520"):
                raise
            wait = Expect(ANSWERS, "T3510")


def request(ue: Terminal, kind: RegistrationKind, identity: Guti | Suci, *, follow_on: bool) -> RegistrationRequest:
    """REGISTRATION REQUEST with everything this terminal tells (TS 24.501 8.2.6)."""
    security, usim, sessions = ue.usim.security, ue.usim, ue.sm.active
    updating = kind is not RegistrationKind.INITIAL
    slices = ue.mm.slices or ue.configuration.requested_nssai
    return RegistrationRequest(
        RegistrationType(follow_on_request=follow_on, value=kind),
        KeySetIdentifier(mapped=False, value=security.ngksi) if security is not None else NO_KEY,
        identity,
        mobility_capability=MobilityCapability(),
        ue_security_capability=ue.configuration.equipment.security_capability,
        requested_nssai=nssai(slices) if slices and kind is not RegistrationKind.PERIODIC_UPDATING else None,
        last_visited_tai=usim.last_tai,
        uplink_data_status=(ue.sm.suspended or None) if updating and follow_on else None,
        pdu_session_status=sessions if updating else None,
    )


def accepted(ue: Terminal, accept: RegistrationAccept) -> Granted:
    """Store what REGISTRATION ACCEPT grants, and acknowledge it (TS 24.501 5.5.1.2.4, 5.5.1.3.4)."""
    ue.alarms.stop("T3346", "T3502", "T3519", "T3520")
    ue.link.answered()
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
        ue.sessions.keep(accept.pdu_session_status)
    slicing = accept.network_slicing_indication
    ue.mm.acknowledged = None
    if accept.guti or accept.configured_nssai or (slicing is not None and slicing.subscription_changed):
        ue.mm.acknowledged = accept
        ue.link.send(RegistrationComplete())
    return ue.mm.granted


def repeated(ue: Terminal, message: object) -> bool:
    """Acknowledge REGISTRATION ACCEPT again where T3550 sent it again: REGISTRATION COMPLETE was lost, or crossed it
    (TS 24.501 5.5.1.2.8, 5.5.1.3.8).
    """
    if not ue.mm.registered or message != ue.mm.acknowledged:
        return False
    ue.link.send(RegistrationComplete())
    return True
