"""5GSM messages of the SMF (TS 24.501 6, 8.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from freehold.codecs import nas
from freehold.codecs.nas import (
    AllowedSscModes,
    ExtendedProtocolConfigurationOptions,
    PduAddress,
    PduSessionEstablishmentAccept,
    PduSessionEstablishmentReject,
    PduSessionEstablishmentRequest,
    PduSessionReleaseCommand,
    PduSessionReleaseReject,
    QosFlowDescription,
    SessionAmbr,
    SmMessage,
    SmStatus,
    SNssaiElement,
)
from freehold.codecs.nas.values.qos import FIVE_QI, FlowParameter, default_rule
from freehold.core.smf import flows
from freehold.core.smf.flows import FlowChange
from freehold.core.smf.rules import DEFAULT_FLOW
from freehold.core.smf.state.pool import octets
from freehold.core.smf.state.session import SmContext
from freehold.services.errors import ServiceError
from freehold.services.npcf import SmPolicyDecision
from freehold.spec.causes import SmCause
from freehold.spec.errors import Bug

IPV4, IPV6, IPV4V6, UNSTRUCTURED, ETHERNET = 1, 2, 3, 4, 5
"""PDU session types (TS 24.501 9.11.4.11)."""
TYPES: Final[Mapping[int, str]] = MappingProxyType(
    {IPV4: "IPv4", IPV6: "IPv6", IPV4V6: "IPv4v6", UNSTRUCTURED: "Unstructured", ETHERNET: "Ethernet"}
)
"""The words for them."""
NO_PTI: Final = 0
RESERVED_PTI: Final = 255
PDU_SESSION_IDS: Final = range(1, 16)
"""PDU session identities a UE may assign (TS 24.007 11.2.3.1b)."""
CREATE, MODIFY = 1, 3
"""Operations on QoS flow descriptions (TS 24.501 9.11.4.12)."""


def accept(session: SmContext, pco: ExtendedProtocolConfigurationOptions | None) -> bytes:
    """PDU SESSION ESTABLISHMENT ACCEPT (TS 24.501 6.4.1.3, 8.3.2)."""
    identity, terms, policy = session.identity, session.terms, session.policy
    addressed = session.network.ethernet or session.address is not None or session.ipv6 is not None
    if policy is None or not addressed:
        raise Bug("a session is accepted before it has policy and address")
    return nas.encode(
        PduSessionEstablishmentAccept(
            pdu_session_identity=identity.pdu_session_id,
            pti=terms.pti,
            selected_pdu_session_type=terms.pdu_session_type,
            selected_ssc_mode=terms.ssc_mode,
            authorized_qos_rules=[default_rule(DEFAULT_FLOW)],
            session_ambr=SessionAmbr.of(policy.session_ambr.downlink, policy.session_ambr.uplink),
            cause=terms.cause,
            pdu_address=None if session.network.ethernet else _address(session),  # TS 24.501 8.3.2.3
            snssai=SNssaiElement(identity.slice),
            always_on=terms.always_on,
            authorized_qos_flow_descriptions=_descriptions(policy.five_qi),
            extended_pco=pco,
            dnn=session.network.dnn,
        )
    )


def _address(session: SmContext) -> PduAddress:
    """The IPv4 address, and what the link-local one is made of: the prefix comes by router advertisement
    (TS 24.501 6.2.4.2, 9.11.4.10).
    """
    return PduAddress(
        session.terms.pdu_session_type,
        interface_identifier=None if session.ipv6 is None else session.ipv6.interface_identifier,
        ipv4=None if session.address is None else octets(session.address),
    )


def _descriptions(five_qi: int) -> list[QosFlowDescription] | None:
    """The flow's 5QI, unless it is the QFI itself (TS 24.501 6.2.5.1.1.4, TS 23.501 5.7.1.3)."""
    return None if five_qi == DEFAULT_FLOW else [_description(five_qi, CREATE)]


def _description(five_qi: int, operation: int) -> QosFlowDescription:
    """The default flow with nothing but a 5QI; a modification replaces all it had (TS 24.501 9.11.4.12)."""
    parameters = [FlowParameter(FIVE_QI, five_qi)]
    return QosFlowDescription(DEFAULT_FLOW, operation, all_parameters=True, parameters=parameters)


def modification_command(
    session: SmContext, before: SmPolicyDecision, after: SmPolicyDecision, change: FlowChange
) -> bytes:
    """PDU SESSION MODIFICATION COMMAND of the network: what differs of rates and flows (TS 24.501 6.3.2.2)."""
    told = flows.descriptions(change) or []
    if after.five_qi != before.five_qi:
        told.insert(0, _description(after.five_qi, CREATE if before.five_qi == DEFAULT_FLOW else MODIFY))
    ambr = after.session_ambr
    return nas.encode(
        nas.PduSessionModificationCommand(
            session.identity.pdu_session_id,
            NO_PTI,
            session_ambr=None if ambr == before.session_ambr else SessionAmbr.of(ambr.downlink, ambr.uplink),
            authorized_qos_rules=flows.qos_rules(change),
            authorized_qos_flow_descriptions=told or None,
        )
    )


def reject(pdu_session_id: int, pti: int, cause: int, *, ssc_modes: tuple[int, ...] | None = None) -> bytes:
    """PDU SESSION ESTABLISHMENT REJECT; #68 tells the allowed SSC modes (TS 24.501 6.4.1.4)."""
    allowed = None if ssc_modes is None else AllowedSscModes(3 in ssc_modes, 2 in ssc_modes, 1 in ssc_modes)
    return nas.encode(PduSessionEstablishmentReject(pdu_session_id, pti, cause=cause, allowed_ssc_modes=allowed))


def release_command(session: SmContext, cause: int, pti: int = NO_PTI) -> bytes:
    """PDU SESSION RELEASE COMMAND; without PTI it is the network's own wish (TS 24.501 6.3.3.2)."""
    return nas.encode(PduSessionReleaseCommand(session.identity.pdu_session_id, pti, cause=cause))


def release_reject(pdu_session_id: int, pti: int, cause: int) -> bytes:
    """PDU SESSION RELEASE REJECT (TS 24.501 6.4.3.4)."""
    return nas.encode(PduSessionReleaseReject(pdu_session_id, pti, cause=cause))


def modification_reject(pdu_session_id: int, pti: int, cause: int) -> bytes:
    """PDU SESSION MODIFICATION REJECT (TS 24.501 6.4.2.4.1)."""
    return nas.encode(nas.PduSessionModificationReject(pdu_session_id, pti, cause=cause))


def status(pdu_session_id: int, pti: int, cause: int) -> bytes:
    """5GSM STATUS (TS 24.501 6.5)."""
    return nas.encode(SmStatus(pdu_session_id, pti, cause=cause))


def read(octets_: bytes) -> SmMessage:
    """A 5GSM message of a UE; ServiceError with the clause's answer, or without one where it is to be ignored."""
    decoded = nas.decode(octets_)
    message = decoded.message
    if isinstance(message, SmMessage):
        if message.pti == RESERVED_PTI:
            raise ignored("a reserved PTI")  # TS 24.501 7.3.1 d
        if message.pdu_session_identity not in PDU_SESSION_IDS and not isinstance(message, OF_SESSIONS):
            raise ignored("a PDU session identity that is reserved")  # TS 24.501 7.3.2 c
        return message
    cause = next((fault.cause for fault in decoded.faults if fault.cause is not None), None)
    if len(octets_) < 4 or cause is None or octets_[1] not in PDU_SESSION_IDS:
        raise ignored("no 5GSM message")  # TS 24.501 7.2.1
    raise _damaged(octets_, cause)


def pti(octets_: bytes) -> int:
    """The procedure transaction identity of a message of ours (TS 24.501 9.1.1)."""
    return octets_[2]


OF_SESSIONS: Final = (nas.PduSessionModificationRequest, nas.PduSessionReleaseRequest)
"""Requests about a session that is there (TS 24.501 7.3.2 a, b)."""


def invalid(message: SmMessage, identity: int) -> bytes | None:
    """The answer to a PTI or PDU session identity that cannot be, where its session has `identity`.

    TS 24.501 7.3.1 goes before 7.3.2.
    """
    request = isinstance(message, (*OF_SESSIONS, PduSessionEstablishmentRequest))
    if message.pti == NO_PTI and request:
        return status(identity, message.pti, SmCause.INVALID_PTI_VALUE)  # TS 24.501 7.3.1 c
    if message.pti != NO_PTI and isinstance(message, nas.PduSessionAuthenticationComplete):
        return status(identity, message.pti, SmCause.INVALID_PTI_VALUE)  # TS 24.501 7.3.1 b
    if message.pdu_session_identity != identity:
        answer = REJECTS[message.message_type] if isinstance(message, OF_SESSIONS) else status
        return answer(identity, message.pti, SmCause.INVALID_PDU_SESSION_IDENTITY)  # TS 24.501 7.3.2
    return None


REJECTS: Final[Mapping[int, Callable[[int, int, int], bytes]]] = MappingProxyType(
    {
        nas.PduSessionEstablishmentRequest.message_type: reject,
        nas.PduSessionModificationRequest.message_type: modification_reject,
        nas.PduSessionReleaseRequest.message_type: release_reject,
    }
)
"""How each request of a UE is refused, by its message type (TS 24.501 7.5.3)."""


def _damaged(octets_: bytes, cause: int) -> ServiceError:
    """TS 24.501 7.5.1, 7.5.3: a request has its own reject, everything else 5GSM STATUS."""
    identity, pti = octets_[1], octets_[2]
    build = status if pti in {NO_PTI, RESERVED_PTI} else REJECTS.get(octets_[3], status)
    return ServiceError(400, "N1_SM_ERROR", f"5GSM #{cause}", n1_sm_message=build(identity, pti, cause))


def ignored(why: str) -> ServiceError:
    """The clause says to ignore the message."""
    return ServiceError(400, "N1_SM_ERROR", why)


REFUSALS: Final = {
    SmCause.MISSING_OR_UNKNOWN_DNN: (403, "DNN_NOT_SUPPORTED"),
    SmCause.MISSING_OR_UNKNOWN_DNN_IN_A_SLICE: (403, "DNN_NOT_SUPPORTED"),
    SmCause.UNKNOWN_PDU_SESSION_TYPE: (403, "PDUTYPE_NOT_SUPPORTED"),
    SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED: (403, "PDUTYPE_DENIED"),
    SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED: (403, "PDUTYPE_DENIED"),
    SmCause.PDU_SESSION_TYPE_IPV4V6_ONLY_ALLOWED: (403, "PDUTYPE_DENIED"),
    SmCause.NOT_SUPPORTED_SSC_MODE: (403, "SSC_NOT_SUPPORTED"),
    SmCause.REQUESTED_SERVICE_OPTION_NOT_SUBSCRIBED: (403, "SUBSCRIPTION_DENIED"),
    SmCause.USER_AUTHENTICATION_OR_AUTHORIZATION_FAILED: (403, "SUBSCRIPTION_DENIED"),
    SmCause.PDU_SESSION_DOES_NOT_EXIST: (404, "CONTEXT_NOT_FOUND"),
    SmCause.INSUFFICIENT_RESOURCES: (500, "INSUFFICIENT_RESOURCES"),
    SmCause.INSUFFICIENT_RESOURCES_FOR_SLICE_AND_DNN: (500, "INSUFFICIENT_RESOURCES_SLICE_DNN"),
    SmCause.NETWORK_FAILURE: (504, "NETWORK_FAILURE"),
}
"""Application errors of refusals by 5GSM cause (TS 29.502 6.1.7.3)."""


def refusal(cause: int, detail: str, n1_sm_message: bytes) -> ServiceError:
    """The answer to the AMF, with the reject for the UE."""
    status_, error = REFUSALS.get(SmCause(cause), (403, "REQUEST_REJECTED"))
    return ServiceError(status_, error, detail, n1_sm_message=n1_sm_message)
