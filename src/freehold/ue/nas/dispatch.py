"""Which message goes where: tables of what the network may send, when, and what it starts (TS 24.501 4.4.4.2, 7.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from freehold.codecs.nas import (
    AuthenticationReject,
    AuthenticationRequest,
    ConfigurationUpdateCommand,
    DeregistrationAcceptToUe,
    DeregistrationRequestToUe,
    DlNasTransport,
    IdentityRequest,
    IdentityType,
    Message,
    MmStatus,
    PduSessionEstablishmentAccept,
    PduSessionEstablishmentReject,
    PduSessionModificationCommand,
    PduSessionModificationReject,
    PduSessionReleaseCommand,
    PduSessionReleaseReject,
    RegistrationAccept,
    RegistrationReject,
    SecurityModeCommand,
    ServiceAccept,
    ServiceReject,
    SmMessage,
    SmStatus,
)
from freehold.procedure import Procedure
from freehold.spec import counters
from freehold.spec.causes import MmCause, SmCause
from freehold.ue.nas.link import Received
from freehold.ue.nas.mm.authentication import authentication, authentication_reject
from freehold.ue.nas.mm.configuration_update import configuration_update
from freehold.ue.nas.mm.deregistration import network_deregistration
from freehold.ue.nas.mm.identification import identification
from freehold.ue.nas.mm.registration import repeated
from freehold.ue.nas.mm.security_mode import security_mode
from freehold.ue.nas.sm.modification import network_modification
from freehold.ue.nas.sm.release import network_release
from freehold.ue.nas.sm.transport import delivered, misfit, status
from freehold.ue.state.mobility import MmState

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

S = MmState
CONNECTED = frozenset(S) - {S.NULL, S.DEREGISTERED}
REGISTERED = frozenset({S.REGISTERED, S.SERVICE_REQUEST_INITIATED})
# TS 24.501 4.4.4.2: causes that an unprotected REGISTRATION or SERVICE REJECT may not carry
PROTECTED_CAUSES = frozenset({76, 78, 81, 82})


def _always(message: Any) -> bool:
    del message
    return True


def _never(message: Any) -> bool:
    del message
    return False


def _plain_cause(message: Any) -> bool:
    return message.cause not in PROTECTED_CAUSES


def _suci_only(message: Any) -> bool:
    return bool(message.identity_type == IdentityType.SUCI)


class Rule(msgspec.Struct, frozen=True):
    """One message: in which states, whether `plain` may pass, what it starts (None: a procedure waits for it)."""

    states: frozenset[MmState]
    plain: Callable[[Any], bool] = _never
    starts: Procedure[Any, Any] | None = None


MOBILITY: Mapping[type[Message], Rule] = MappingProxyType(
    {
        AuthenticationRequest: Rule(CONNECTED, _always, authentication),
        AuthenticationReject: Rule(CONNECTED, _always, authentication_reject),
        IdentityRequest: Rule(CONNECTED, _suci_only, identification),
        RegistrationAccept: Rule(frozenset({S.REGISTERED_INITIATED})),
        RegistrationReject: Rule(frozenset({S.REGISTERED_INITIATED}), _plain_cause),
        ServiceAccept: Rule(frozenset({S.SERVICE_REQUEST_INITIATED})),
        ServiceReject: Rule(frozenset({S.SERVICE_REQUEST_INITIATED}), _plain_cause),
        DeregistrationAcceptToUe: Rule(frozenset({S.DEREGISTERED_INITIATED}), _always),
        DeregistrationRequestToUe: Rule(CONNECTED, starts=network_deregistration),
        ConfigurationUpdateCommand: Rule(REGISTERED, starts=configuration_update),
        MmStatus: Rule(frozenset(S), _always),
    }
)
# 5GSM messages the network may send by itself
SESSION: Mapping[type[SmMessage], Procedure[Any, Any]] = MappingProxyType(
    {PduSessionReleaseCommand: network_release, PduSessionModificationCommand: network_modification}
)
ANSWERS = (
    PduSessionEstablishmentAccept,
    PduSessionEstablishmentReject,
    PduSessionModificationReject,
    PduSessionReleaseReject,
    SmStatus,
)


def dispatch(ue: Terminal, received: Received) -> None:
    """Hand one message from the network to what it concerns (TS 24.501 7)."""
    message = received.decoded.message
    if message is None:
        answer_faults(ue, received)
    elif isinstance(message, SecurityModeCommand):
        if received.protected and ue.mm.state in CONNECTED:
            ue.conversation.start(security_mode(ue, message, received.protected))
    elif isinstance(message, DlNasTransport):
        if received.verified:
            delivered(ue, message, dispatch_session)
    else:
        dispatch_mobility(ue, message, verified=received.verified)


def dispatch_mobility(ue: Terminal, message: object, *, verified: bool) -> None:
    """A 5GMM message, by the table above."""
    rule = MOBILITY.get(type(message))  # type: ignore[arg-type]
    if rule is None:
        if verified:
            ue.link.send(MmStatus(MmCause.MESSAGE_TYPE_NON_EXISTENT))  # TS 24.501 7.4
        return
    if not verified and not rule.plain(message):
        count(ue, f"{type(message).__name__} without integrity")  # TS 24.501 4.4.4.2
        return
    if ue.mm.state not in rule.states:
        if verified and repeated(ue, message):
            return
        if verified:
            ue.link.send(MmStatus(MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE))  # TS 24.501 7.4
        count(ue, f"{type(message).__name__} in {ue.mm.state.value}")
        return
    if rule.starts is not None:
        ue.conversation.start(rule.starts(ue, message))
    elif not ue.conversation.deliver(message):
        count(ue, f"{type(message).__name__} not waited for")


def dispatch_session(ue: Terminal, message: SmMessage) -> None:
    """A 5GSM message: of a transaction that runs, or of one the network begins (TS 24.501 6.1.3, 7.3)."""
    if ue.conversation.deliver(message):
        return
    begun = SESSION.get(type(message))
    identity, pti = message.pdu_session_identity, message.pti
    if begun is not None and pti == 0 and identity in ue.sm.sessions:
        ue.conversation.start(begun(ue, message))
    elif begun is not None or isinstance(message, ANSWERS):
        misfit(ue, message)
    else:
        status(ue, identity, pti, SmCause.MESSAGE_TYPE_NON_EXISTENT)  # TS 24.501 7.4


def answer_faults(ue: Terminal, received: Received) -> None:
    """5GMM STATUS with the cause of the first fault that has one (TS 24.501 7.4, 7.5.1)."""
    faults = received.decoded.faults
    count(ue, faults[0].kind if faults else "not decoded")
    cause = next((fault.cause for fault in faults if fault.cause is not None), None)
    if cause is not None and ue.link.connection is not None:
        ue.link.send(MmStatus(cause))


def count(ue: Terminal, what: str) -> None:
    """Count one message that was not handled."""
    ue.environment.count(counters.PROTOCOL_FAULT, f"UE N1 {what}")
