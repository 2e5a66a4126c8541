"""The ways out of an AMF: NGAP messages to a gNB, NAS messages to a UE (TS 38.413 8.6.2, TS 24.501 4.4)."""

from __future__ import annotations

from typing import Any, Final

from freehold.codecs import nas, ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Record, about
from freehold.stack.nas_security import HeaderType

NON_UE_STREAM: Final = 0
"""The stream of non-UE-associated signalling (TS 38.412 7)."""


def send_ngap(
    amf: AmfFunction, gnb: Gnb, message: ngap.Message, stream: int = NON_UE_STREAM, subject: object = ""
) -> None:
    """Encode and send one NGAP message; `subject` is the UE it is about, for whoever watches."""
    octets = ngap.encode(message)
    environment = amf.environment
    if environment.tap.active:
        environment.tap.record(
            Record(
                environment.now(),
                "N2",
                amf.configuration.name,
                str(gnb),
                type(message).__name__,
                octets=octets,
                value=message,
                subject=str(subject),
                about=about(subject),
            )
        )
    gnb.association.send(octets, stream)


class N2:
    """The NGAP channel of one UE's connection."""

    __slots__ = ("amf", "connection")

    def __init__(self, amf: AmfFunction, connection: Connection) -> None:
        self.amf = amf
        self.connection = connection

    def send(self, message: ngap.Message) -> None:
        """Send on the stream of this UE (TS 38.412 7)."""
        connection = self.connection
        send_ngap(self.amf, connection.gnb, message, connection.stream, connection.subject)


def protect(amf: AmfFunction, ue: Ue, message: Any, header_type: HeaderType = HeaderType.INTEGRITY_CIPHERED) -> bytes:
    """The octets of a NAS message: protected as soon as there is a security context (TS 24.501 4.4.4.1, 4.4.5)."""
    plain = nas.encode(message)
    environment = amf.environment
    if environment.tap.active:
        environment.tap.record(
            Record(
                environment.now(),
                "N1",
                amf.configuration.name,
                "UE",
                type(message).__name__,
                octets=plain,
                value=message,
                subject=str(ue),
                about=ue.about,
            )
        )
    security = ue.security
    if header_type is HeaderType.INTEGRITY_NEW_CONTEXT and security.pending is not None:
        security.unanswered += 1
        return security.pending.protect(plain, header_type)
    return plain if security.current is None else security.current.protect(plain, header_type)


class N1:
    """The NAS channel of one UE: protects, encodes, sends in DOWNLINK NAS TRANSPORT (TS 38.413 8.6.2)."""

    __slots__ = ("amf", "header_type", "ue")

    def __init__(self, amf: AmfFunction, ue: Ue, header_type: HeaderType = HeaderType.INTEGRITY_CIPHERED) -> None:
        self.amf = amf
        self.ue = ue
        self.header_type = header_type

    def send(self, message: nas.MmMessage) -> None:
        """Send one 5GMM message, each time under the next NAS COUNT; nothing happens in CM-IDLE."""
        connection = self.ue.connection
        if connection is not None:
            self.carry(connection, protect(self.amf, self.ue, message, self.header_type))

    def carry(
        self, connection: Connection, octets: bytes, restrictions: ngap.MobilityRestrictionList | None = None
    ) -> None:
        """Send NAS octets as they are, with the UE's mobility restrictions where the gNB is to know them."""
        send_ngap(
            self.amf,
            connection.gnb,
            ngap.DownlinkNASTransport(
                amf_ue_ngap_id=connection.amf_ue_ngap_id,
                ran_ue_ngap_id=connection.ran_ue_ngap_id,
                nas_pdu=octets,
                mobility_restriction_list=restrictions,
            ),
            connection.stream,
            self.ue,
        )
