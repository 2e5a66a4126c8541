"""General Registration (TS 23.502 4.2.2.2.2, TS 24.501 5.5.1)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import nas, ngap
from freehold.codecs.nas import RegistrationKind
from freehold.core.amf import causes
from freehold.core.amf.channels import N1
from freehold.core.amf.configuration import AUTHENTICATION_REJECT, SecurityPolicy
from freehold.core.amf.delivery import flush, free
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.initial import Initial, repeated
from freehold.core.amf.procedures.an_release import (
    AUTHENTICATION_FAILED,
    NORMAL,
    deactivate_sessions,
    release_connection,
)
from freehold.core.amf.procedures.authentication import authentication
from freehold.core.amf.procedures.configuration_update import tell_names
from freehold.core.amf.procedures.identification import identification
from freehold.core.amf.procedures.old_context import adopt, known_identity
from freehold.core.amf.procedures.reachability import start_mobile_reachable
from freehold.core.amf.procedures.reactivation import reactivate, synchronise, take_queued
from freehold.core.amf.procedures.registration_acceptance import accept
from freehold.core.amf.procedures.removal import release_sessions, remove
from freehold.core.amf.procedures.security_mode_control import security_mode_control
from freehold.core.amf.procedures.subscription import select_slices, subscribe
from freehold.core.amf.procedures.uplink_nas_transport import uplink_nas_transport
from freehold.core.amf.state.machines import ContextState, MmEvent
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, Kept, procedure
from freehold.services.errors import ServiceError
from freehold.spec import counters
from freehold.spec.causes import MmCause
from freehold.spec.errors import Aborted, Reject
from freehold.spec.failures import Unmet
from freehold.spec.identities import Suci, Supi

Request = Initial[nas.RegistrationRequest]

KINDS: Final = frozenset(
    {RegistrationKind.INITIAL, RegistrationKind.MOBILITY_UPDATING, RegistrationKind.PERIODIC_UPDATING}
)
"""Registration types served; emergency, onboarding and disaster roaming are not (TS 24.501 9.11.3.7)."""
MANDATORY: Final = (1, 2)
"""5G-EA and 5G-IA that every UE has, beside the null ones (TS 33.501 5.2.2, 5.2.3)."""
NULL: Final = (0,)
MEASURED: Final[dict[int, str]] = {
    RegistrationKind.INITIAL: counters.INITIAL_REGISTRATION,
    RegistrationKind.MOBILITY_UPDATING: counters.MOBILITY_REGISTRATION,
    RegistrationKind.PERIODIC_UPDATING: counters.PERIODIC_REGISTRATION,
    RegistrationKind.EMERGENCY: counters.EMERGENCY_REGISTRATION,
}
"""Measurements by registration type; a reserved one is taken as initial (TS 28.552 5.2.2, TS 24.501 9.11.3.7)."""
MICROSECONDS: Final = 1e6
NO_CAPABILITY: Final = 2
"""The shortest UE security capability (TS 24.501 9.11.3.54)."""


def measure(amf: AmfFunction, request: nas.RegistrationRequest, outcome: str, label: str = "") -> None:
    """Count a registration under its type (TS 28.552 5.2.2)."""
    kind = MEASURED.get(request.registration_type.value, counters.INITIAL_REGISTRATION)
    amf.environment.count(kind + outcome, label)


async def refuse(reject: Reject, amf: AmfFunction, ue: Ue, initial: Request) -> None:
    """REGISTRATION REJECT or AUTHENTICATION REJECT, one event, and the end of the context (TS 24.501 5.5.1.2.5)."""
    measure(amf, initial.message, counters.FAILED, causes.name(reject.cause))
    amf.tell(
        "registration-rejected",
        f"registration refused with {causes.name(reject.cause)}: {reject.why or 'see the cause'}",
        subject=ue,
        fix=reject.fix,
        clause="TS 24.501 5.5.1.2.5",
        cause=causes.wire(reject.cause),
        unmet=reject.unmet,
    )
    refused = reject.cause == AUTHENTICATION_REJECT
    if refused:
        amf.environment.count(counters.AUTHENTICATION_REJECT)
    message = nas.AuthenticationReject() if refused else nas.RegistrationReject(cause=reject.cause)
    N1(amf, ue).send(message)
    await end(amf, ue, AUTHENTICATION_FAILED if refused else NORMAL)


async def give_up(error: Exception, amf: AmfFunction, ue: Ue, initial: Request) -> None:
    """A service's error becomes a reject; silence of the UE ends the connection; who aborted goes on from here."""
    if isinstance(error, ServiceError):
        await refuse(causes.refusal(error, amf.configuration.rejects), amf, ue, initial)
    elif isinstance(error, Aborted):
        # TS 24.501 5.5.1.2.8 a, 5.5.1.3.8 a: once accepted, or from before, the UE is registered all the same
        if ue.subscription is not None and ue.identity.tmsi is not None:
            ue.move(MmEvent.REGISTRATION_COMPLETED)
            await route_kept(amf, ue)
    else:
        measure(amf, initial.message, counters.FAILED, type(error).__name__)
        amf.tell(
            "registration-failed",
            f"registration ended: {error}",
            subject=ue,
            clause="TS 24.501 5.5.1.2.8",
            unmet=causes.unmet(error),
        )
        await end(amf, ue, NORMAL)


async def end(amf: AmfFunction, ue: Ue, cause: ngap.Cause) -> None:
    """Release the connection of a UE that is not registered, and forget it."""
    ue.move(MmEvent.COMMON_PROCEDURE_FAILED)
    connection = ue.connection
    try:
        if connection is not None:
            await release_connection(amf, connection, cause)
    finally:
        await remove(amf, ue)


@procedure(
    spec="TS 23.502 4.2.2.2.2",
    keeps=(nas.UlNasTransport,),
    collides={
        "registration": repeated,
        "service_request": Collision.ABORT,
        "deregistration_by_ue": Collision.ABORT,
        "deregistration_by_network": Collision.QUEUE,
        "an_release": Collision.ABORT,
        "implicit_deregistration": Collision.DROP,
        "subscription_change": Collision.QUEUE,
    },
    on_reject=refuse,
    on_failure=give_up,
)
async def registration(amf: AmfFunction, ue: Ue, initial: Request) -> None:
    """Register a UE, in the steps of the call flow."""
    # 1-3: the request, through the gNB
    measure(amf, initial.message, counters.REQUESTED)
    began = amf.environment.now()
    ue.stop_alarm()
    if ue.connection is not None and ue.connection.context is ContextState.ABSENT:
        await deactivate_sessions(ue)  # what was active at a gNB before is not at this one
    check(amf, ue, initial)
    ue.move(MmEvent.COMMON_PROCEDURE_REQUESTED)
    request = initial.message
    # 4-9: who it is, and keys, unless the message was verified under keys both sides have
    if needs_authentication(amf, ue, initial):
        request = await secure(amf, ue, initial)
    else:
        learn(ue, request)
    supi = ue.identity.supi
    if supi is None:
        raise Reject(
            MmCause.UE_IDENTITY_CANNOT_BE_DERIVED, "the terminal has no subscriber", unmet=Unmet("no-identity")
        )
    amf.contexts.supis.setdefault(supi, ue)  # it may have waited for the end of its own deregistration
    # 14-16: registration and subscription at the UDM, policy; a periodic update changes neither
    if request.registration_type.value != RegistrationKind.PERIODIC_UPDATING or ue.subscription is None:
        await subscribe(amf, ue, supi)
    selection = await select_slices(amf, ue, request)
    # 17: sessions of both sides made equal
    if request.registration_type.value == RegistrationKind.INITIAL:
        for session in ue.sessions:
            free(amf, ue, session)
        await release_sessions(ue, "REL_DUE_TO_UNSPECIFIED_REASON")
    await synchronise(amf, ue, request.pdu_session_status)
    reactivation = await reactivate(ue, request.uplink_data_status)
    take_queued(ue, reactivation)
    # 21-22
    await accept(amf, ue, request, selection, reactivation)
    measure(amf, initial.message, counters.SUCCEEDED)
    amf.environment.count(counters.REGISTRATION_TIME, "", round(MICROSECONDS * (amf.environment.now() - began)))
    await settle(amf, ue, request)


# --- steps 1 to 9 ------------------------------------------------------------------------------
def check(amf: AmfFunction, ue: Ue, initial: Request) -> None:
    """What a registration needs before anybody is asked about it (TS 24.501 5.5.1.2.2, 5.5.1.2.8)."""
    request, connection = initial.message, ue.connection
    if connection is None:
        raise Aborted("the connection is gone")
    if request.registration_type.value not in KINDS:
        raise Reject(
            MmCause.PROTOCOL_ERROR_UNSPECIFIED,  # #5 and #7 would disable the USIM (TS 24.501 5.5.1.2.5, 5.5.1.2.6)
            f"registration type {request.registration_type.value} is not provided",
            "emergency, onboarding and disaster roaming registration are not offered by this network",
            unmet=Unmet("registration-type", str(request.registration_type.value), "1, 2 and 3"),
        )
    if not amf.configuration.supports(connection.tai):
        raise Reject(
            MmCause.TRACKING_AREA_NOT_ALLOWED,
            f"tracking area {connection.tai} is not served by this AMF",
            "add the TAC to [amf] tac",
            unmet=Unmet(
                "tracking-area",
                f"TAC {connection.tai.tac} of PLMN {connection.tai.plmn}",
                f"TAC {', '.join(map(str, amf.configuration.tacs))}",
                {"tac": str(connection.tai.tac)},
            ),
        )
    capability = request.ue_security_capability
    if capability is not None:
        ue.security.capability = ue.security.capability or capability.octets
    elif len(ue.security.capability) < NO_CAPABILITY:
        # TS 24.501 5.5.1.2.2: every initial registration carries it (N05)
        raise Reject(
            MmCause.INVALID_MANDATORY_INFORMATION,
            "the registration request lacks the UE security capability",
            "look at the terminal: TS 24.501 5.5.1.2.2 asks for it",
            unmet=Unmet("security-capability", "none"),
        )
    require_mandatory(amf.configuration.security, capability or nas.UeSecurityCapability(ue.security.capability))


def require_mandatory(policy: SecurityPolicy, capability: nas.UeSecurityCapability) -> None:
    """Refuse a UE without any algorithm of those that every UE has (TS 33.501 5.2.2, 5.2.3).

    A null algorithm counts where the operator listed it.
    """
    has_cipher = any(map(capability.ciphering, MANDATORY + (NULL if 0 in policy.ciphering else ())))
    has_integrity = any(map(capability.integrity, MANDATORY + (NULL if 0 in policy.integrity else ())))
    if has_cipher and has_integrity:
        return
    # TS 24.501 5.5.1.2.8: unacceptable security capabilities are rejected, before anybody is asked about the UE
    raise Reject(
        MmCause.UE_SECURITY_CAPABILITIES_MISMATCH,
        f"the terminal has none of 128-5G-{'IA' if has_cipher else 'EA'}1 and 2, which every terminal must have",
        "look at the terminal's capability: TS 33.501 5.2 makes these algorithms mandatory",
        unmet=Unmet("security-capability", capability.octets.hex()),
    )


def needs_authentication(amf: AmfFunction, ue: Ue, initial: Request) -> bool:
    """Whether keys are needed: none known, near their end, or for other capabilities (TS 33.501 6.1.2, 6.7.2)."""
    current, capability = ue.security.current, initial.message.ue_security_capability
    return (
        not initial.verified
        or current is None
        or current.renewal_due
        or amf.configuration.security.authenticate_always
        or (capability is not None and capability.octets != ue.security.capability)
    )


async def secure(amf: AmfFunction, ue: Ue, initial: Request) -> nas.RegistrationRequest:
    """Identity, authentication, security mode; the UE's older context, if there is one, gives way."""
    request = initial.message
    # 4-7: the identity of the request, of the context the 5G-GUTI names, or asked for
    identity: Suci | Supi = known_identity(amf, ue, request) or await identification(amf, ue)
    # 8-9
    authenticated = await authentication(amf, ue, identity, request.ng_ksi.value)
    if request.ue_security_capability is not None:
        ue.security.capability = request.ue_security_capability.octets
    request = await security_mode_control(amf, ue, authenticated, initial)
    learn(ue, request)
    await adopt(amf, ue, authenticated.supi)
    return request


def learn(ue: Ue, request: nas.RegistrationRequest) -> None:
    """Keep what a protected request says of the UE."""
    if request.ue_security_capability is not None:
        ue.security.capability = request.ue_security_capability.octets
    if request.update_type is not None and request.update_type.radio_capability_update:
        ue.radio = None  # TS 24.501 5.5.1.3.2 n: the gNB is to ask again (TS 23.501 5.4.4.1)
    ue.mobility.follow_on = request.registration_type.follow_on_request


async def route_kept(amf: AmfFunction, ue: Ue) -> None:
    """What the UE wanted of SMFs while its acknowledgement was still to come (TS 24.501 5.1.3.2.3.3)."""
    for message in await Kept(nas.UlNasTransport):
        amf.routing(ue).start(uplink_nas_transport(amf, ue, message))


async def settle(amf: AmfFunction, ue: Ue, request: nas.RegistrationRequest) -> None:
    """After the accept: what waited is sent, or the connection ends if nothing is to follow (TS 23.502 4.2.2.2.2)."""
    flush(amf, ue)
    await route_kept(amf, ue)
    if request.registration_type.value == RegistrationKind.INITIAL:
        tell_names(amf, ue)
    periodic = request.registration_type.value == RegistrationKind.PERIODIC_UPDATING
    connection = ue.connection
    if connection is None:
        start_mobile_reachable(amf, ue)
    elif periodic and not ue.mobility.follow_on and not any(session.active for session in ue.sessions):
        # TS 24.501 5.5.1.3.4: without a follow-on request the network may release the connection
        await release_connection(amf, connection, NORMAL)
        start_mobile_reachable(amf, ue)
