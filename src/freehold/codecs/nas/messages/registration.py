"""Registration and deregistration (TS 24.501 8.2.6 to 8.2.9, 8.2.12 to 8.2.15)."""

from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import HALF, LV, LVE, TLV, TLVE, TV, MmMessage, OctetString, V
from freehold.codecs.nas.values.access import (
    AdditionalInformationRequested,
    CagInformation,
    EmergencyNumbers,
    EpsBearers,
    EpsCapability,
    ExtendedCagInformation,
    ExtendedDrxParameters,
    ExtendedEmergencyNumbers,
    MobileStationClassmark2,
    Nid,
    Octet4,
    PagingRestriction,
    RegistrationWaitRange,
    SupportedCodecList,
    TruncatedSTmsiConfiguration,
    UeRadioCapabilityId,
)
from freehold.codecs.nas.values.area import LadnIndication, LadnInformation, ServiceAreaList
from freehold.codecs.nas.values.container import ServiceLevelAaContainer, SorTransparentContainer
from freehold.codecs.nas.values.identity import (
    GutiIdentity,
    KeySetIdentifier,
    MappedNssai,
    MobileIdentity,
    Nssai,
    RejectedNssai,
    TaiElement,
    TaiList,
)
from freehold.codecs.nas.values.mobility import (
    DeregistrationType,
    DrxParameters,
    Half1,
    Half2,
    Half4,
    MicoIndication,
    MobilityCapability,
    NetworkFeatureSupport,
    NetworkSlicingIndication,
    Octet1,
    Octet2,
    PduSessions,
    PlmnElement,
    PlmnList,
    ReactivationErrors,
    RegistrationResult,
    RegistrationType,
    UeSecurityCapability,
    UeStatus,
    UeUsageSetting,
    UpdateType,
)
from freehold.codecs.nas.values.positioning import CipheringKeyData
from freehold.codecs.nas.values.slicing import (
    AccessCategoryDefinitions,
    ExtendedRejectedNssai,
    NsagInformation,
    NssrgInformation,
    PagingAssistanceInformation,
)
from freehold.codecs.nas.values.timer import GprsTimer, GprsTimer3


class RegistrationRequest(MmMessage, frozen=True):
    """The UE asks to be registered (TS 24.501 8.2.6)."""

    message_type: ClassVar[int] = 0x41

    registration_type: Annotated[RegistrationType, V(HALF)]
    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    mobile_identity: Annotated[MobileIdentity, LVE(6)]
    non_current_native_ng_ksi: Annotated[KeySetIdentifier | None, TV(0xC, 1)] = None
    mobility_capability: Annotated[MobilityCapability | None, TLV(0x10, 3, 15)] = None
    ue_security_capability: Annotated[UeSecurityCapability | None, TLV(0x2E, 4, 10)] = None
    requested_nssai: Annotated[Nssai | None, TLV(0x2F, 4, 74)] = None
    last_visited_tai: Annotated[TaiElement | None, TV(0x52, 7)] = None
    s1_ue_network_capability: Annotated[EpsCapability | None, TLV(0x17, 4, 15)] = None
    uplink_data_status: Annotated[PduSessions | None, TLV(0x40, 4, 34)] = None
    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None
    mico_indication: Annotated[MicoIndication | None, TV(0xB, 1)] = None
    ue_status: Annotated[UeStatus | None, TLV(0x2B, 3, 3)] = None
    additional_guti: Annotated[GutiIdentity | None, TLVE(0x77, 14, 14)] = None
    allowed_pdu_session_status: Annotated[PduSessions | None, TLV(0x25, 4, 34)] = None
    ue_usage_setting: Annotated[UeUsageSetting | None, TLV(0x18, 3, 3)] = None
    requested_drx_parameters: Annotated[DrxParameters | None, TLV(0x51, 3, 3)] = None
    eps_nas_message_container: Annotated[OctetString | None, TLVE(0x70, 4)] = None
    ladn_indication: Annotated[LadnIndication | None, TLVE(0x74, 3, 811)] = None
    payload_container_type: Annotated[Half4 | None, TV(0x8, 1)] = None
    payload_container: Annotated[OctetString | None, TLVE(0x7B, 4)] = None
    network_slicing_indication: Annotated[NetworkSlicingIndication | None, TV(0x9, 1)] = None
    update_type: Annotated[UpdateType | None, TLV(0x53, 3, 3)] = None
    mobile_station_classmark_2: Annotated[MobileStationClassmark2 | None, TLV(0x41, 5, 5)] = None
    supported_codecs: Annotated[SupportedCodecList | None, TLV(0x42, 5)] = None
    nas_message_container: Annotated[OctetString | None, TLVE(0x71, 4)] = None
    eps_bearer_context_status: Annotated[EpsBearers | None, TLV(0x60, 4, 4)] = None
    requested_extended_drx_parameters: Annotated[ExtendedDrxParameters | None, TLV(0x6E, 3, 4)] = None
    t3324: Annotated[GprsTimer3 | None, TLV(0x6A, 3, 3)] = None
    ue_radio_capability_id: Annotated[UeRadioCapabilityId | None, TLV(0x67, 3)] = None
    requested_mapped_nssai: Annotated[MappedNssai | None, TLV(0x35, 3, 42)] = None
    additional_information_requested: Annotated[AdditionalInformationRequested | None, TLV(0x48, 3)] = None
    requested_wus_assistance: Annotated[PagingAssistanceInformation | None, TLV(0x1A, 3)] = None
    n5gc_indication: Annotated[Half1 | None, TV(0xA, 1)] = None
    requested_nb_n1_mode_drx_parameters: Annotated[Octet4 | None, TLV(0x30, 3, 3)] = None
    ue_request_type: Annotated[Octet4 | None, TLV(0x29, 3, 3)] = None
    paging_restriction: Annotated[PagingRestriction | None, TLV(0x28, 3, 35)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x72, 6)] = None
    nid: Annotated[Nid | None, TLV(0x32, 8, 8)] = None
    plmn_with_disaster_condition: Annotated[PlmnElement | None, TLV(0x16, 2, 5)] = None
    requested_peips_assistance: Annotated[PagingAssistanceInformation | None, TLV(0x2A, 3)] = None
    requested_t3512: Annotated[GprsTimer3 | None, TLV(0x3B, 3, 3)] = None


class RegistrationAccept(MmMessage, frozen=True):
    """The AMF registers the UE (TS 24.501 8.2.7)."""

    message_type: ClassVar[int] = 0x42

    registration_result: Annotated[RegistrationResult, LV(2, 2)]
    guti: Annotated[GutiIdentity | None, TLVE(0x77, 14, 14)] = None
    equivalent_plmns: Annotated[PlmnList | None, TLV(0x4A, 5, 47)] = None
    tai_list: Annotated[TaiList | None, TLV(0x54, 9, 114)] = None
    allowed_nssai: Annotated[Nssai | None, TLV(0x15, 4, 74)] = None
    rejected_nssai: Annotated[RejectedNssai | None, TLV(0x11, 4, 42)] = None
    configured_nssai: Annotated[Nssai | None, TLV(0x31, 4, 146)] = None
    network_feature_support: Annotated[NetworkFeatureSupport | None, TLV(0x21, 3, 6)] = None
    pdu_session_status: Annotated[PduSessions | None, TLV(0x50, 4, 34)] = None
    reactivation_result: Annotated[PduSessions | None, TLV(0x26, 4, 34)] = None
    reactivation_result_errors: Annotated[ReactivationErrors | None, TLVE(0x72, 5, 515)] = None
    ladn_information: Annotated[LadnInformation | None, TLVE(0x79, 12, 1715)] = None
    mico_indication: Annotated[MicoIndication | None, TV(0xB, 1)] = None
    network_slicing_indication: Annotated[NetworkSlicingIndication | None, TV(0x9, 1)] = None
    service_area_list: Annotated[ServiceAreaList | None, TLV(0x27, 6, 114)] = None
    t3512: Annotated[GprsTimer3 | None, TLV(0x5E, 3, 3)] = None
    non_3gpp_deregistration_timer: Annotated[GprsTimer | None, TLV(0x5D, 3, 3)] = None
    t3502: Annotated[GprsTimer | None, TLV(0x16, 3, 3)] = None
    emergency_numbers: Annotated[EmergencyNumbers | None, TLV(0x34, 5, 50)] = None
    extended_emergency_numbers: Annotated[ExtendedEmergencyNumbers | None, TLVE(0x7A, 7)] = None
    sor_transparent_container: Annotated[SorTransparentContainer | None, TLVE(0x73, 20)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    nssai_inclusion_mode: Annotated[Half2 | None, TV(0xA, 1)] = None
    operator_access_categories: Annotated[AccessCategoryDefinitions | None, TLVE(0x76, 3)] = None
    negotiated_drx_parameters: Annotated[DrxParameters | None, TLV(0x51, 3, 3)] = None
    non_3gpp_nw_policies: Annotated[Half4 | None, TV(0xD, 1)] = None
    eps_bearer_context_status: Annotated[EpsBearers | None, TLV(0x60, 4, 4)] = None
    negotiated_extended_drx_parameters: Annotated[ExtendedDrxParameters | None, TLV(0x6E, 3, 4)] = None
    t3447: Annotated[GprsTimer3 | None, TLV(0x6C, 3, 3)] = None
    t3448: Annotated[GprsTimer | None, TLV(0x6B, 3, 3)] = None
    t3324: Annotated[GprsTimer3 | None, TLV(0x6A, 3, 3)] = None
    ue_radio_capability_id: Annotated[UeRadioCapabilityId | None, TLV(0x67, 3)] = None
    ue_radio_capability_id_deletion: Annotated[Half4 | None, TV(0xE, 1)] = None
    pending_nssai: Annotated[Nssai | None, TLV(0x39, 4, 146)] = None
    ciphering_key_data: Annotated[CipheringKeyData | None, TLVE(0x74, 34)] = None
    cag_information: Annotated[CagInformation | None, TLVE(0x75, 3)] = None
    truncated_s_tmsi_configuration: Annotated[TruncatedSTmsiConfiguration | None, TLV(0x1B, 3, 3)] = None
    negotiated_wus_assistance: Annotated[PagingAssistanceInformation | None, TLV(0x1C, 3)] = None
    negotiated_nb_n1_mode_drx_parameters: Annotated[Octet4 | None, TLV(0x29, 3, 3)] = None
    extended_rejected_nssai: Annotated[ExtendedRejectedNssai | None, TLV(0x68, 5, 90)] = None
    service_level_aa_container: Annotated[ServiceLevelAaContainer | None, TLVE(0x7B, 6)] = None
    negotiated_peips_assistance: Annotated[PagingAssistanceInformation | None, TLV(0x33, 3)] = None
    additional_request_result: Annotated[Octet2 | None, TLV(0x35, 3, 3)] = None
    nssrg_information: Annotated[NssrgInformation | None, TLVE(0x70, 7, 4099)] = None
    disaster_roaming_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x14, 4, 4)] = None
    disaster_return_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x2C, 4, 4)] = None
    disaster_plmns: Annotated[PlmnList | None, TLV(0x13, 2)] = None
    forbidden_tais_roaming: Annotated[TaiList | None, TLV(0x1D, 9, 114)] = None
    forbidden_tais_regional: Annotated[TaiList | None, TLV(0x1E, 9, 114)] = None
    extended_cag_information: Annotated[ExtendedCagInformation | None, TLVE(0x71, 3)] = None
    nsag_information: Annotated[NsagInformation | None, TLVE(0x7C, 9, 3143)] = None
    nid: Annotated[Nid | None, TLV(0x32, 8, 8)] = None


class RegistrationComplete(MmMessage, frozen=True):
    """The UE acknowledges what the accept changed (TS 24.501 8.2.8)."""

    message_type: ClassVar[int] = 0x43

    sor_transparent_container: Annotated[SorTransparentContainer | None, TLVE(0x73, 20)] = None


class RegistrationReject(MmMessage, frozen=True):
    """The AMF refuses the registration (TS 24.501 8.2.9)."""

    message_type: ClassVar[int] = 0x44

    cause: Annotated[Octet1, V(1)]
    t3346: Annotated[GprsTimer | None, TLV(0x5F, 3, 3)] = None
    t3502: Annotated[GprsTimer | None, TLV(0x16, 3, 3)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None
    rejected_nssai: Annotated[RejectedNssai | None, TLV(0x69, 4, 42)] = None
    cag_information: Annotated[CagInformation | None, TLVE(0x75, 3)] = None
    extended_rejected_nssai: Annotated[ExtendedRejectedNssai | None, TLV(0x68, 5, 90)] = None
    disaster_return_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x2C, 4, 4)] = None
    extended_cag_information: Annotated[ExtendedCagInformation | None, TLVE(0x71, 3)] = None
    lower_bound_timer: Annotated[GprsTimer3 | None, TLV(0x3A, 3, 3)] = None
    forbidden_tais_roaming: Annotated[TaiList | None, TLV(0x1D, 9, 114)] = None
    forbidden_tais_regional: Annotated[TaiList | None, TLV(0x1E, 9, 114)] = None


class DeregistrationRequestFromUe(MmMessage, frozen=True):
    """The UE deregisters (TS 24.501 8.2.12)."""

    message_type: ClassVar[int] = 0x45

    deregistration_type: Annotated[DeregistrationType, V(HALF)]
    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    mobile_identity: Annotated[MobileIdentity, LVE(6)]


class DeregistrationAcceptToUe(MmMessage, frozen=True):
    """The AMF acknowledges that the UE deregistered (TS 24.501 8.2.13)."""

    message_type: ClassVar[int] = 0x46


class DeregistrationRequestToUe(MmMessage, frozen=True):
    """The AMF deregisters the UE (TS 24.501 8.2.14)."""

    message_type: ClassVar[int] = 0x47

    deregistration_type: Annotated[DeregistrationType, V(HALF)]
    cause: Annotated[Octet1 | None, TV(0x58, 2)] = None
    t3346: Annotated[GprsTimer | None, TLV(0x5F, 3, 3)] = None
    rejected_nssai: Annotated[RejectedNssai | None, TLV(0x6D, 4, 42)] = None
    cag_information: Annotated[CagInformation | None, TLVE(0x75, 3)] = None
    extended_rejected_nssai: Annotated[ExtendedRejectedNssai | None, TLV(0x68, 5, 90)] = None
    disaster_return_wait_range: Annotated[RegistrationWaitRange | None, TLV(0x2C, 4, 4)] = None
    extended_cag_information: Annotated[ExtendedCagInformation | None, TLVE(0x71, 3)] = None
    lower_bound_timer: Annotated[GprsTimer3 | None, TLV(0x3A, 3, 3)] = None
    forbidden_tais_roaming: Annotated[TaiList | None, TLV(0x1D, 9, 114)] = None
    forbidden_tais_regional: Annotated[TaiList | None, TLV(0x1E, 9, 114)] = None


class DeregistrationAcceptFromUe(MmMessage, frozen=True):
    """The UE acknowledges that the AMF deregistered it (TS 24.501 8.2.15)."""

    message_type: ClassVar[int] = 0x48
