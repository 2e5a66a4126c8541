"""Names of the numbers that packets carry; any other number received is kept as it is."""

from enum import IntEnum, IntFlag


class MethodType(IntEnum):
    """Types of methods that are read further here, and others that 5GS may meet (RFC 3748 5, RFC 4187, RFC 9048)."""

    NONE = 0
    IDENTITY = 1
    NOTIFICATION = 2
    NAK = 3
    MD5_CHALLENGE = 4
    ONE_TIME_PASSWORD = 5
    GENERIC_TOKEN_CARD = 6
    EAP_TLS = 13
    EAP_SIM = 18
    EAP_TTLS = 21
    EAP_AKA = 23
    EAP_AKA_PRIME = 50
    EXPANDED = 254
    EXPERIMENTAL = 255


class Subtype(IntEnum):
    """Subtype of an EAP-AKA message (RFC 4187 8.1, 11)."""

    CHALLENGE = 1
    AUTHENTICATION_REJECT = 2
    SYNCHRONIZATION_FAILURE = 4
    IDENTITY = 5
    NOTIFICATION = 12
    REAUTHENTICATION = 13
    CLIENT_ERROR = 14


class NotificationCode(IntEnum):
    """AT_NOTIFICATION: bit 15 says success, bit 14 that it is used before authentication (RFC 4187 6.1, 10.19)."""

    GENERAL_FAILURE_AFTER_AUTHENTICATION = 0
    TEMPORARILY_DENIED = 1026
    NOT_SUBSCRIBED = 1031
    GENERAL_FAILURE = 16384
    SUCCESS = 32768


class ClientErrorCode(IntEnum):
    """AT_CLIENT_ERROR_CODE (RFC 4187 10.20)."""

    UNABLE_TO_PROCESS_PACKET = 0


class KeyDerivation(IntEnum):
    """AT_KDF (RFC 9048 3.2, 3.3)."""

    CK_PRIME_IK_PRIME = 1


class KeyExchange(IntEnum):
    """AT_KDF_FS: the curve of AT_PUB_ECDHE (RFC 9678 6.2)."""

    X25519 = 1
    P_256 = 2


class BiddingFlag(IntFlag):
    """AT_BIDDING: the D bit says that the server supports, and would have preferred, EAP-AKA' (RFC 9048 4)."""

    SUPPORTS_EAP_AKA_PRIME = 0x8000
