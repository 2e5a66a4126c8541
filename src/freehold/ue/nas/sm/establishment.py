"""UE-requested PDU session establishment (TS 24.501 6.4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    ConfigurationContainer,
    ExtendedConfigurationOption,
    ExtendedProtocolConfigurationOptions,
    IntegrityDataRate,
    PduSessionEstablishmentAccept,
    PduSessionEstablishmentReject,
    PduSessionEstablishmentRequest,
    PduSessionType,
    RequestType,
    SessionCapability,
)
from freehold.procedure import Collision, procedure
from freehold.procedure.effects import Exchange
from freehold.spec.causes import SmCause
from freehold.spec.identities import SNssai
from freehold.ue.errors import NoConnection, Refused
from freehold.ue.nas.link import Released
from freehold.ue.nas.sm import back_off
from freehold.ue.nas.sm.reach import connect
from freehold.ue.nas.sm.transport import SessionChannel, Undelivered, of_transaction
from freehold.ue.state.session import Session, SessionParameters, SmEvent, dotted

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

Answer = PduSessionEstablishmentAccept | PduSessionEstablishmentReject | Undelivered | Released
# TS 24.008 10.5.6.3: what a terminal asks for in uplink, with empty contents
ASKED = (
    ConfigurationContainer.DNS_SERVER_IPV4_ADDRESS,
    ConfigurationContainer.DNS_SERVER_IPV6_ADDRESS,
    ConfigurationContainer.IPV4_LINK_MTU,
    ConfigurationContainer.P_CSCF_IPV4_ADDRESS,
    ConfigurationContainer.IP_ADDRESS_ALLOCATION_VIA_NAS,
)
OPTIONS = ExtendedProtocolConfigurationOptions(options=[ExtendedConfigurationOption(asked) for asked in ASKED])
ETHERNET_OPTIONS = ExtendedProtocolConfigurationOptions(
    options=[ExtendedConfigurationOption(ConfigurationContainer.ETHERNET_FRAME_PAYLOAD_MTU)]
)
MATCHING_TYPES = {
    PduSessionType.IPV4V6: frozenset({PduSessionType.IPV4, PduSessionType.IPV6, PduSessionType.IPV4V6}),
}
"""TS 24.501 6.4.1.3: IPv4v6 may become IPv4 (#50) or IPv6 (#51); any other type is granted as it was asked."""


async def _failed(error: Exception, ue: Terminal, identity: int, *_: object, **__: object) -> None:
    del error
    ue.sessions.drop(identity)


@procedure(
    spec="TS 24.501 6.4.1",
    collides={"deregistration": Collision.ABORT},
    on_reject=_failed,
    on_failure=_failed,
)
async def establishment(
    ue: Terminal,
    identity: int,
    *,
    dnn: str | None = None,
    snssai: SNssai | None = None,
    pdu_session_type: PduSessionType = PduSessionType.IPV4,
    request_type: RequestType = RequestType.INITIAL_REQUEST,
) -> Session:
    """Open a PDU session and wait for its bearer; Refused carries a 5GSM cause, or the 5GMM cause of no delivery."""
    if not ue.mm.registered:
        raise NoConnection("a PDU session needs a registered terminal")
    if back_off.running(ue, dnn, snssai):
        raise Refused(SmCause.INSUFFICIENT_RESOURCES, "the network asked not to be asked again yet")
    session = ue.sessions.open(identity, dnn, snssai)
    await connect(ue)
    pti = ue.sm.begin()
    try:
        session.step(SmEvent.ESTABLISHMENT)
        request = PduSessionEstablishmentRequest(
            identity,
            pti,
            IntegrityDataRate(),
            pdu_session_type=pdu_session_type,
            session_capability=SessionCapability(),
            extended_pco=ETHERNET_OPTIONS if pdu_session_type is PduSessionType.ETHERNET else OPTIONS,
        )
        channel = SessionChannel(ue.link, identity, request_type=request_type, dnn=dnn, snssai=snssai)
        types = (PduSessionEstablishmentAccept, PduSessionEstablishmentReject, Undelivered, Released)
        answer: Answer = await Exchange(channel, request, types, "T3580", of_transaction(identity, pti))
    finally:
        ue.sm.end(pti)
    match answer:
        case PduSessionEstablishmentAccept():
            accepted(ue, session, answer, pdu_session_type)
        case PduSessionEstablishmentReject() | Undelivered():
            back_off.start(ue, answer.cause, answer.back_off_timer, dnn, snssai)
            raise Refused(answer.cause, f"PDU session refused with cause #{answer.cause}")
        case Released():
            raise NoConnection("the connection was released while the PDU session was being opened")
    await session.up
    return session


def accepted(
    ue: Terminal, session: Session, accept: PduSessionEstablishmentAccept, asked: PduSessionType
) -> SessionParameters:
    """Store what was granted (TS 24.501 6.4.1.3)."""
    granted = parameters(accept)
    if granted.pdu_session_type not in MATCHING_TYPES.get(asked, frozenset({asked})):
        raise Refused(granted.pdu_session_type, "the network granted a PDU session type that was not asked for")
    session.granted = granted
    session.step(SmEvent.ACCEPTED)
    ue.sessions.established(session)
    return granted


def parameters(accept: PduSessionEstablishmentAccept) -> SessionParameters:
    """The values of PDU SESSION ESTABLISHMENT ACCEPT a terminal goes by (TS 24.501 8.3.2)."""
    address = accept.pdu_address
    return SessionParameters(
        pdu_session_type=accept.selected_pdu_session_type,
        ssc_mode=accept.selected_ssc_mode,
        ambr=accept.session_ambr,
        rules=tuple(accept.authorized_qos_rules),
        flows=tuple(accept.authorized_qos_flow_descriptions or ()),
        ipv4=dotted(address.ipv4) if address is not None and address.ipv4 is not None else None,
        interface_identifier=address.interface_identifier if address is not None else None,
        snssai=accept.snssai.snssai if accept.snssai is not None else None,
        dnn=accept.dnn,
        cause=accept.cause,
        options=accept.extended_pco or ExtendedProtocolConfigurationOptions(),
    )
