"""What a faulty NGAP message asks of its receiver: the remedy, the cause, and the diagnostics (TS 38.413 10)."""

from __future__ import annotations

from typing import Literal

from freehold.codecs.ngap import (
    Cause,
    CriticalityDiagnostics,
    CriticalityDiagnosticsIEItem,
    Decoded,
    ErrorIndication,
    Fault,
    Message,
    TriggeringMessage,
    message_class,
)

Remedy = Literal["error-indication", "unsuccessful-outcome", "local-error-handling", "report-in-response"]

_TRIGGERS: dict[str, TriggeringMessage] = {
    "initiatingMessage": "initiating-message",
    "successfulOutcome": "successful-outcome",
    "unsuccessfulOutcome": "unsuccessful-outcome",
}
_MAX_DIAGNOSTICS = 256  # TS 38.413 9.3.1.3: maxnoofErrors


def reported(decoded: Decoded[Message]) -> list[Fault]:
    """The faults that the peer is told of; one whose criticality is ignore is not (TS 38.413 10.3.4.2, 10.3.5)."""
    return [fault for fault in decoded.faults if fault.action != "ignore"]


def remedy(decoded: Decoded[Message]) -> Remedy | None:
    """How the receiver answers the faults, None where it does not."""
    faults, header = reported(decoded), decoded.header
    if not faults:
        return None
    if header is None or any(fault.cause == "transfer-syntax-error" for fault in faults):
        return "error-indication"  # TS 38.413 10.2
    if message_class(header.procedure_code, header.kind) is None:
        return "error-indication"  # TS 38.413 10.3.4.1, 10.3.4.1A
    rejected = any(fault.action == "reject" for fault in faults)
    if header.kind != "initiatingMessage":
        # TS 38.413 10.3.4.2, 10.3.5, 10.3.6: a response cannot be answered, only acted on or told of
        return "local-error-handling" if rejected else "error-indication"
    if rejected:
        failure = message_class(header.procedure_code, "unsuccessfulOutcome")
        return "error-indication" if failure is None else "unsuccessful-outcome"
    success = message_class(header.procedure_code, "successfulOutcome")
    return "error-indication" if success is None else "report-in-response"


def cause(decoded: Decoded[Message]) -> Cause | None:
    """The cause to answer with: that of the gravest fault (TS 38.413 9.3.1.2)."""
    faults = sorted(reported(decoded), key=lambda fault: fault.action != "reject")
    return ("protocol", faults[0].cause) if faults else None


def criticality_diagnostics(decoded: Decoded[Message], *, in_response: bool = False) -> CriticalityDiagnostics | None:
    """The faults as Criticality Diagnostics (TS 38.413 9.3.1.3).

    The procedure is named in an Error Indication only, not `in_response` of the same procedure.
    """
    items = [
        CriticalityDiagnosticsIEItem(ie_criticality=fault.action, ie_id=fault.ie, type_of_error=fault.error)
        for fault in reported(decoded)[:_MAX_DIAGNOSTICS]
        if fault.ie is not None and fault.error is not None
    ]
    header = None if in_response else decoded.header
    if header is None and not items:
        return None
    return CriticalityDiagnostics(
        procedure_code=None if header is None else header.procedure_code,
        triggering_message=None if header is None else _TRIGGERS[header.kind],
        procedure_criticality=None if header is None else header.criticality,
        ies_criticality_diagnostics=items or None,
    )


def error_indication(decoded: Decoded[Message]) -> ErrorIndication | None:
    """The Error Indication that the faults ask for, with the UE's identifiers that were read; None without faults.

    TS 38.413 8.7.4.2: identifiers are given where the message was UE-associated.
    """
    why = cause(decoded)
    if why is None:
        return None
    return ErrorIndication(
        amf_ue_ngap_id=decoded.identifier("amf_ue_ngap_id"),
        ran_ue_ngap_id=decoded.identifier("ran_ue_ngap_id"),
        cause=why,
        criticality_diagnostics=criticality_diagnostics(decoded),
    )
