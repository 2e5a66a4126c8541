"""Namf_Communication and the SMF's notifications to an AMF (TS 29.518 5.2, TS 29.502 5.2.2.5)."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from freehold.services.nsmf import N2SmInfoType
from freehold.spec.identities import SNssai, Supi

TransferCause = Literal["N1_N2_TRANSFER_INITIATED", "ATTEMPTING_TO_REACH_UE", "N1_MSG_NOT_TRANSFERRED"]


class N1N2MessageTransferReqData(msgspec.Struct, frozen=True, gc=False):
    """What an SMF sends to a UE and its gNB (TS 29.518 6.1.6.2.18)."""

    pdu_session_id: int
    slice: SNssai | None = None
    n1_sm_message: bytes | None = None
    n2_sm_info: bytes | None = None
    n2_sm_info_type: N2SmInfoType | None = None
    arp_priority: int = 8


class Communication(Protocol):
    """The AMF as an SMF sees it; ServiceError CONTEXT_NOT_FOUND, UE_NOT_REACHABLE."""

    async def n1_n2_message_transfer(self, supi: Supi, data: N1N2MessageTransferReqData) -> TransferCause:
        """N1N2MessageTransfer (TS 29.518 5.2.2.3.1): sent at once, or the UE is paged first."""

    async def sm_context_status_notify(self, supi: Supi, pdu_session_id: int, reference: str) -> None:
        """SMContextStatusNotify (TS 29.502 5.2.2.5.1): the SMF released the session."""
