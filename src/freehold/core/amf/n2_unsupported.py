"""Procedures this AMF answers without having them, in the words of each (TS 38.413 8.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import ngap
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.connection import Gnb

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


UNSUPPORTED: Mapping[type[Any], Callable[[AmfFunction, Gnb, Any], None]] = MappingProxyType(
    {
        ngap.HandoverRequired: no_handover,
        ngap.HandoverCancel: handover_cancelled,
    }
)
