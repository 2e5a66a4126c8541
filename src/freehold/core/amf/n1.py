"""N1: a UE's NAS octets are verified, read once, and dispatched by 5GMM state and message (TS 24.501 4.4, 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import nas
from freehold.core.amf.channels import N1
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.initial import Initial
from freehold.core.amf.initial_messages import INITIAL, stranger
from freehold.core.amf.nas_protection import (
    HEADER_TYPE,
    NEW_CONTEXT,
    PLAIN,
    drop,
    early,
    holder,
    unprotect,
    unprotected,
)
from freehold.core.amf.procedures.an_release import UNSPECIFIED, release_now
from freehold.core.amf.procedures.deregistration import deregistration_by_ue
from freehold.core.amf.procedures.registration import registration
from freehold.core.amf.procedures.registration_acceptance import Repeated
from freehold.core.amf.procedures.service_request import service_request
from freehold.core.amf.procedures.uplink_nas_transport import uplink_nas_transport
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.machines import ContextState, MmState
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Record, about
from freehold.spec.causes import MmCause
from freehold.stack.nas_security import HeaderType

S: Final = MmState
ANY: Final = frozenset(MmState)
SERVED: Final = frozenset({S.REGISTERED, S.COMMON_PROCEDURE_INITIATED})

PLAIN_MESSAGE_TYPE: Final = 2
"""Where the message type of a plain 5GMM message stands (TS 24.501 9.1.1)."""


class Entry(msgspec.Struct, frozen=True):
    """What happens to one message: in which 5GMM states, and where it goes."""

    states: frozenset[MmState]
    handle: Callable[[AmfFunction, Ue, Any], bool]


# --- handlers: whether the message was of use ---------------------------------------------------
def to_procedure(_: AmfFunction, ue: Ue, message: nas.MmMessage) -> bool:
    """An answer goes to the procedure that waits for it."""
    return ue.conversation.deliver(message)


def known(ue: Ue) -> bool:
    """Whether a UE is registered, or was told that it is (TS 24.501 5.5.1.2.4)."""
    return ue.subscription is not None and ue.identity.tmsi is not None


def start_registration(amf: AmfFunction, ue: Ue, message: nas.RegistrationRequest) -> bool:
    """A registration on a connection that is there (TS 24.501 5.5.1.3.2)."""
    security = ue.security
    if security.current is not None:
        security.count = security.current.uplink - 1
        message = reveal(ue, message)
    connection = 0 if ue.connection is None else ue.connection.amf_ue_ngap_id
    initial = Initial(message, verified=security.current is not None, connection=connection)
    if not ue.conversation.start(registration(amf, ue, initial)):
        ue.conversation.deliver(Repeated())  # of use once the accept was sent; before, there is nothing to say
    return True


def start_service_request(amf: AmfFunction, ue: Ue, message: nas.ServiceRequest) -> bool:
    """User planes asked for in CM-CONNECTED (TS 24.501 5.6.1.2); a UE that is not registered has none."""
    if not known(ue):
        return False
    if ue.security.current is not None:
        ue.security.count = ue.security.current.uplink - 1
    connection = 0 if ue.connection is None else ue.connection.amf_ue_ngap_id
    initial = Initial(reveal(ue, message), protected=True, verified=True, connection=connection)
    ue.conversation.start(service_request(amf, ue, initial))
    return True


def start_deregistration(amf: AmfFunction, ue: Ue, message: nas.DeregistrationRequestFromUe) -> bool:
    """The UE leaves (TS 24.501 5.5.2.2)."""
    ue.conversation.start(deregistration_by_ue(amf, ue, message))
    return True


def transport(amf: AmfFunction, ue: Ue, message: nas.UlNasTransport) -> bool:
    """A payload for another function; only 5GSM has one here (TS 24.501 5.4.5.2.3)."""
    if message.payload_container_type != nas.PayloadContainerType.N1_SM_INFORMATION:
        amf.fault(
            "NAS payload",
            f"the terminal sent a payload of type {message.payload_container_type}, for which there is no function",
            subject=ue,
            clause="TS 24.501 5.4.5.2.5",
        )
        return True
    if message.pdu_session_identity is None:
        return False
    if ue.state is not MmState.REGISTERED:
        # it crossed REGISTRATION ACCEPT: kept until REGISTRATION COMPLETE
        return known(ue) and ue.conversation.deliver(message)
    amf.routing(ue).start(uplink_nas_transport(amf, ue, message))
    return True


def status(amf: AmfFunction, ue: Ue, message: nas.MmStatus) -> bool:
    """5GMM STATUS is reported, never answered (TS 24.501 5.4.6.3)."""
    amf.fault("5GMM STATUS", f"the terminal reports 5GMM cause #{message.cause}", subject=ue, clause="TS 24.501 5.4.6")
    return True


# TS 24.501 5: each message with the states of TS 24.501 5.1.3.2.3 in which it means something
DISPATCH: Mapping[type[Any], Entry] = MappingProxyType(
    {
        nas.RegistrationRequest: Entry(ANY, start_registration),
        nas.RegistrationComplete: Entry(SERVED, to_procedure),
        nas.DeregistrationRequestFromUe: Entry(ANY, start_deregistration),
        nas.DeregistrationAcceptFromUe: Entry(frozenset({S.DEREGISTERED_INITIATED}), to_procedure),
        nas.ServiceRequest: Entry(SERVED | {S.DEREGISTERED_INITIATED}, start_service_request),
        nas.IdentityResponse: Entry(SERVED, to_procedure),
        nas.AuthenticationResponse: Entry(SERVED, to_procedure),
        nas.AuthenticationFailure: Entry(SERVED, to_procedure),
        nas.SecurityModeComplete: Entry(SERVED, to_procedure),
        nas.SecurityModeReject: Entry(SERVED, to_procedure),
        nas.ConfigurationUpdateComplete: Entry(SERVED, to_procedure),
        nas.UlNasTransport: Entry(SERVED, transport),
        nas.MmStatus: Entry(ANY, status),
    }
)

# TS 24.501 7.7.2: a message without what its use asks for is ignored, with 5GMM STATUS #100
CONDITIONS: Mapping[type[Any], Callable[[Any], bool]] = MappingProxyType(
    {
        nas.AuthenticationResponse: lambda m: m.response_parameter is not None,
        nas.AuthenticationFailure: lambda m: m.cause != MmCause.SYNCH_FAILURE or m.failure_parameter is not None,
        nas.UlNasTransport: lambda m: (
            m.payload_container_type != nas.PayloadContainerType.N1_SM_INFORMATION or m.pdu_session_identity is not None
        ),
    }
)


# --- receive ------------------------------------------------------------------------------------
def receive(amf: AmfFunction, ue: Ue, octets: bytes) -> None:
    """UPLINK NAS TRANSPORT: verify, read, dispatch; what is not to be trusted is dropped (TS 24.501 4.4.4.3)."""
    protected = len(octets) > 1 and octets[1] & HEADER_TYPE != HeaderType.PLAIN
    plain = unprotect(amf, ue, octets) if protected else unprotected(amf, ue, octets)
    if plain is None:
        return
    trusted = protected and holder(ue, octets) is not None
    decoded = nas.decode(plain)
    message = decoded.message
    if message is None or isinstance(message, nas.SecurityProtected):
        answer_faults(amf, ue, plain, decoded)
        return
    if not trusted and type(message) not in PLAIN:
        drop(amf, ue, "NAS plain", f"{type(message).__name__} is not taken without integrity protection")
        return
    if trusted and octets[1] & HEADER_TYPE in NEW_CONTEXT:
        if not isinstance(message, nas.SecurityModeComplete):
            drop(amf, ue, "NAS plain", f"{type(message).__name__} came under keys that are not in use yet")
            return
        first = ue.security.pending is not None
        if take_into_use(ue) and not first:
            record(amf, ue, plain, message)
            return  # the first answer has ended the procedure
    record(amf, ue, plain, message)
    dispatch(amf, ue, message)


def take_into_use(ue: Ue) -> bool:
    """SECURITY MODE COMPLETE: its context is the current one from here on; whether a command asked for it.

    A terminal answers each copy of a command that T3560 sent again: KgNB is of its last answer (TS 33.501 6.9.4.4).
    """
    security, connection = ue.security, ue.connection
    rekeyed = bool(security.rekey)
    if security.pending is not None:
        # TS 24.501 5.4.2.4
        security.current, security.pending = security.pending, None
        rekeyed = connection is not None and connection.context is not ContextState.ABSENT
    if security.current is None or not security.unanswered:
        return False
    security.unanswered -= 1
    security.count = security.current.uplink - 1
    if rekeyed:
        security.rekey = security.current.kgnb(security.count)  # TS 33.501 6.9.2.3.2
    return True


def dispatch(amf: AmfFunction, ue: Ue, message: Any) -> None:
    """Hand a message to its entry of the table; a missing pair is 5GMM STATUS #98 or #101 (TS 24.501 7.4)."""
    kind = type(message)
    condition = CONDITIONS.get(kind)
    if condition is not None and not condition(message):
        report(amf, ue, MmCause.CONDITIONAL_IE_ERROR, f"{kind.__name__} lacks what its use asks for")
        return
    entry = DISPATCH.get(kind)
    if entry is None:
        report(amf, ue, MmCause.MESSAGE_TYPE_NON_EXISTENT, f"{kind.__name__} is none of a terminal's messages here")
    elif ue.state not in entry.states:
        text = f"{kind.__name__} in {ue.state.value}"
        report(amf, ue, MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE, text)
    elif not entry.handle(amf, ue, message):
        report(amf, ue, MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE, f"nothing waits for {kind.__name__}")


def report(amf: AmfFunction, ue: Ue, cause: MmCause, text: str) -> None:
    """5GMM STATUS, counted (TS 24.501 5.4.6.1, 7.4)."""
    N1(amf, ue).send(nas.MmStatus(cause=cause))
    amf.fault(
        f"NAS #{int(cause)}", f"{text}: answered with 5GMM STATUS #{int(cause)}", subject=ue, clause="TS 24.501 7.4"
    )


def answer_faults(amf: AmfFunction, ue: Ue, plain: bytes, decoded: nas.Decoded) -> None:
    """A message that cannot be handled: ignored, or the answer of its clause (TS 24.501 7.2 to 7.5)."""
    fault = next((each for each in decoded.faults if each.cause), None)
    if fault is None or fault.cause is None:
        what = decoded.faults[0].kind if decoded.faults else "protected twice"
        amf.fault("NAS ignored", f"a NAS message was ignored: {what}", subject=ue, clause="TS 24.501 7.2")
        return
    kind = plain[PLAIN_MESSAGE_TYPE] if len(plain) > PLAIN_MESSAGE_TYPE else 0
    make = REJECTS.get(kind, nas.MmStatus)
    N1(amf, ue).send(make(cause=fault.cause))
    amf.fault(
        f"NAS #{fault.cause}", f"{fault.kind} {fault.element} in a NAS message", subject=ue, clause="TS 24.501 7.5.1"
    )


# TS 24.501 5.5.1.2.8 b, 5.6.1.8 b: a protocol error in these requests is answered by their reject
REJECTS: Mapping[int, Callable[..., nas.MmMessage]] = MappingProxyType(
    {nas.RegistrationRequest.message_type: nas.RegistrationReject, nas.ServiceRequest.message_type: nas.ServiceReject}
)


def reveal(ue: Ue, message: Any) -> Any:
    """The whole request out of its ciphered container, just verified (TS 24.501 4.4.6)."""
    container, current = message.nas_message_container, ue.security.current
    if container is None or current is None:
        return message
    inner = nas.decode(current.decipher_container(container)).message
    return inner if type(inner) is type(message) else message


def record(amf: AmfFunction, subject: object, octets: bytes, message: object) -> None:
    """Show a received message to whoever watches."""
    environment = amf.environment
    if environment.tap.active:
        environment.tap.record(
            Record(
                environment.now(),
                "N1",
                "UE",
                amf.configuration.name,
                type(message).__name__,
                octets=octets,
                value=message,
                subject=str(subject),
                about=about(subject),
            )
        )


def first(amf: AmfFunction, connection: Connection, octets: bytes) -> None:
    """INITIAL UE MESSAGE: the message that begins an N1 connection (TS 38.413 8.6.1, TS 24.501 4.4.6)."""
    protected = len(octets) > 1 and octets[1] & HEADER_TYPE != HeaderType.PLAIN
    plain = early(octets) if protected else octets
    decoded = nas.decode(plain or b"")
    message = decoded.message
    begin = INITIAL.get(type(message))
    if begin is not None:
        record(amf, connection, plain or b"", message)
        begin(amf, connection, message, octets, protected)
        return
    ue = stranger(amf, connection)
    if message is None or isinstance(message, nas.SecurityProtected):
        answer_faults(amf, ue, plain or b"", decoded)
    else:
        dispatch_unknown(amf, ue, message)
    release_now(amf, connection, UNSPECIFIED)


def dispatch_unknown(amf: AmfFunction, ue: Ue, message: Any) -> None:
    """A message that cannot begin a connection (TS 24.501 4.4.4.3, 7.4)."""
    if type(message) in PLAIN:
        dispatch(amf, ue, message)
    else:
        drop(amf, ue, "NAS plain", f"{type(message).__name__} cannot begin a connection")
