"""Session management (TS 24.501 8.3)."""

from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import HALF, LV, LVE, TLV, TLVE, TV, OctetString, SmMessage, V
from freehold.codecs.nas.values.area import Dnn
from freehold.codecs.nas.values.container import ServiceLevelAaContainer
from freehold.codecs.nas.values.identity import SNssaiElement
from freehold.codecs.nas.values.mobility import Half1, Half2, Half3, Octet1
from freehold.codecs.nas.values.multicast import ReceivedMbsContainer, RequestedMbsContainer
from freehold.codecs.nas.values.qos import QosFlowDescriptions, QosRules
from freehold.codecs.nas.values.session import (
    AllowedSscModes,
    CongestionReattemptIndicator,
    ExtendedProtocolConfigurationOptions,
    IntegrityDataRate,
    PacketFilterLimit,
    PduAddress,
    ReattemptIndicator,
    SessionAmbr,
    SessionCapability,
    UplinkExtendedPco,
)
from freehold.codecs.nas.values.sharing import (
    AtsssContainer,
    EthernetHeaderCompression,
    HeaderCompression,
    MacAddressOctets,
    MappedEpsBearerContexts,
    RemoteUeContexts,
    ResidenceTime,
    ServingPlmnRateControl,
    SessionNetworkFeatureSupport,
)
from freehold.codecs.nas.values.timer import GprsTimer, GprsTimer3


class PduSessionEstablishmentRequest(SmMessage, frozen=True):
    """The UE asks for a PDU session (TS 24.501 8.3.1)."""

    message_type: ClassVar[int] = 0xC1

    integrity_protection_maximum_data_rate: Annotated[IntegrityDataRate, V(2)]
    pdu_session_type: Annotated[Half3 | None, TV(0x9, 1)] = None
    ssc_mode: Annotated[Half3 | None, TV(0xA, 1)] = None
    session_capability: Annotated[SessionCapability | None, TLV(0x28, 3, 15)] = None
    maximum_packet_filters: Annotated[PacketFilterLimit | None, TV(0x55, 3)] = None
    always_on_requested: Annotated[Half1 | None, TV(0xB, 1)] = None
    dn_request_container: Annotated[OctetString | None, TLV(0x39, 3, 255)] = None
    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None
    ip_header_compression: Annotated[HeaderCompression | None, TLV(0x66, 5, 257)] = None
    ds_tt_port_mac_address: Annotated[MacAddressOctets | None, TLV(0x6E, 8, 8)] = None
    ue_ds_tt_residence_time: Annotated[ResidenceTime | None, TLV(0x6F, 10, 10)] = None
    port_management_container: Annotated[OctetString | None, TLVE(0x74, 4)] = None
    ethernet_header_compression: Annotated[EthernetHeaderCompression | None, TLV(0x1F, 3, 3)] = None
    suggested_interface_identifier: Annotated[PduAddress | None, TLV(0x29, 11, 11)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    requested_mbs_container: Annotated[RequestedMbsContainer | None, TLVE(0x70, 8)] = None
    pdu_session_pair_id: Annotated[Octet1 | None, TLV(0x34, 3, 3)] = None
    rsn: Annotated[Octet1 | None, TLV(0x35, 3, 3)] = None


class PduSessionEstablishmentAccept(SmMessage, frozen=True):
    """The SMF opens the PDU session (TS 24.501 8.3.2)."""

    message_type: ClassVar[int] = 0xC2

    selected_pdu_session_type: Annotated[Half3, V(HALF)]
    selected_ssc_mode: Annotated[Half3, V(HALF)]
    authorized_qos_rules: Annotated[QosRules, LVE(6)]
    session_ambr: Annotated[SessionAmbr, LV(7, 7)]
    cause: Annotated[Octet1 | None, TV(0x59, 2)] = None
    pdu_address: Annotated[PduAddress | None, TLV(0x29, 7, 31)] = None
    rq_timer: Annotated[GprsTimer | None, TV(0x56, 2)] = None
    snssai: Annotated[SNssaiElement | None, TLV(0x22, 3, 10)] = None
    always_on: Annotated[Half1 | None, TV(0x8, 1)] = None
    mapped_eps_bearer_contexts: Annotated[MappedEpsBearerContexts | None, TLVE(0x75, 7)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    authorized_qos_flow_descriptions: Annotated[QosFlowDescriptions | None, TLVE(0x79, 6)] = None
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None
    dnn: Annotated[Dnn | None, TLV(0x25, 3, 102)] = None
    network_feature_support: Annotated[SessionNetworkFeatureSupport | None, TLV(0x17, 3, 15)] = None
    serving_plmn_rate_control: Annotated[ServingPlmnRateControl | None, TLV(0x18, 4, 4)] = None
    atsss_container: Annotated[AtsssContainer | None, TLVE(0x77, 3)] = None
    control_plane_only: Annotated[Half1 | None, TV(0xC, 1)] = None
    ip_header_compression: Annotated[HeaderCompression | None, TLV(0x66, 5, 257)] = None
    ethernet_header_compression: Annotated[EthernetHeaderCompression | None, TLV(0x1F, 3, 3)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    received_mbs_container: Annotated[ReceivedMbsContainer | None, TLVE(0x71, 9)] = None


class PduSessionEstablishmentReject(SmMessage, frozen=True):
    """The SMF refuses the PDU session (TS 24.501 8.3.3)."""

    message_type: ClassVar[int] = 0xC3

    cause: Annotated[Octet1, V(1)]
    back_off_timer: Annotated[GprsTimer3 | None, TLV(0x37, 3, 3)] = None
    allowed_ssc_modes: Annotated[AllowedSscModes | None, TV(0xF, 1)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    congestion_reattempt: Annotated[CongestionReattemptIndicator | None, TLV(0x61, 3, 3)] = None
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None
    reattempt: Annotated[ReattemptIndicator | None, TLV(0x1D, 3, 3)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    atsss_container: Annotated[AtsssContainer | None, TLVE(0x77, 3)] = None


class PduSessionAuthenticationCommand(SmMessage, frozen=True):
    """The data network authenticates the UE (TS 24.501 8.3.4)."""

    message_type: ClassVar[int] = 0xC5

    eap_message: Annotated[OctetString, LVE(6, 1502)]
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None


class PduSessionAuthenticationComplete(SmMessage, frozen=True):
    """The UE answers the data network (TS 24.501 8.3.5)."""

    message_type: ClassVar[int] = 0xC6

    eap_message: Annotated[OctetString, LVE(6, 1502)]
    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None


class PduSessionAuthenticationResult(SmMessage, frozen=True):
    """The outcome of the data network's authentication (TS 24.501 8.3.6)."""

    message_type: ClassVar[int] = 0xC7

    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None


class PduSessionModificationRequest(SmMessage, frozen=True):
    """The UE asks to change the session (TS 24.501 8.3.7)."""

    message_type: ClassVar[int] = 0xC9

    session_capability: Annotated[SessionCapability | None, TLV(0x28, 3, 15)] = None
    cause: Annotated[Octet1 | None, TV(0x59, 2)] = None
    maximum_packet_filters: Annotated[PacketFilterLimit | None, TV(0x55, 3)] = None
    always_on_requested: Annotated[Half1 | None, TV(0xB, 1)] = None
    integrity_protection_maximum_data_rate: Annotated[IntegrityDataRate | None, TV(0x13, 3)] = None
    requested_qos_rules: Annotated[QosRules | None, TLVE(0x7A, 7)] = None
    requested_qos_flow_descriptions: Annotated[QosFlowDescriptions | None, TLVE(0x79, 6)] = None
    mapped_eps_bearer_contexts: Annotated[MappedEpsBearerContexts | None, TLVE(0x75, 7)] = None
    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None
    port_management_container: Annotated[OctetString | None, TLVE(0x74, 4)] = None
    ip_header_compression: Annotated[HeaderCompression | None, TLV(0x66, 5, 257)] = None
    ethernet_header_compression: Annotated[EthernetHeaderCompression | None, TLV(0x1F, 3, 3)] = None
    requested_mbs_container: Annotated[RequestedMbsContainer | None, TLVE(0x70, 8)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None


class PduSessionModificationReject(SmMessage, frozen=True):
    """The SMF refuses the change (TS 24.501 8.3.8)."""

    message_type: ClassVar[int] = 0xCA

    cause: Annotated[Octet1, V(1)]
    back_off_timer: Annotated[GprsTimer3 | None, TLV(0x37, 3, 3)] = None
    congestion_reattempt: Annotated[CongestionReattemptIndicator | None, TLV(0x61, 3, 3)] = None
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None
    reattempt: Annotated[ReattemptIndicator | None, TLV(0x1D, 3, 3)] = None


class PduSessionModificationCommand(SmMessage, frozen=True):
    """The SMF changes the session (TS 24.501 8.3.9)."""

    message_type: ClassVar[int] = 0xCB

    cause: Annotated[Octet1 | None, TV(0x59, 2)] = None
    session_ambr: Annotated[SessionAmbr | None, TLV(0x2A, 8, 8)] = None
    rq_timer: Annotated[GprsTimer | None, TV(0x56, 2)] = None
    always_on: Annotated[Half1 | None, TV(0x8, 1)] = None
    authorized_qos_rules: Annotated[QosRules | None, TLVE(0x7A, 7)] = None
    mapped_eps_bearer_contexts: Annotated[MappedEpsBearerContexts | None, TLVE(0x75, 7)] = None
    authorized_qos_flow_descriptions: Annotated[QosFlowDescriptions | None, TLVE(0x79, 6)] = None
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None
    atsss_container: Annotated[AtsssContainer | None, TLVE(0x77, 3)] = None
    ip_header_compression: Annotated[HeaderCompression | None, TLV(0x66, 5, 257)] = None
    port_management_container: Annotated[OctetString | None, TLVE(0x74, 4)] = None
    serving_plmn_rate_control: Annotated[ServingPlmnRateControl | None, TLV(0x1E, 4, 4)] = None
    ethernet_header_compression: Annotated[EthernetHeaderCompression | None, TLV(0x1F, 3, 3)] = None
    received_mbs_container: Annotated[ReceivedMbsContainer | None, TLVE(0x71, 9)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    alternative_snssai: Annotated[SNssaiElement | None, TLV(0x5A, 3, 10)] = None


class PduSessionModificationComplete(SmMessage, frozen=True):
    """The UE has made the change (TS 24.501 8.3.10)."""

    message_type: ClassVar[int] = 0xCC

    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None
    port_management_container: Annotated[OctetString | None, TLVE(0x74, 4)] = None


class PduSessionModificationCommandReject(SmMessage, frozen=True):
    """The UE refuses the change (TS 24.501 8.3.11)."""

    message_type: ClassVar[int] = 0xCD

    cause: Annotated[Octet1, V(1)]
    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None


class PduSessionReleaseRequest(SmMessage, frozen=True):
    """The UE asks to release the session (TS 24.501 8.3.12)."""

    message_type: ClassVar[int] = 0xD1

    cause: Annotated[Octet1 | None, TV(0x59, 2)] = None
    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None


class PduSessionReleaseReject(SmMessage, frozen=True):
    """The SMF refuses the release (TS 24.501 8.3.13)."""

    message_type: ClassVar[int] = 0xD2

    cause: Annotated[Octet1, V(1)]
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None


class PduSessionReleaseCommand(SmMessage, frozen=True):
    """The SMF releases the session (TS 24.501 8.3.14)."""

    message_type: ClassVar[int] = 0xD3

    cause: Annotated[Octet1, V(1)]
    back_off_timer: Annotated[GprsTimer3 | None, TLV(0x37, 3, 3)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    congestion_reattempt: Annotated[CongestionReattemptIndicator | None, TLV(0x61, 3, 3)] = None
    extended_pco: Annotated[ExtendedProtocolConfigurationOptions | None, TLVE(0x7B, 4)] = None
    access_type: Annotated[Half2 | None, TV(0xD, 1)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    alternative_snssai: Annotated[SNssaiElement | None, TLV(0x5A, 3, 10)] = None


class PduSessionReleaseComplete(SmMessage, frozen=True):
    """The UE has released the session (TS 24.501 8.3.15)."""

    message_type: ClassVar[int] = 0xD4

    cause: Annotated[Octet1 | None, TV(0x59, 2)] = None
    extended_pco: Annotated[UplinkExtendedPco | None, TLVE(0x7B, 4)] = None


class SmStatus(SmMessage, frozen=True):
    """5GSM STATUS: either side reports a protocol error (TS 24.501 8.3.16)."""

    message_type: ClassVar[int] = 0xD6

    cause: Annotated[Octet1, V(1)]


class ServiceLevelAuthenticationCommand(SmMessage, frozen=True):
    """The network authenticates a service's user (TS 24.501 8.3.17)."""

    message_type: ClassVar[int] = 0xD8

    service_level_aa_container: Annotated[ServiceLevelAaContainer, LVE(5)]


class ServiceLevelAuthenticationComplete(SmMessage, frozen=True):
    """The UE answers the service's authentication (TS 24.501 8.3.18)."""

    message_type: ClassVar[int] = 0xD9

    service_level_aa_container: Annotated[ServiceLevelAaContainer, LVE(5)]


class RemoteUeReport(SmMessage, frozen=True):
    """A relay UE reports its remote UEs (TS 24.501 8.3.19)."""

    message_type: ClassVar[int] = 0xDA

    connected: Annotated[RemoteUeContexts | None, TLVE(0x76, 16)] = None
    disconnected: Annotated[RemoteUeContexts | None, TLVE(0x70, 16)] = None


class RemoteUeReportResponse(SmMessage, frozen=True):
    """The network acknowledges the report (TS 24.501 8.3.20)."""

    message_type: ClassVar[int] = 0xDB
