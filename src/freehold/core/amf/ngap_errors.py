"""Clause 10 of TS 38.413: what a faulty, misplaced or unknown NGAP message is answered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import ngap
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.connection import Gnb

Cause = tuple[Any, Any]

UNKNOWN_LOCAL: Final[Cause] = ("radioNetwork", "unknown-local-UE-NGAP-ID")
INCONSISTENT_REMOTE: Final[Cause] = ("radioNetwork", "inconsistent-remote-UE-NGAP-ID")
WRONG_STATE: Final[Cause] = ("protocol", "message-not-compatible-with-receiver-state")
SEMANTIC: Final[Cause] = ("protocol", "semantic-error")
REJECTED: Final[Cause] = ("protocol", "abstract-syntax-error-reject")
SEVERITY: Final = ("ignore", "notify", "reject")
MOST_DIAGNOSTICS: Final = 256
"""IEs one Criticality Diagnostics can name (TS 38.413 9.3.1.3)."""
TRIGGERS: Mapping[str, Any] = MappingProxyType(
    {
        "initiatingMessage": "initiating-message",
        "successfulOutcome": "successful-outcome",
        "unsuccessfulOutcome": "unsuccessful-outcome",
    }
)


def error_indication(
    amf: AmfFunction,
    gnb: Gnb,
    cause: Cause | None,
    *,
    amf_ue_ngap_id: int | None = None,
    ran_ue_ngap_id: int | None = None,
    diagnostics: ngap.CriticalityDiagnostics | None = None,
    stream: int = 0,
) -> None:
    """ERROR INDICATION with what is known of the message (TS 38.413 8.7.5, 10)."""
    send_ngap(
        amf,
        gnb,
        ngap.ErrorIndication(
            amf_ue_ngap_id=amf_ue_ngap_id,
            ran_ue_ngap_id=ran_ue_ngap_id,
            cause=cause,
            criticality_diagnostics=diagnostics,
        ),
        stream,
    )


def diagnose(decoded: ngap.Decoded[ngap.Message]) -> ngap.CriticalityDiagnostics | None:
    """Criticality Diagnostics of a message that was read in part (TS 38.413 9.3.1.3)."""
    header = decoded.header
    if header is None:
        return None
    items = [
        ngap.CriticalityDiagnosticsIEItem(ie_criticality=fault.action, ie_id=fault.ie, type_of_error=fault.error)
        for fault in decoded.faults
        if fault.ie is not None and fault.error is not None
    ]
    return ngap.CriticalityDiagnostics(
        procedure_code=header.procedure_code,
        triggering_message=TRIGGERS[header.kind],
        procedure_criticality=header.criticality,
        ies_criticality_diagnostics=items[:MOST_DIAGNOSTICS] or None,
    )


# TS 38.413 10.3.4.2, 10.3.5: an initiating message that cannot be executed is answered by its unsuccessful outcome
FAILURES: Mapping[int, Callable[[Cause, ngap.CriticalityDiagnostics | None], ngap.Message]] = MappingProxyType(
    {
        21: lambda cause, seen: ngap.NGSetupFailure(cause=cause, criticality_diagnostics=seen),
        35: lambda cause, seen: ngap.RANConfigurationUpdateFailure(cause=cause, criticality_diagnostics=seen),
    }
)


def answer_faults(amf: AmfFunction, gnb: Gnb, decoded: ngap.Decoded[ngap.Message], stream: int) -> None:
    """Answer a PDU with faults by the gravest action they ask for (TS 38.413 10.2, 10.3)."""
    gravest = max(decoded.faults, key=lambda fault: SEVERITY.index(fault.action))
    header, executed = decoded.header, decoded.message is not None
    name = (
        type(decoded.message).__name__ if executed else (f"procedure {header.procedure_code}" if header else "octets")
    )
    amf.fault(
        gravest.cause,
        f"{gnb} sent {name} with {gravest.cause.replace('-', ' ')}"
        f"{': ' + gravest.where if gravest.where else ''}{' (' + gravest.detail + ')' if gravest.detail else ''}",
        subject=gnb,
        clause="TS 38.413 10.2" if gravest.cause == "transfer-syntax-error" else "TS 38.413 10.3",
    )
    if gravest.action == "ignore" and header is not None:
        return
    if not executed and header is not None and header.kind != "initiatingMessage":
        return  # TS 38.413 10.3.4.2, 10.3.5: a response is a procedure that failed; nothing is sent
    cause: Cause = ("protocol", gravest.cause)
    failure = FAILURES.get(header.procedure_code) if header is not None and not executed else None
    if failure is not None:
        send_ngap(amf, gnb, failure(cause, diagnose(decoded)))
        return
    error_indication(
        amf,
        gnb,
        cause,
        amf_ue_ngap_id=decoded.identifier("amf_ue_ngap_id"),
        ran_ue_ngap_id=decoded.identifier("ran_ue_ngap_id"),
        diagnostics=diagnose(decoded),
        stream=stream,
    )


def misplaced(amf: AmfFunction, gnb: Gnb, message: Any, cause: Cause = WRONG_STATE, stream: int = 0) -> None:
    """A message that means nothing here or now is answered by ERROR INDICATION (TS 38.413 10.4, 10.6)."""
    name = type(message).__name__
    amf.fault(
        str(cause[1]),
        f"{gnb} sent {name}: {str(cause[1]).replace('-', ' ')}",
        subject=gnb,
        clause="TS 38.413 10.4" if cause[0] == "protocol" else "TS 38.413 10.6",
    )
    error_indication(
        amf,
        gnb,
        cause,
        amf_ue_ngap_id=getattr(message, "amf_ue_ngap_id", None),
        ran_ue_ngap_id=getattr(message, "ran_ue_ngap_id", None),
        diagnostics=ngap.CriticalityDiagnostics(
            procedure_code=message.procedure_code,
            triggering_message=TRIGGERS[message.kind],
            procedure_criticality=message.criticality,
        ),
        stream=stream,
    )
