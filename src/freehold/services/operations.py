"""Service operations by method: the names and clauses a ladder shows, and one day a route serves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation of a service-based interface."""

    name: str
    clause: str


def _table(rows: tuple[tuple[str, str, str], ...]) -> Mapping[str, Operation]:
    return MappingProxyType({method: Operation(name, clause) for method, name, clause in rows})


OPERATIONS: Mapping[str, Operation] = _table(
    (
        ("authenticate", "Nausf_UEAuthentication_Authenticate", "TS 29.509 5.2.2.2"),
        ("confirm", "Nausf_UEAuthentication_Authenticate confirmation", "TS 29.509 5.2.2.2"),
        ("generate_auth_data", "Nudm_UEAuthentication_Get", "TS 29.503 5.4.2.2"),
        ("confirm_auth", "Nudm_UEAuthentication_ResultConfirmation", "TS 29.503 5.4.2.3"),
        ("get_am_data", "Nudm_SDM_Get access and mobility", "TS 29.503 5.2.2.2.3"),
        ("get_smf_select_data", "Nudm_SDM_Get SMF selection", "TS 29.503 5.2.2.2.4"),
        ("get_sm_data", "Nudm_SDM_Get session management", "TS 29.503 5.2.2.2.5"),
        ("subscribe_sdm", "Nudm_SDM_Subscribe", "TS 29.503 5.2.2.3"),
        ("unsubscribe_sdm", "Nudm_SDM_Unsubscribe", "TS 29.503 5.2.2.4"),
        ("register_amf", "Nudm_UECM_Registration AMF", "TS 29.503 5.3.2.2.2"),
        ("deregister_amf", "Nudm_UECM_Deregistration AMF", "TS 29.503 5.3.2.4.2"),
        ("register_smf", "Nudm_UECM_Registration SMF", "TS 29.503 5.3.2.2.4"),
        ("deregister_smf", "Nudm_UECM_Deregistration SMF", "TS 29.503 5.3.2.4.4"),
        ("create_am_policy", "Npcf_AMPolicyControl_Create", "TS 29.507 4.2.2"),
        ("update_am_policy", "Npcf_AMPolicyControl_Update", "TS 29.507 4.2.3"),
        ("delete_am_policy", "Npcf_AMPolicyControl_Delete", "TS 29.507 4.2.5"),
        ("create_sm_policy", "Npcf_SMPolicyControl_Create", "TS 29.512 4.2.2"),
        ("update_sm_policy", "Npcf_SMPolicyControl_Update", "TS 29.512 4.2.4"),
        ("delete_sm_policy", "Npcf_SMPolicyControl_Delete", "TS 29.512 4.2.5"),
        ("select", "Nnssf_NSSelection_Get", "TS 29.531 5.2.2.2"),
        ("register", "Nnrf_NFManagement_NFRegister", "TS 29.510 5.2.2.2"),
        ("deregister", "Nnrf_NFManagement_NFDeregister", "TS 29.510 5.2.2.4"),
        ("discover", "Nnrf_NFDiscovery_Request", "TS 29.510 5.3.2.2"),
        ("create_sm_context", "Nsmf_PDUSession_CreateSMContext", "TS 29.502 5.2.2.2"),
        ("update_sm_context", "Nsmf_PDUSession_UpdateSMContext", "TS 29.502 5.2.2.3"),
        ("release_sm_context", "Nsmf_PDUSession_ReleaseSMContext", "TS 29.502 5.2.2.4"),
        ("n1_n2_message_transfer", "Namf_Communication_N1N2MessageTransfer", "TS 29.518 5.2.2.3.1"),
        ("sm_context_status_notify", "Nsmf_PDUSession_SMContextStatusNotify", "TS 29.502 5.2.2.5"),
    )
)
