"""Nsmf_PDUSession (TS 29.502 5.2): SM contexts, with NAS and NGAP parts as octets."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from freehold.spec.identities import Guami, Pei, SNssai, Supi, Tai

N2SmInfoType = Literal[
    "PDU_RES_SETUP_REQ",
    "PDU_RES_SETUP_RSP",
    "PDU_RES_SETUP_FAIL",
    "PDU_RES_REL_CMD",
    "PDU_RES_REL_RSP",
    "PDU_RES_MOD_REQ",
    "PDU_RES_MOD_RSP",
    "PDU_RES_MOD_FAIL",
    "PDU_RES_NTY",
    "PDU_RES_NTY_REL",
    "PDU_RES_MOD_IND",
    "PATH_SWITCH_REQ",
    "PATH_SWITCH_SETUP_FAIL",
    "PATH_SWITCH_REQ_ACK",
    "PATH_SWITCH_REQ_FAIL",
    "HANDOVER_REQUIRED",
    "HANDOVER_CMD",
    "HANDOVER_REQ_ACK",
    "HANDOVER_RES_ALLOC_FAIL",
]
HoState = Literal["PREPARING", "PREPARED", "COMPLETED", "CANCELLED"]
"""How far an N2 handover is (TS 29.502 6.1.6.3.4)."""
UpCnxState = Literal["ACTIVATED", "ACTIVATING", "DEACTIVATED"]
RequestType = Literal["INITIAL_REQUEST", "EXISTING_PDU_SESSION", "INITIAL_EMERGENCY_REQUEST", "MODIFICATION_REQUEST"]


class SmContextCreateData(msgspec.Struct, frozen=True):
    """A UE asks for a PDU session (TS 29.502 6.1.6.2.2); `n1_sm_message` is the 5GSM message's octets."""

    supi: Supi
    pdu_session_id: int
    slice: SNssai
    dnn: str
    dnn_selected_by_ue: bool
    guami: Guami
    tai: Tai
    n1_sm_message: bytes
    request_type: RequestType = "INITIAL_REQUEST"
    pei: Pei | None = None


class SmContextUpdateData(msgspec.Struct, frozen=True, gc=False):
    """What changed for an SM context (TS 29.502 6.1.6.2.4)."""

    n1_sm_message: bytes | None = None
    n2_sm_info: bytes | None = None
    n2_sm_info_type: N2SmInfoType | None = None
    up_cnx_state: UpCnxState | None = None
    cause: str = ""
    release: bool = False
    ho_state: HoState | None = None


class SmContextUpdatedData(msgspec.Struct, frozen=True, gc=False):
    """What the AMF is to pass on (TS 29.502 6.1.6.2.5)."""

    n1_sm_message: bytes | None = None
    n2_sm_info: bytes | None = None
    n2_sm_info_type: N2SmInfoType | None = None
    up_cnx_state: UpCnxState | None = None
    ho_state: HoState | None = None


class PduSession(Protocol):
    """The SMF as an AMF sees it; refusals are ServiceError with the 5GSM message to return in `n1_sm_message`."""

    async def create_sm_context(self, data: SmContextCreateData) -> str:
        """CreateSMContext (TS 29.502 5.2.2.2.1): the reference; N1 and N2 parts follow by N1N2MessageTransfer."""

    async def update_sm_context(self, reference: str, data: SmContextUpdateData) -> SmContextUpdatedData:
        """UpdateSMContext (TS 29.502 5.2.2.3.1)."""

    async def release_sm_context(self, reference: str, cause: str = "") -> None:
        """ReleaseSMContext (TS 29.502 5.2.2.4.1): the session is gone without signalling to the UE."""
