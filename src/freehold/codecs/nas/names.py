"""Names of the numbers messages carry; any other number received is kept as it is."""

from enum import IntEnum, IntFlag


class RegistrationKind(IntEnum):
    """5GS registration type value (TS 24.501 9.11.3.7)."""

    INITIAL = 1
    MOBILITY_UPDATING = 2
    PERIODIC_UPDATING = 3
    EMERGENCY = 4
    SNPN_ONBOARDING = 5
    DISASTER_MOBILITY_UPDATING = 6
    DISASTER_INITIAL = 7


class IdentityType(IntEnum):
    """Type of identity (TS 24.501 9.11.3.3, 9.11.3.4)."""

    NO_IDENTITY = 0
    SUCI = 1
    GUTI = 2
    IMEI = 3
    S_TMSI = 4
    IMEISV = 5
    MAC_ADDRESS = 6
    EUI_64 = 7


class AccessType(IntEnum):
    """Access type (TS 24.501 9.11.2.1A, 9.11.3.20)."""

    THREE_GPP = 1
    NON_3GPP = 2
    BOTH = 3


class ServiceType(IntEnum):
    """Service type (TS 24.501 9.11.3.50)."""

    SIGNALLING = 0
    DATA = 1
    MOBILE_TERMINATED = 2
    EMERGENCY = 3
    EMERGENCY_FALLBACK = 4
    HIGH_PRIORITY = 5
    ELEVATED_SIGNALLING = 6


class PayloadContainerType(IntEnum):
    """Payload container type (TS 24.501 9.11.3.40)."""

    N1_SM_INFORMATION = 1
    SMS = 2
    LPP = 3
    SOR_TRANSPARENT = 4
    UE_POLICY = 5
    UE_PARAMETERS_UPDATE = 6
    LOCATION_SERVICES = 7
    CIOT_USER_DATA = 8
    SERVICE_LEVEL_AA = 9
    MULTIPLE_PAYLOADS = 15


class RequestType(IntEnum):
    """Request type (TS 24.501 9.11.3.47)."""

    INITIAL_REQUEST = 1
    EXISTING_PDU_SESSION = 2
    INITIAL_EMERGENCY_REQUEST = 3
    EXISTING_EMERGENCY_PDU_SESSION = 4
    MODIFICATION_REQUEST = 5
    MA_PDU_REQUEST = 6


class PduSessionType(IntEnum):
    """PDU session type (TS 24.501 9.11.4.11)."""

    IPV4 = 1
    IPV6 = 2
    IPV4V6 = 3
    UNSTRUCTURED = 4
    ETHERNET = 5


class SecurityHeaderType(IntEnum):
    """Security header type (TS 24.501 9.3)."""

    PLAIN = 0
    INTEGRITY = 1
    INTEGRITY_CIPHERED = 2
    INTEGRITY_NEW_CONTEXT = 3
    INTEGRITY_CIPHERED_NEW_CONTEXT = 4


class SscMode(IntEnum):
    """SSC mode (TS 24.501 9.11.4.16)."""

    SSC_MODE_1 = 1
    SSC_MODE_2 = 2
    SSC_MODE_3 = 3


class CipheringAlgorithm(IntEnum):
    """Type of ciphering algorithm (TS 24.501 9.11.3.34)."""

    NEA0 = 0
    NEA1_128 = 1
    NEA2_128 = 2
    NEA3_128 = 3
    NEA4 = 4
    NEA5 = 5
    NEA6 = 6
    NEA7 = 7


class IntegrityAlgorithm(IntEnum):
    """Type of integrity protection algorithm (TS 24.501 9.11.3.34)."""

    NIA0 = 0
    NIA1_128 = 1
    NIA2_128 = 2
    NIA3_128 = 3
    NIA4 = 4
    NIA5 = 5
    NIA6 = 6
    NIA7 = 7


class RuleOperation(IntEnum):
    """Rule operation code of a QoS rule (TS 24.501 9.11.4.13)."""

    CREATE = 1
    DELETE = 2
    MODIFY_AND_ADD_PACKET_FILTERS = 3
    MODIFY_AND_REPLACE_ALL_PACKET_FILTERS = 4
    MODIFY_AND_DELETE_PACKET_FILTERS = 5
    MODIFY_WITHOUT_MODIFYING_PACKET_FILTERS = 6


class FlowOperation(IntEnum):
    """Operation code of a QoS flow description (TS 24.501 9.11.4.12)."""

    CREATE = 1
    DELETE = 2
    MODIFY = 3


class PacketFilterDirection(IntEnum):
    """Packet filter direction (TS 24.501 9.11.4.13)."""

    DOWNLINK_ONLY = 1
    UPLINK_ONLY = 2
    BIDIRECTIONAL = 3


class ConfigurationContainer(IntEnum):
    """Container and protocol identifiers of protocol configuration options (TS 24.008 10.5.6.3)."""

    IPCP = 0x8021
    PAP = 0xC023
    CHAP = 0xC223
    P_CSCF_IPV6_ADDRESS = 0x0001
    IM_CN_SUBSYSTEM_SIGNALLING_FLAG = 0x0002
    DNS_SERVER_IPV6_ADDRESS = 0x0003
    MS_SUPPORT_OF_NETWORK_REQUESTED_BEARER_CONTROL = 0x0005
    IP_ADDRESS_ALLOCATION_VIA_NAS = 0x000A
    P_CSCF_IPV4_ADDRESS = 0x000C
    DNS_SERVER_IPV4_ADDRESS = 0x000D
    IPV4_LINK_MTU = 0x0010
    P_CSCF_RESELECTION_SUPPORT = 0x0012
    ETHERNET_FRAME_PAYLOAD_MTU = 0x0020


class AccessTechnology(IntFlag):
    """Access technologies of a preferred PLMN (TS 31.102 4.2.5)."""

    UTRAN = 0x8000
    E_UTRAN = 0x4000
    E_UTRAN_WB_S1_MODE = 0x2000
    E_UTRAN_NB_S1_MODE = 0x1000
    NG_RAN = 0x0800
    SATELLITE_NG_RAN = 0x0400
    GSM = 0x0080
    GSM_COMPACT = 0x0040
    CDMA2000_HRPD = 0x0020
    CDMA2000_1XRTT = 0x0010
    EC_GSM_IOT = 0x0008
    GSM_WITHOUT_EC_GSM_IOT = 0x0004


class MbsDecision(IntEnum):
    """MBS decision (TS 24.501 9.11.4.31)."""

    SERVICE_AREA_UPDATE = 1
    JOIN_ACCEPTED = 2
    JOIN_REJECTED = 3
    REMOVED = 4
    SECURITY_INFORMATION_UPDATE = 5


class MbsRejectionCause(IntEnum):
    """Rejection cause of a multicast session (TS 24.501 9.11.4.31)."""

    NO_ADDITIONAL_INFORMATION = 0
    INSUFFICIENT_RESOURCES = 1
    NOT_AUTHORIZED = 2
    NOT_STARTED = 3
    OUTSIDE_LOCAL_SERVICE_AREA = 4
    SESSION_CONTEXT_NOT_FOUND = 5
    SESSION_RELEASED = 6
