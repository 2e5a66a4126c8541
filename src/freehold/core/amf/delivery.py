"""What an SMF sends to a UE and its gNB: the N1 and N2 parts on their way (TS 23.502 4.2.3.3, TS 38.413 8.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from freehold.codecs import nas, ngap
from freehold.core.amf.channels import N1, N2, protect
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.context_setup import setup_context, ue_ambr
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.machines import ContextState, MmState
from freehold.core.amf.state.ue import Session, Ue
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.nsmf import SmContextUpdatedData
from freehold.stack import ngap_values

NORMAL_RELEASE: Final = ngap.PDUSessionResourceReleaseCommandTransfer(cause=("nas", "normal-release"))


def transport(pdu_session_id: int, n1_sm_message: bytes, cause: int | None = None) -> nas.DlNasTransport:
    """DL NAS TRANSPORT with a 5GSM message, or with one given back and the 5GMM cause why (TS 24.501 5.4.5.3.2)."""
    return nas.DlNasTransport(
        payload_container_type=nas.PayloadContainerType.N1_SM_INFORMATION,
        payload_container=n1_sm_message,
        pdu_session_identity=pdu_session_id,
        cause=cause,
    )


def deliver(amf: AmfFunction, ue: Ue, data: N1N2MessageTransferReqData) -> None:
    """Send to a UE that is registered and in CM-CONNECTED; while its context comes or goes, or it moves, data wait."""
    connection = ue.connection
    if (
        connection is None
        or ue.state is not MmState.REGISTERED
        or connection.context is ContextState.RELEASING
        or connection.handover is not None
        or connection.switching
        or (data.n2_sm_info is not None and connection.context is ContextState.REQUESTED)
    ):
        ue.queued += (data,)
        return
    session = ue.session(data.pdu_session_id)
    n1 = None
    if data.n1_sm_message is not None:
        n1 = protect(amf, ue, transport(data.pdu_session_id, data.n1_sm_message))
    way = WAYS.get(data.n2_sm_info_type or "")
    if session is None or way is None or data.n2_sm_info is None:
        if n1 is not None:
            N1(amf, ue).carry(connection, n1)
        return
    way(amf, ue, connection, session, n1, data.n2_sm_info)


def flush(amf: AmfFunction, ue: Ue) -> None:
    """Send what waited for the UE or for its context, in its order."""
    queued, ue.queued = ue.queued, ()
    for data in queued:
        deliver(amf, ue, data)


def pass_on(amf: AmfFunction, ue: Ue, session: Session, updated: SmContextUpdatedData) -> None:
    """Send what an SMF gave back with an answer (TS 29.502 5.2.2.3)."""
    if updated.n1_sm_message is not None or updated.n2_sm_info is not None:
        data = N1N2MessageTransferReqData(
            session.pdu_session_id, session.slice, updated.n1_sm_message, updated.n2_sm_info, updated.n2_sm_info_type
        )
        deliver(amf, ue, data)


# --- one way for each type of N2 SM information -----------------------------------------------
def set_up(
    amf: AmfFunction, ue: Ue, connection: Connection, session: Session, n1: bytes | None, transfer: bytes
) -> None:
    """PDU SESSION RESOURCE SETUP REQUEST, or a context setup where the gNB has none yet (TS 38.413 8.2.1, 8.3.1)."""
    if connection.context is ContextState.ABSENT:
        setup_context(amf, ue, connection, n1, ((session, transfer),))
        return
    session.active = True
    session.awaited = "setup"
    N2(amf, connection).send(
        ngap.PDUSessionResourceSetupRequest(
            amf_ue_ngap_id=connection.amf_ue_ngap_id,
            ran_ue_ngap_id=connection.ran_ue_ngap_id,
            pdu_session_resource_setup_list_su_req=[
                ngap.PDUSessionResourceSetupItemSUReq(
                    pdu_session_id=session.pdu_session_id,
                    pdu_session_nas_pdu=n1,
                    s_nssai=ngap_values.slice_(session.slice),
                    pdu_session_resource_setup_request_transfer=transfer,
                )
            ],
            ue_aggregate_maximum_bit_rate=ue_ambr(ue),
        )
    )


def release(
    amf: AmfFunction, ue: Ue, connection: Connection, session: Session, n1: bytes | None, transfer: bytes
) -> None:
    """PDU SESSION RESOURCE RELEASE COMMAND; without resources at the gNB only the N1 part goes (TS 38.413 8.2.2)."""
    if not session.active:
        if n1 is not None:
            N1(amf, ue).carry(connection, n1)
        return
    session.awaited = "release"
    N2(amf, connection).send(release_command(connection, session, n1, transfer))


def release_command(
    connection: Connection,
    session: Session,
    n1: bytes | None,
    transfer: bytes | ngap.PDUSessionResourceReleaseCommandTransfer,
) -> ngap.PDUSessionResourceReleaseCommand:
    """The command for one session (TS 38.413 9.2.1.3)."""
    return ngap.PDUSessionResourceReleaseCommand(
        amf_ue_ngap_id=connection.amf_ue_ngap_id,
        ran_ue_ngap_id=connection.ran_ue_ngap_id,
        nas_pdu=n1,
        pdu_session_resource_to_release_list_rel_cmd=[
            ngap.PDUSessionResourceToReleaseItemRelCmd(
                pdu_session_id=session.pdu_session_id, pdu_session_resource_release_command_transfer=transfer
            )
        ],
    )


def free(amf: AmfFunction, ue: Ue, session: Session) -> None:
    """The gNB frees what it has for a session that is released locally: its identity may be used again at once.

    TS 38.413 8.2.1.4: a setup for an identity that is active is refused.
    """
    connection = ue.connection
    if connection is None or connection.context is not ContextState.ESTABLISHED or not session.active:
        return
    session.active = False
    connection.freed += (session.pdu_session_id,)
    N2(amf, connection).send(release_command(connection, session, None, NORMAL_RELEASE))


def modify(
    amf: AmfFunction,
    ue: Ue,  # noqa: ARG001 - the same for every way
    connection: Connection,
    session: Session,
    n1: bytes | None,
    transfer: bytes,
) -> None:
    """PDU SESSION RESOURCE MODIFY REQUEST (TS 38.413 8.2.3)."""
    session.awaited = "modify"
    N2(amf, connection).send(
        ngap.PDUSessionResourceModifyRequest(
            amf_ue_ngap_id=connection.amf_ue_ngap_id,
            ran_ue_ngap_id=connection.ran_ue_ngap_id,
            pdu_session_resource_modify_list_mod_req=[
                ngap.PDUSessionResourceModifyItemModReq(
                    pdu_session_id=session.pdu_session_id,
                    nas_pdu=n1,
                    pdu_session_resource_modify_request_transfer=transfer,
                )
            ],
        )
    )


Way = Callable[[AmfFunction, Ue, Connection, Session, "bytes | None", bytes], None]
WAYS: Mapping[str, Way] = MappingProxyType(
    {"PDU_RES_SETUP_REQ": set_up, "PDU_RES_REL_CMD": release, "PDU_RES_MOD_REQ": modify}
)
