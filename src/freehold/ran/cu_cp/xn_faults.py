"""What a gNB answers to unknown, unforeseen and erroneous XnAP: as to NGAP (TS 38.423 10, TS 38.413 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import xnap
from freehold.spec.errors import PeerError
from freehold.stack.ngap_faults import DIAGNOSED, TRIGGERING, worst

UNKNOWN: Final[xnap.Cause] = ("radioNetwork", "unknown-local-NG-RAN-node-UE-XnAP-ID")
OUT_OF_STATE: Final[xnap.Cause] = ("protocol", "message-not-compatible-with-receiver-state")
SEMANTIC: Final[xnap.Cause] = ("protocol", "semantic-error")
UNSERVED: Final[Mapping[str, xnap.Cause]] = MappingProxyType(
    {
        "reject": ("protocol", "abstract-syntax-error-reject"),
        "notify": ("protocol", "abstract-syntax-error-ignore-and-notify"),
    }
)
"""What a procedure that is not served is answered with, by its criticality (TS 38.413 10.3.4.1)."""


class Misplaced(PeerError):  # noqa: N818 - what it is
    """A well-formed message that makes no sense here; with the cause that the other gNB is told (TS 38.413 10.4)."""

    def __init__(self, cause: xnap.Cause, why: str = "") -> None:
        super().__init__(why or str(cause[1]))
        self.xnap_cause = cause


def logical_error(message: Any, cause: xnap.Cause) -> xnap.ErrorIndication:
    """The ERROR INDICATION for a well-formed message that makes no sense here (TS 38.413 10.4, 10.6)."""
    return xnap.ErrorIndication(
        old_ng_ran_node_ue_xnap_id=getattr(message, "source_ng_ran_node_ue_xnap_id", None),
        new_ng_ran_node_ue_xnap_id=getattr(message, "target_ng_ran_node_ue_xnap_id", None),
        cause=cause,
        criticality_diagnostics=xnap.CriticalityDiagnostics(
            procedure_code=message.procedure_code,
            triggering_message=TRIGGERING[message.kind],
            procedure_criticality=message.criticality,
        ),
    )


def answer(decoded: xnap.Decoded[Any]) -> Any:
    """What a faulty PDU is answered with: the failure of its procedure, else ERROR INDICATION; None is silence.

    TS 38.413 10.2, 10.3, 10.5.
    """
    fault, header = worst(decoded.faults), decoded.header
    if fault is None:
        return None
    cause: xnap.Cause = ("protocol", fault.cause)
    if header is None:
        return xnap.ErrorIndication(cause=cause)
    if header.kind != "initiatingMessage" or header.procedure_code == xnap.ErrorIndication.procedure_code:
        return None  # TS 38.413 10.3.4.2, 10.5: a faulty answer ends its procedure here, without another message
    source = decoded.identifier("source_ng_ran_node_ue_xnap_id")
    failure = FAILURES.get(header.procedure_code) if decoded.message is None else None
    said = None if failure is None else failure(source, cause, diagnostics(decoded, in_answer=True))
    return said or xnap.ErrorIndication(
        old_ng_ran_node_ue_xnap_id=source,
        new_ng_ran_node_ue_xnap_id=decoded.identifier("target_ng_ran_node_ue_xnap_id"),
        cause=cause,
        criticality_diagnostics=diagnostics(decoded, in_answer=False),
    )


def diagnostics(decoded: xnap.Decoded[Any], *, in_answer: bool) -> xnap.CriticalityDiagnostics | None:
    """Criticality Diagnostics over every fault that is to be reported (TS 38.423 9.2.3.3)."""
    header = None if in_answer else decoded.header
    items = [
        xnap.CriticalityDiagnosticsIEListItem(ie_criticality=fault.action, ie_id=fault.ie, type_of_error=fault.error)
        for fault in decoded.faults
        if fault.ie is not None and fault.error is not None and fault.action != "ignore"
    ][:DIAGNOSED]
    if in_answer and not items:
        return None
    return xnap.CriticalityDiagnostics(
        procedure_code=None if header is None else header.procedure_code,
        triggering_message=None if header is None else TRIGGERING[header.kind],
        procedure_criticality=None if header is None else header.criticality,
        ies_criticality_diagnostics=items or None,
    )


Notes = xnap.CriticalityDiagnostics | None


def _preparation(source: int | None, cause: xnap.Cause, notes: Notes) -> xnap.HandoverPreparationFailure | None:
    if source is None:
        return None
    return xnap.HandoverPreparationFailure(
        source_ng_ran_node_ue_xnap_id=source, cause=cause, criticality_diagnostics=notes
    )


def _setup(_: int | None, cause: xnap.Cause, notes: Notes) -> xnap.XnSetupFailure:
    return xnap.XnSetupFailure(cause=cause, criticality_diagnostics=notes)


FAILURES: Final[Mapping[int, Callable[[int | None, xnap.Cause, Notes], Any]]] = MappingProxyType(
    {
        xnap.HandoverRequest.procedure_code: _preparation,
        xnap.XnSetupRequest.procedure_code: _setup,
    }
)
"""The procedures of another gNB that have an unsuccessful outcome (TS 38.423 8.1)."""
