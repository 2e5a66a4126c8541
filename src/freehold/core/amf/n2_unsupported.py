"""Procedures this AMF answers without having them, in the words of each (TS 38.413 8.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import ngap
from freehold.core.amf.channels import N2, send_ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.connection import Connection, Gnb

NO_HANDOVER: Final[Any] = ("radioNetwork", "ho-failure-in-target-5GC-ngran-node-or-target-system")


def no_handover(amf: AmfFunction, gnb: Gnb, message: ngap.HandoverRequired) -> None:
    """HANDOVER PREPARATION FAILURE (TS 38.413 8.4.1.3)."""
    send_ngap(
        amf,
        gnb,
        ngap.HandoverPreparationFailure(
            amf_ue_ngap_id=message.amf_ue_ngap_id, ran_ue_ngap_id=message.ran_ue_ngap_id, cause=NO_HANDOVER
        ),
    )
    amf.fault("handover", f"{gnb} asked for a handover over N2, which this version does not do", subject=gnb)


def handover_cancelled(amf: AmfFunction, gnb: Gnb, message: ngap.HandoverCancel) -> None:
    """HANDOVER CANCEL of what was never prepared is acknowledged (TS 38.413 8.4.5)."""
    send_ngap(
        amf,
        gnb,
        ngap.HandoverCancelAcknowledge(amf_ue_ngap_id=message.amf_ue_ngap_id, ran_ue_ngap_id=message.ran_ue_ngap_id),
    )


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


UNSUPPORTED: Mapping[type[Any], Callable[[AmfFunction, Gnb, Any], None]] = MappingProxyType(
    {
        ngap.HandoverRequired: no_handover,
        ngap.HandoverCancel: handover_cancelled,
    }
)
