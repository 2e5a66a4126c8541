"""The messages that begin an N1 connection: whose they are, and whether that is proved (TS 24.501 4.4.6, 4.4.4.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from freehold.codecs import nas
from freehold.core.amf.channels import N1
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.initial import Initial
from freehold.core.amf.procedures.an_release import NORMAL, Superseded, release_now
from freehold.core.amf.procedures.deregistration import deregistration_by_ue
from freehold.core.amf.procedures.paging import Reached
from freehold.core.amf.procedures.registration import measure, registration
from freehold.core.amf.procedures.service_request import service_request
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.ue import Ue
from freehold.spec import counters
from freehold.spec.causes import MmCause
from freehold.spec.failures import Unmet
from freehold.spec.identities import Guti, STmsi


def stranger(amf: AmfFunction, connection: Connection) -> Ue:
    """A context for a UE that did not prove to be a known one."""
    ue = amf.new_ue()
    amf.contexts.attach(ue, connection)
    return ue


def verified_owner(amf: AmfFunction, identity: object, octets: bytes, *, protected: bool) -> Ue | None:
    """The UE of a temporary identity, if the message is under its keys; nobody else's context is touched (N08)."""
    if not protected or not isinstance(identity, Guti | STmsi):
        return None
    ue = amf.contexts.find(identity)
    if ue is None or ue.security.current is None:
        return None
    current = ue.security.current
    if not current.unprotect(octets).verified:
        amf.fault(
            "NAS MAC",
            "an initial NAS message with a known 5G-GUTI failed its integrity check: that context is untouched",
            clause="TS 24.501 4.4.4.3",
        )
        return None
    ue.security.count = current.uplink - 1
    if identity.tmsi == ue.identity.tmsi:
        amf.contexts.confirm_tmsi(ue)  # it has the new 5G-GUTI, whatever became of its acknowledgement
    return ue


def take_over(amf: AmfFunction, ue: Ue, connection: Connection) -> None:
    """The UE is on a new connection: the one before, if it is still there, is released (TS 38.413 8.6.1)."""
    ue.conversation.deliver(Superseded())
    if ue.connection is not None and ue.connection is not connection:
        release_now(amf, ue.connection, NORMAL)
    amf.contexts.attach(ue, connection)
    ue.stop_alarm()
    while ue.conversation.deliver(Reached()):
        pass  # for packets and for the network's deregistration it may have been paged at once


def open_container(ue: Ue, message: Any) -> Any | None:
    """The complete message out of a verified message's container; None where it does not open (TS 24.501 4.4.6)."""
    current = ue.security.current
    if message.nas_message_container is None or current is None:
        return message
    inner = nas.decode(current.decipher_container(message.nas_message_container)).message
    return inner if type(inner) is type(message) else None


def begin_registration(
    amf: AmfFunction, connection: Connection, message: nas.RegistrationRequest, octets: bytes, protected: bool
) -> None:
    """REGISTRATION REQUEST (TS 24.501 5.5.1)."""
    owner = verified_owner(amf, message.mobile_identity, octets, protected=protected)
    if owner is None:
        ue = stranger(amf, connection)
        if len(amf.contexts.strangers) >= amf.configuration.half_open:
            refuse_for_now(amf, connection, ue, message)
            return
        amf.contexts.strangers.add(ue)
        ue.conversation.start(
            registration(amf, ue, Initial(message, protected=protected, connection=connection.amf_ue_ngap_id))
        )
        return
    complete = open_container(owner, message)
    take_over(amf, owner, connection)
    initial = Initial(complete or message, True, complete is not None, connection.amf_ue_ngap_id)
    owner.conversation.start(registration(amf, owner, initial))


def refuse_for_now(amf: AmfFunction, connection: Connection, ue: Ue, message: nas.RegistrationRequest) -> None:
    """Too many are unproved (D01): #22 without T3346 lets an honest one try again soon (TS 24.501 5.5.1.2.5)."""
    measure(amf, message, counters.FAILED, "half open")
    if not amf.contexts.crowded:
        amf.contexts.crowded = True
        amf.tell(
            "registration-storm",
            f"more than {amf.configuration.half_open} terminals are unproved at once: new ones are told to try again",
            fix="look for a gNB or terminals that begin registrations and never answer",
            clause="TS 33.117 4.2.3.3.3",
            cause="5GMM #22",
            unmet=Unmet("storm", "one more registration", f"{amf.configuration.half_open} unproved at once"),
        )
    N1(amf, ue).send(nas.RegistrationReject(cause=MmCause.CONGESTION))
    release_now(amf, connection, NORMAL)


def begin_service_request(
    amf: AmfFunction, connection: Connection, message: nas.ServiceRequest, octets: bytes, protected: bool
) -> None:
    """SERVICE REQUEST (TS 24.501 5.6.1)."""
    owner = verified_owner(amf, message.s_tmsi, octets, protected=protected)
    if owner is None or owner.subscription is None:
        refuse_unknown_service(amf, connection, message)
        return
    complete = open_container(owner, message)
    take_over(amf, owner, connection)
    initial = Initial(complete or message, True, complete is not None, connection.amf_ue_ngap_id)
    owner.conversation.start(service_request(amf, owner, initial))


def refuse_unknown_service(amf: AmfFunction, connection: Connection, message: nas.ServiceRequest) -> None:
    """#9 makes the UE register again, #10 after an implicit deregistration (TS 24.501 5.6.1.5, 4.4.4.3)."""
    identity = message.s_tmsi
    lost = (
        isinstance(identity, STmsi)
        and amf.contexts.own(identity)
        and (identity.tmsi in amf.contexts.implicitly_deregistered)
    )
    cause = MmCause.IMPLICITLY_DEREGISTERED if lost else MmCause.UE_IDENTITY_CANNOT_BE_DERIVED
    N1(amf, stranger(amf, connection)).send(nas.ServiceReject(cause=cause))
    amf.tell(
        "service-rejected",
        f"a terminal with an unknown 5G-S-TMSI asked for service: #{int(cause)}, it registers again",
        severity="info",
        clause="TS 24.501 5.6.1.5",
        cause=f"5GMM #{int(cause)}",
        unmet=Unmet("unknown-terminal", "a 5G-S-TMSI", "no context has it"),
    )
    release_now(amf, connection, NORMAL)


def begin_deregistration(
    amf: AmfFunction, connection: Connection, message: nas.DeregistrationRequestFromUe, octets: bytes, protected: bool
) -> None:
    """DEREGISTRATION REQUEST; one that is not proved changes nothing and is only acknowledged (TS 24.501 4.4.4.3)."""
    owner = verified_owner(amf, message.mobile_identity, octets, protected=protected)
    if owner is not None:
        take_over(amf, owner, connection)
        owner.conversation.start(deregistration_by_ue(amf, owner, message))
        return
    if not message.deregistration_type.switch_off:
        N1(amf, stranger(amf, connection)).send(nas.DeregistrationAcceptToUe())
    identity = message.mobile_identity
    if not protected and isinstance(identity, Guti | STmsi) and amf.contexts.find(identity) is not None:
        amf.fault(
            "NAS plain",
            "an unprotected deregistration request for a registered terminal changed nothing",
            subject=connection.gnb,
            clause="TS 24.501 4.4.4.3",
        )
    release_now(amf, connection, NORMAL)


Begin = Callable[[AmfFunction, Connection, Any, bytes, bool], None]
INITIAL: Mapping[type[Any], Begin] = MappingProxyType(
    {
        nas.RegistrationRequest: begin_registration,
        nas.ServiceRequest: begin_service_request,
        nas.DeregistrationRequestFromUe: begin_deregistration,
    }
)
