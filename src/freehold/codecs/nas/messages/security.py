"""Authentication, identity, security mode, slice authentication (TS 24.501 8.2.1 to 8.2.5, 8.2.21 to 8.2.33)."""

from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import HALF, LV, LVE, TLV, TLVE, TV, MmMessage, OctetString, V
from freehold.codecs.nas.values.access import EpsCapability
from freehold.codecs.nas.values.identity import (
    EquipmentIdentity,
    ImeisvIdentity,
    KeySetIdentifier,
    MobileIdentity,
    SNssaiElement,
)
from freehold.codecs.nas.values.mobility import (
    Abba,
    AdditionalSecurityInformation,
    AuthenticationFailureParameter,
    AuthenticationVectorPart,
    Half3,
    Octet1,
    SecurityAlgorithms,
    UeSecurityCapability,
)


class AuthenticationRequest(MmMessage, frozen=True):
    """The network challenges the UE (TS 24.501 8.2.1)."""

    message_type: ClassVar[int] = 0x56

    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    abba: Annotated[Abba, LV(3)]
    rand: Annotated[AuthenticationVectorPart | None, TV(0x21, 17)] = None
    autn: Annotated[AuthenticationVectorPart | None, TLV(0x20, 18, 18)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None


class AuthenticationResponse(MmMessage, frozen=True):
    """The UE answers the challenge (TS 24.501 8.2.2)."""

    message_type: ClassVar[int] = 0x57

    response_parameter: Annotated[OctetString | None, TLV(0x2D, 18, 18)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None


class AuthenticationResult(MmMessage, frozen=True):
    """The outcome of an EAP authentication (TS 24.501 8.2.3)."""

    message_type: ClassVar[int] = 0x5A

    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    eap_message: Annotated[OctetString, LVE(6, 1502)]
    abba: Annotated[Abba | None, TLV(0x38, 4)] = None


class AuthenticationFailure(MmMessage, frozen=True):
    """The UE refuses the challenge (TS 24.501 8.2.4)."""

    message_type: ClassVar[int] = 0x59

    cause: Annotated[Octet1, V(1)]
    failure_parameter: Annotated[AuthenticationFailureParameter | None, TLV(0x30, 16, 16)] = None


class AuthenticationReject(MmMessage, frozen=True):
    """The network refuses the UE for good (TS 24.501 8.2.5)."""

    message_type: ClassVar[int] = 0x58

    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None


class IdentityRequest(MmMessage, frozen=True):
    """The network asks for an identity (TS 24.501 8.2.21)."""

    message_type: ClassVar[int] = 0x5B

    identity_type: Annotated[Half3, V(HALF)]


class IdentityResponse(MmMessage, frozen=True):
    """The UE gives the identity asked for (TS 24.501 8.2.22)."""

    message_type: ClassVar[int] = 0x5C

    mobile_identity: Annotated[MobileIdentity, LVE(3)]


class SecurityModeCommand(MmMessage, frozen=True):
    """The network takes a security context into use (TS 24.501 8.2.25)."""

    message_type: ClassVar[int] = 0x5D

    security_algorithms: Annotated[SecurityAlgorithms, V(1)]
    ng_ksi: Annotated[KeySetIdentifier, V(HALF)]
    replayed_ue_security_capability: Annotated[UeSecurityCapability, LV(3, 9)]
    imeisv_request: Annotated[Half3 | None, TV(0xE, 1)] = None
    eps_security_algorithms: Annotated[SecurityAlgorithms | None, TV(0x57, 2)] = None
    additional_security_information: Annotated[AdditionalSecurityInformation | None, TLV(0x36, 3, 3)] = None
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7)] = None
    abba: Annotated[Abba | None, TLV(0x38, 4)] = None
    replayed_s1_ue_security_capability: Annotated[EpsCapability | None, TLV(0x19, 4, 7)] = None


class SecurityModeComplete(MmMessage, frozen=True):
    """The UE has taken the context into use (TS 24.501 8.2.26)."""

    message_type: ClassVar[int] = 0x5E

    imeisv: Annotated[ImeisvIdentity | None, TLVE(0x77, 12, 12)] = None
    nas_message_container: Annotated[OctetString | None, TLVE(0x71, 4)] = None
    non_imeisv_pei: Annotated[EquipmentIdentity | None, TLVE(0x78, 7)] = None


class SecurityModeReject(MmMessage, frozen=True):
    """The UE does not take the context into use (TS 24.501 8.2.27)."""

    message_type: ClassVar[int] = 0x5F

    cause: Annotated[Octet1, V(1)]


class NetworkSliceSpecificAuthenticationCommand(MmMessage, frozen=True):
    """The network carries an EAP message of a slice (TS 24.501 8.2.31)."""

    message_type: ClassVar[int] = 0x50

    snssai: Annotated[SNssaiElement, LV(2, 5)]
    eap_message: Annotated[OctetString, LVE(6, 1502)]


class NetworkSliceSpecificAuthenticationComplete(MmMessage, frozen=True):
    """The UE answers an EAP message of a slice (TS 24.501 8.2.32)."""

    message_type: ClassVar[int] = 0x51

    snssai: Annotated[SNssaiElement, LV(2, 5)]
    eap_message: Annotated[OctetString, LVE(6, 1502)]


class NetworkSliceSpecificAuthenticationResult(MmMessage, frozen=True):
    """The outcome of a slice's EAP authentication (TS 24.501 8.2.33)."""

    message_type: ClassVar[int] = 0x52

    snssai: Annotated[SNssaiElement, LV(2, 5)]
    eap_message: Annotated[OctetString, LVE(6, 1502)]
