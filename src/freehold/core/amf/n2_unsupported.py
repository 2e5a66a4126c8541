"""Procedures this AMF answers without having them, in the words of each (TS 38.413 8.2.5)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.core.amf.channels import N2
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.connection import Connection


def no_modification(amf: AmfFunction, connection: Connection, message: ngap.PDUSessionResourceModifyIndication) -> None:
    """PDU SESSION RESOURCE MODIFY CONFIRM in which every session stays as it was (TS 38.413 8.2.5.2)."""
    transfer = ngap.PDUSessionResourceModifyIndicationUnsuccessfulTransfer(cause=("radioNetwork", "unspecified"))
    failed = [
        ngap.PDUSessionResourceFailedToModifyItemModCfm(
            pdu_session_id=item.pdu_session_id, pdu_session_resource_modify_indication_unsuccessful_transfer=transfer
        )
        for item in message.pdu_session_resource_modify_list_mod_ind
    ]
    confirm = ngap.PDUSessionResourceModifyConfirm(
        amf_ue_ngap_id=connection.amf_ue_ngap_id,
        ran_ue_ngap_id=connection.ran_ue_ngap_id,
        pdu_session_resource_failed_to_modify_list_mod_cfm=failed,
    )
    N2(amf, connection).send(confirm)
    amf.fault(
        "dual connectivity",
        f"{connection.gnb} wanted to move sessions to another node of its own, which this version does not do",
        subject=connection.ue or connection,
        clause="TS 38.413 8.2.5",
    )
