"""Nudm: authentication, subscriber data, context management (TS 29.503)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from freehold.services.nausf import ResynchronizationInfo
from freehold.spec.identities import Guami, Pei, SNssai, Suci, Supi
from freehold.spec.keys import Key

PduSessionType = Literal["IPV4", "IPV6", "IPV4V6", "ETHERNET", "UNSTRUCTURED"]
SscMode = Literal[1, 2, 3]
Protection = Literal["required", "preferred", "not-needed"]
SdmNotify = Callable[[Supi], None]
"""Nudm_SDM_Notification: who is told reads the data anew (TS 29.503 5.2.2.5)."""


class Ambr(msgspec.Struct, frozen=True, gc=False):
    """An aggregate maximum bit rate: uplink and downlink in bit/s (TS 29.571 5.5.4.2)."""

    uplink: int
    downlink: int


class Arp(msgspec.Struct, frozen=True, gc=False):
    """Allocation and retention priority 1..15 with pre-emption (TS 29.571 5.5.4.1)."""

    priority_level: int = 8
    may_preempt: bool = False
    preemptable: bool = True


class AuthenticationVector(msgspec.Struct, frozen=True, gc=False):
    """A 5G home environment vector with the SUPI it belongs to (TS 29.503 6.3.6.2.5)."""

    supi: Supi
    rand: bytes
    autn: bytes
    xres_star: bytes
    k_ausf: Key


class AccessAndMobilitySubscriptionData(msgspec.Struct, frozen=True):
    """What the AMF keeps of a subscription (TS 29.503 6.1.6.2.4)."""

    default_slices: tuple[SNssai, ...]
    slices: tuple[SNssai, ...]
    ue_ambr: Ambr
    gpsi: str = ""
    rfsp_index: int | None = None
    ims_voice: bool = False
    allowed_pei: tuple[str, ...] = ()


class UserPlaneSecurity(msgspec.Struct, frozen=True, gc=False):
    """What the gNB is asked to do for user data (TS 29.503 6.1.6.2.9, TS 38.413 9.3.1.27)."""

    integrity: Protection = "not-needed"
    confidentiality: Protection = "preferred"


class DnnConfiguration(msgspec.Struct, frozen=True):
    """What the SMF keeps of one DNN of one slice (TS 29.503 6.1.6.2.9)."""

    dnn: str
    types: tuple[PduSessionType, ...] = ("IPV4",)
    ssc_modes: tuple[SscMode, ...] = (1,)
    five_qi: int = 9
    arp: Arp = Arp()
    session_ambr: Ambr = Ambr(1_000_000_000, 1_000_000_000)
    static_ipv4: str | None = None
    framed_routes: tuple[str, ...] = ()
    static_ipv6: str | None = None
    """A prefix of 64 bits."""
    up_security: UserPlaneSecurity | None = None
    """The user plane security policy of the home network; None leaves it to the SMF's own (TS 23.501 5.10.3)."""


class SmfSelectionData(msgspec.Struct, frozen=True):
    """Which DNNs a slice offers to this subscriber (TS 29.503 6.1.6.2.5); the first one is the default."""

    dnns: tuple[str, ...]


class Amf3GppAccessRegistration(msgspec.Struct, frozen=True, gc=False):
    """Which AMF serves a UE (TS 29.503 6.2.6.2.2)."""

    amf_instance_id: str
    guami: Guami
    pei: Pei | None = None


class UeAuthenticationData(Protocol):
    """Nudm_UEAuthentication (TS 29.503 5.4); ServiceError USER_NOT_FOUND, AUTHENTICATION_REJECTED."""

    async def generate_auth_data(
        self, identity: Suci | Supi, serving_network_name: bytes, resynchronization: ResynchronizationInfo | None
    ) -> AuthenticationVector:
        """Deconceal, choose SQN, make one vector (TS 29.503 5.4.2.2)."""

    async def confirm_auth(self, supi: Supi, serving_network_name: bytes, *, success: bool) -> None:
        """Note the result of an authentication (TS 29.503 5.4.2.3)."""


class SubscriberDataManagement(Protocol):
    """Nudm_SubscriberDataManagement (TS 29.503 5.2); ServiceError USER_NOT_FOUND, DATA_NOT_FOUND."""

    async def get_am_data(self, supi: Supi) -> AccessAndMobilitySubscriptionData:
        """Access and mobility subscription data (TS 29.503 5.2.2.2.3)."""

    async def get_smf_select_data(self, supi: Supi, slice_: SNssai) -> SmfSelectionData:
        """The DNNs of one slice (TS 29.503 5.2.2.2.4)."""

    async def subscribe_sdm(self, supi: Supi, notify: SdmNotify) -> None:
        """Nudm_SDM_Subscribe: `notify` is called with the SUPI when its data changed (TS 29.503 5.2.2.3)."""

    async def unsubscribe_sdm(self, supi: Supi, notify: SdmNotify) -> None:
        """Nudm_SDM_Unsubscribe (TS 29.503 5.2.2.4)."""

    async def get_sm_data(self, supi: Supi, slice_: SNssai, dnn: str) -> DnnConfiguration:
        """Session management subscription data of one DNN (TS 29.503 5.2.2.2.5)."""


class UeContextManagement(Protocol):
    """Nudm_UEContextManagement (TS 29.503 5.3)."""

    async def register_amf(self, supi: Supi, registration: Amf3GppAccessRegistration) -> None:
        """This AMF serves the UE now (TS 29.503 5.3.2.2.2)."""

    async def deregister_amf(self, supi: Supi, guami: Guami) -> None:
        """This AMF serves the UE no more (TS 29.503 5.3.2.4.2)."""

    async def register_smf(self, supi: Supi, pdu_session_id: int, slice_: SNssai, dnn: str) -> None:
        """This SMF serves a PDU session now (TS 29.503 5.3.2.2.4)."""

    async def deregister_smf(self, supi: Supi, pdu_session_id: int) -> None:
        """This SMF serves a PDU session no more (TS 29.503 5.3.2.4.4)."""


class UnifiedDataManagement(UeAuthenticationData, SubscriberDataManagement, UeContextManagement, Protocol):
    """The whole UDM as its neighbours see it."""
