"""Service, transport, configuration update, notification, status (TS 24.501 8.2.10 to 8.2.30)."""

from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import HALF, LVE, TLV, TLVE, TV, MmMessage, OctetString, V
from freehold.codecs.nas.values.access import (
    CagInformation,
    CiotSmallDataContainer,
    ExtendedCagInformation,
    Octet4,
    PagingRestriction,
    RegistrationWaitRange,
    TruncatedSTmsiConfiguration,
    UeRadioCapabilityId,
    UniversalTime,
)
from freehold.codecs.nas.values.area import Dnn, LadnInformation, ServiceAreaList
from freehold.codecs.nas.values.container import ServiceLevelAaContainer
from freehold.codecs.nas.values.identity import (
    GutiIdentity,
    KeySetIdentifier,
    MobileIdentity,
    Nssai,
    RejectedNssai,
    SNssaiElement,
    TaiList,
)
from freehold.codecs.nas.values.mobility import (
    ConfigurationUpdateIndication,
    Half1,
    Half2,
    Half3,
    Half4,
    MicoIndication,
    NetworkName,
    NetworkSlicingIndication,
    Octet1,
    Octet2,
    PduSessions,
    PlmnList,
    ReactivationErrors,
    RegistrationResult,
)
from freehold.codecs.nas.values.slicing import (
    AccessCategoryDefinitions,
    ExtendedRejectedNssai,
    NsagInformation,
    NssrgInformation,
    PagingAssistanceInformation,
)
from freehold.codecs.nas.values.timer import GprsTimer, GprsTimer3


class UlNasTransport(MmMessage, frozen=True):
    """The UE sends a payload through the AMF (TS 24.501 8.2.10)."""

    message_type: ClassVar[int] = 0x67

    payload_container_type: Annotated[Half4, V(HALF)]
    payload_container: Annotated[OctetString, LVE(3)]
    pdu_session_identity: Annotated[Octet1 | None, TV(0x12, 2)] = None
    old_pdu_session_identity: Annotated[Octet1 | None, TV(0x59, 2)] = None
    request_type: Annotated[Half3 | None, TV(0x8, 1)] = None
    snssai: Annotated[SNssaiElement | None, TLV(0x22, 3, 10)] = None
    dnn: Annotated[Dnn | None, TLV(0x25, 3, 102)] = None
    additional_information: Annotated[OctetString | None, TLV(0x24, 3)] = None
    ma_pdu_session_information: Annotated[Half4 | None, TV(0xA, 1)] = None
    release_assistance_indication: Annotated[Half2 | None, TV(0xF, 1)] = None
    alternative_snssai: Annotated[SNssaiElement | None, TLV(0x5A, 3, 10)] = None


class DlNasTransport(MmMessage, frozen=True):
    """The AMF delivers a payload, or gives one back undelivered (TS 24.501 8.2.11)."""

    message_type: ClassVar[int] = 0x68

    payload_container_type: Annotated[Half4, V(HALF)]
    payload_container: Annotated[OctetString, LVE(3)]
    pdu_session_identity: Annotated[Octet1 | None, TV(0x12, 2)] = None
    additional_information: Annotated[OctetString | None, TLV(0x24, 3)] = None
    cause: Annotated[Octet1 | None, TV(0x58, 2)] = None
    back_off_timer: Annotated[GprsTimer3 | None, TLV(0x37, 3, 3)] = None
    lower_bound_timer: Annotated[GprsTimer3 | None, TLV(0x3A, 3, 3)] = None


class ServiceRequest(MmMessage, frozen=True):
    """The UE leaves idle mode (TS 24.501 8.2.16)."""

    message_type: ClassVar[int] = 0x4C

    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    service_type: Annotated[Half4, V(HALF)]
    s_tmsi: Annotated[MobileIdentity, LVE(9)]
    uplink_data_status: Annotated[PduSessions | None, TLV(0x40, 4, 34)] = None
    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None
    allowed_pdu_session_status: Annotated[PduSessions | None, TLV(0x25, 4, 34)] = None
    nas_message_container: Annotated[OctetString | None, TLVE(0x71, 4)] = None
    ue_request_type: Annotated[Octet4 | None, TLV(0x29, 3, 3)] = None
    paging_restriction: Annotated[PagingRestriction | None, TLV(0x28, 3, 35)] = None


class ServiceAccept(MmMessage, frozen=True):
    """The AMF grants the service (TS 24.501 8.2.17)."""

    message_type: ClassVar[int] = 0x4E

    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None
    reactivation_result: Annotated[PduSessions | None, TLV(0x26, 4, 34)] = None
    reactivation_result_errors: Annotated[ReactivationErrors | None, TLVE(0x72, 5, 515)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    t3448: Annotated[GprsTimer | None, TLV(0x6B, 3, 3)] = None
    additional_request_result: Annotated[Octet2 | None, TLV(0x34, 3, 3)] = None
    forbidden_tais_roaming: Annotated[TaiList | None, TLV(0x1D, 9, 114)] = None
    forbidden_tais_regional: Annotated[TaiList | None, TLV(0x1E, 9, 114)] = None


class ServiceReject(MmMessage, frozen=True):
    """The AMF refuses the service (TS 24.501 8.2.18)."""

    message_type: ClassVar[int] = 0x4D

    cause: Annotated[Octet1, V(1)]
    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None
    t3346: Annotated[GprsTimer | None, TLV(0x5F, 3, 3)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    t3448: Annotated[GprsTimer | None, TLV(0x6B, 3, 3)] = None
    cag_information: Annotated[CagInformation | None, TLVE(0x75, 3)] = None
    disaster_return_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x2C, 4, 4)] = None
    extended_cag_information: Annotated[ExtendedCagInformation | None, TLVE(0x71, 3)] = None
    lower_bound_timer: Annotated[GprsTimer3 | None, TLV(0x3A, 3, 3)] = None
    forbidden_tais_roaming: Annotated[TaiList | None, TLV(0x1D, 9, 114)] = None
    forbidden_tais_regional: Annotated[TaiList | None, TLV(0x1E, 9, 114)] = None


class ConfigurationUpdateCommand(MmMessage, frozen=True):
    """The AMF changes the UE's configuration (TS 24.501 8.2.19)."""

    message_type: ClassVar[int] = 0x54

    configuration_update_indication: Annotated[ConfigurationUpdateIndication | None, TV(0xD, 1)] = None
    guti: Annotated[GutiIdentity | None, TLVE(0x77, 14, 14)] = None
    tai_list: Annotated[TaiList | None, TLV(0x54, 9, 114)] = None
    allowed_nssai: Annotated[Nssai | None, TLV(0x15, 4, 74)] = None
    service_area_list: Annotated[ServiceAreaList | None, TLV(0x27, 6, 114)] = None
    full_name: Annotated[NetworkName | None, TLV(0x43, 3)] = None
    short_name: Annotated[NetworkName | None, TLV(0x45, 3)] = None
    local_time_zone: Annotated[Octet1 | None, TV(0x46, 2)] = None
    universal_time: Annotated[UniversalTime | None, TV(0x47, 8)] = None
    daylight_saving_time: Annotated[Octet2 | None, TLV(0x49, 3, 3)] = None
    ladn_information: Annotated[LadnInformation | None, TLVE(0x79, 3, 1715)] = None
    mico_indication: Annotated[MicoIndication | None, TV(0xB, 1)] = None
    network_slicing_indication: Annotated[NetworkSlicingIndication | None, TV(0x9, 1)] = None
    configured_nssai: Annotated[Nssai | None, TLV(0x31, 4, 146)] = None
    rejected_nssai: Annotated[RejectedNssai | None, TLV(0x11, 4, 42)] = None
    operator_access_categories: Annotated[AccessCategoryDefinitions | None, TLVE(0x76, 3)] = None
    sms_indication: Annotated[Half1 | None, TV(0xF, 1)] = None
    t3447: Annotated[GprsTimer3 | None, TLV(0x6C, 3, 3)] = None
    cag_information: Annotated[CagInformation | None, TLVE(0x75, 3)] = None
    ue_radio_capability_id: Annotated[UeRadioCapabilityId | None, TLV(0x67, 3)] = None
    ue_radio_capability_id_deletion: Annotated[Half4 | None, TV(0xA, 1)] = None
    registration_result: Annotated[RegistrationResult | None, TLV(0x44, 3, 3)] = None
    truncated_s_tmsi_configuration: Annotated[TruncatedSTmsiConfiguration | None, TLV(0x1B, 3, 3)] = None
    additional_configuration: Annotated[Half1 | None, TV(0xC, 1)] = None
    extended_rejected_nssai: Annotated[ExtendedRejectedNssai | None, TLV(0x68, 5, 90)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    nssrg_information: Annotated[NssrgInformation | None, TLVE(0x70, 7, 4099)] = None
    disaster_roaming_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x14, 4, 4)] = None
    disaster_return_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x2C, 4, 4)] = None
    disaster_plmns: Annotated[PlmnList | None, TLV(0x13, 2)] = None
    extended_cag_information: Annotated[ExtendedCagInformation | None, TLVE(0x71, 3)] = None
    updated_peips_assistance: Annotated[PagingAssistanceInformation | None, TLV(0x1F, 3)] = None
    nsag_information: Annotated[NsagInformation | None, TLVE(0x73, 9, 3143)] = None
    priority_indicator: Annotated[Half4 | None, TV(0xE, 1)] = None


class ConfigurationUpdateComplete(MmMessage, frozen=True):
    """The UE acknowledges the new configuration (TS 24.501 8.2.20)."""

    message_type: ClassVar[int] = 0x55


class Notification(MmMessage, frozen=True):
    """The AMF calls the UE over the other access (TS 24.501 8.2.23)."""

    message_type: ClassVar[int] = 0x65

    access_type: Annotated[Half2, V(HALF)]


class NotificationResponse(MmMessage, frozen=True):
    """The UE cannot use the access asked for (TS 24.501 8.2.24)."""

    message_type: ClassVar[int] = 0x66

    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None


class MmStatus(MmMessage, frozen=True):
    """5GMM STATUS: either side reports a protocol error (TS 24.501 8.2.29)."""

    message_type: ClassVar[int] = 0x64

    cause: Annotated[Octet1, V(1)]


class ControlPlaneServiceRequest(MmMessage, frozen=True):
    """The UE leaves idle mode to send data in signalling (TS 24.501 8.2.30)."""

    message_type: ClassVar[int] = 0x4F

    control_plane_service_type: Annotated[Half3, V(HALF)]
    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    ciot_small_data_container: Annotated[CiotSmallDataContainer | None, TLV(0x6F, 4)] = None
    payload_container_type: Annotated[Half4 | None, TV(0x8, 1)] = None
    payload_container: Annotated[OctetString | None, TLVE(0x7B, 4)] = None
    pdu_session_identity: Annotated[Octet1 | None, TV(0x12, 2)] = None
    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None
    release_assistance_indication: Annotated[Half2 | None, TV(0xF, 1)] = None
    uplink_data_status: Annotated[PduSessions | None, TLV(0x40, 4, 34)] = None
    nas_message_container: Annotated[OctetString | None, TLVE(0x71, 4)] = None
    additional_information: Annotated[OctetString | None, TLV(0x24, 3)] = None
    allowed_pdu_session_status: Annotated[PduSessions | None, TLV(0x25, 4, 34)] = None
    ue_request_type: Annotated[Octet4 | None, TLV(0x29, 3, 3)] = None
    paging_restriction: Annotated[PagingRestriction | None, TLV(0x28, 3, 35)] = None
