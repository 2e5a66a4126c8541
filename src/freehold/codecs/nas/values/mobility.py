"""5GMM values (TS 24.501 9.11.2 and 9.11.3)."""

from collections.abc import Iterable
from typing import Self

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U2,
    U3,
    U4,
    U8,
    Bits,
    Constant,
    IfLeft,
    Octets,
    OctetString,
    Plmn,
    Repeat,
    Rest,
    Sessions,
    Spare,
    Value,
)
from freehold.spec.identities import PlmnId

# a number with the spare bits that fill its half octet or octet
Half1 = Annotated[bool, Spare(3), Bits(1)]
Half2 = Annotated[int, Spare(2), Bits(2)]
Half3 = Annotated[int, Spare(1), Bits(3)]
Half4 = U4
Octet2 = Annotated[int, Spare(6), Bits(2)]

PduSessions = Annotated[list[int], Sessions()]
"""PDU session identities 1 to 15 that are set in a status (TS 24.501 9.11.3.13, 9.11.3.42, 9.11.3.44, 9.11.3.57)."""


class RegistrationType(Value, frozen=True):
    """5GS registration type; `value` is a RegistrationKind (TS 24.501 9.11.3.7)."""

    follow_on_request: U1
    value: U3


class RegistrationResult(Value, frozen=True):
    """5GS registration result; value 1 3GPP access, 2 non-3GPP access, 3 both (TS 24.501 9.11.3.6)."""

    disaster_roaming: Annotated[bool, Spare(1), Bits(1)] = False
    emergency_registered: U1 = False
    slice_authentication_pending: U1 = False
    sms_allowed: U1 = False
    value: U3 = 1


class UpdateType(Value, frozen=True):
    """5GS update type (TS 24.501 9.11.3.9A)."""

    eps_preferred_ciot: Annotated[int, Spare(2), Bits(2)] = 0
    preferred_ciot: U2 = 0
    radio_capability_update: U1 = False
    sms_requested: U1 = False


class DeregistrationType(Value, frozen=True):
    """De-registration type; access 1 3GPP, 2 non-3GPP, 3 both (TS 24.501 9.11.3.20)."""

    switch_off: U1 = False
    reregistration_required: U1 = False
    access_type: U2 = 1


class AdditionalSecurityInformation(Value, frozen=True):
    """Additional 5G security information, RINMR and HDP (TS 24.501 9.11.3.12)."""

    retransmit_initial_message: Annotated[bool, Spare(6), Bits(1)] = False
    horizontal_derivation: U1 = False


class ConfigurationUpdateIndication(Value, frozen=True):
    """Configuration update indication (TS 24.501 9.11.3.18)."""

    registration_requested: Annotated[bool, Spare(2), Bits(1)] = False
    acknowledgement_requested: U1 = False


class MicoIndication(Value, frozen=True):
    """MICO indication (TS 24.501 9.11.3.31)."""

    strictly_periodic_timer: Annotated[bool, Spare(2), Bits(1)] = False
    all_plmn_registration_area: U1 = False


class NetworkSlicingIndication(Value, frozen=True):
    """Network slicing indication (TS 24.501 9.11.3.36)."""

    default_configured_nssai: Annotated[bool, Spare(2), Bits(1)] = False
    subscription_changed: U1 = False


class SecurityAlgorithms(Value, frozen=True):
    """NAS security algorithms, 5G-EA and 5G-IA numbers (TS 24.501 9.11.3.34)."""

    ciphering: U4
    integrity: U4


class UeStatus(Value, frozen=True):
    """UE status: registered in EPS or 5GS (TS 24.501 9.11.3.56)."""

    n1_mode_registered: Annotated[bool, Spare(6), Bits(1)] = False
    s1_mode_registered: U1 = False


class UeUsageSetting(Value, frozen=True):
    """UE's usage setting (TS 24.501 9.11.3.55)."""

    data_centric: Annotated[bool, Spare(7), Bits(1)] = False


class DrxParameters(Value, frozen=True):
    """5GS DRX parameters: 0 not specified, 1 T = 32, 2 64, 3 128, 4 256 (TS 24.501 9.11.3.2A)."""

    value: Annotated[int, Spare(4), Bits(4)]


class UeSecurityCapability(Value, frozen=True):
    """UE security capability, kept byte for byte because it is replayed (TS 24.501 9.11.3.54)."""

    octets: OctetString

    @classmethod
    def of(cls, nea: Iterable[int] = (0, 1, 2, 3), nia: Iterable[int] = (0, 1, 2, 3)) -> Self:
        """The capability of a UE with these 5G-EA and 5G-IA algorithms and none of EPS."""
        return cls(bytes([sum(0x80 >> n for n in nea), sum(0x80 >> n for n in nia)]))

    def ciphering(self, algorithm: int) -> bool:
        """Whether the UE has 5G-EA `algorithm`."""
        return self._bit(0, algorithm)

    def integrity(self, algorithm: int) -> bool:
        """Whether the UE has 5G-IA `algorithm`."""
        return self._bit(1, algorithm)

    def eps_ciphering(self, algorithm: int) -> bool:
        """Whether the UE has EEA `algorithm`."""
        return self._bit(2, algorithm)

    def eps_integrity(self, algorithm: int) -> bool:
        """Whether the UE has EIA `algorithm`."""
        return self._bit(3, algorithm)

    def _bit(self, octet: int, algorithm: int) -> bool:
        return octet < len(self.octets) and bool(self.octets[octet] << algorithm & 0x80)


class MobilityCapabilityOctet4(Value, frozen=True):
    """Octet 4 of 5GMM capability: radio capability signalling, slices, positioning, V2X (TS 24.501 9.11.3.1)."""

    radio_capability_signalling: U1 = False
    slice_authentication: U1 = False
    location_notification: U1 = False
    v2x_over_nr_pc5: U1 = False
    v2x_over_e_utra_pc5: U1 = False
    v2x: U1 = False
    user_plane_ciot: U1 = False
    srvcc_to_utran: U1 = False


class MobilityCapabilityOctet5(Value, frozen=True):
    """Octet 5 of 5GMM capability: ProSe, slices, closed groups (TS 24.501 9.11.3.1)."""

    prose_layer_2_relay: U1 = False
    prose_direct_communication: U1 = False
    prose_direct_discovery: U1 = False
    extended_rejected_nssai: U1 = False
    ethernet_header_compression_cp_ciot: U1 = False
    multiple_user_planes: U1 = False
    wus_assistance: U1 = False
    closed_access_groups: U1 = False


class MobilityCapabilityOctet6(Value, frozen=True):
    """Octet 6 of 5GMM capability: paging and relays (TS 24.501 9.11.3.1)."""

    paging_restriction: U1 = False
    reject_paging_request: U1 = False
    paging_indication_for_voice: U1 = False
    connection_release: U1 = False
    paging_subgrouping: U1 = False
    prose_layer_3_remote: U1 = False
    prose_layer_2_remote: U1 = False
    prose_layer_3_relay: U1 = False


class MobilityCapabilityOctet7(Value, frozen=True):
    """Octet 7 of 5GMM capability: slices, closed groups, disaster roaming (TS 24.501 9.11.3.1)."""

    mps_indicator_update: U1 = False
    uncrewed_aerial_systems: U1 = False
    slice_access_groups: U1 = False
    extended_cag_information: U1 = False
    sor_snpn_information: U1 = False
    event_notification: U1 = False
    disaster_roaming: U1 = False
    slice_registration_groups: U1 = False


class MobilityCapability(Value, frozen=True):
    """5GMM capability: octet 3, then those that are there; `more` are of later releases (TS 24.501 9.11.3.1)."""

    service_gap_control: U1 = False
    header_compression_cp_ciot: U1 = False
    n3_data_not_supported: U1 = False
    control_plane_ciot: U1 = False
    restrict_enhanced_coverage: U1 = False
    lpp: U1 = False
    handover_attach: U1 = False
    s1_mode: U1 = False
    octet_4: Annotated[MobilityCapabilityOctet4 | None, IfLeft()] = None
    octet_5: Annotated[MobilityCapabilityOctet5 | None, IfLeft()] = None
    octet_6: Annotated[MobilityCapabilityOctet6 | None, IfLeft()] = None
    octet_7: Annotated[MobilityCapabilityOctet7 | None, IfLeft()] = None
    more: OctetString = b""


class NetworkFeaturesOctet4(Value, frozen=True):
    """Octet 4 of 5GS network feature support: CIoT, emergency services over non-3GPP access (TS 24.501 9.11.3.5)."""

    user_plane_ciot: U1 = False
    header_compression_cp_ciot: U1 = False
    n3_data: U1 = False
    control_plane_ciot: U1 = False
    restrict_enhanced_coverage: U2 = 0
    mcs_indicator: U1 = False
    emergency_services_non_3gpp: U1 = False


class NetworkFeaturesOctet5(Value, frozen=True):
    """Octet 5 of 5GS network feature support: paging, ATSSS, location services (TS 24.501 9.11.3.5)."""

    unavailability_period: U1 = False
    paging_restriction: U1 = False
    reject_paging_request: U1 = False
    paging_indication_for_voice: U1 = False
    connection_release: U1 = False
    ethernet_header_compression_cp_ciot: U1 = False
    atsss: U1 = False
    location_services: U1 = False


class NetworkFeatureSupport(Value, frozen=True):
    """5GS network feature support: octet 3, then those that are there (TS 24.501 9.11.3.5)."""

    mps_indicator: U1 = False
    interworking_without_n26: U1 = False
    emergency_fallback: U2 = 0
    emergency_services: U2 = 0
    ims_voice_non_3gpp: U1 = False
    ims_voice_3gpp: U1 = False
    octet_4: Annotated[NetworkFeaturesOctet4 | None, IfLeft()] = None
    octet_5: Annotated[NetworkFeaturesOctet5 | None, IfLeft()] = None
    more: OctetString = b""


class NetworkName(Value, frozen=True):
    """A network's name: coding 0 GSM 7 bit packed, 1 UCS2 (TS 24.501 9.11.3.35, TS 24.008 10.5.3.5a)."""

    coding_scheme: Annotated[int, Constant(1, 1), Bits(3)]
    add_country_initials: U1
    spare_bits: U3
    text: OctetString

    @classmethod
    def of(cls, name: str) -> Self:
        """The name in UCS2."""
        return cls(1, add_country_initials=False, spare_bits=0, text=name.encode("utf-16-be"))


class ReactivationError(Value, frozen=True):
    """Why the user plane of one PDU session was not activated (TS 24.501 9.11.3.43)."""

    pdu_session_identity: U8
    cause: U8


ReactivationErrors = Annotated[list[ReactivationError], Repeat(256)]
PlmnList = Annotated[list[Annotated[PlmnId, Plmn()]], Repeat(15)]
"""PLMN list (TS 24.501 9.11.3.45)."""
PlmnElement = Annotated[PlmnId, Plmn()]
Octet1 = U8
AuthenticationVectorPart = Annotated[bytes, Octets(16)]
"""RAND or AUTN (TS 24.501 9.11.3.15, 9.11.3.16)."""
AuthenticationFailureParameter = Annotated[bytes, Octets(14)]
"""AUTS (TS 24.501 9.11.3.14)."""
Abba = Annotated[bytes, Rest()]
"""ABBA, at least two octets (TS 24.501 9.11.3.10)."""
