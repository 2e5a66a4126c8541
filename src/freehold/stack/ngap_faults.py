"""What both ends of N2 answer to unknown, unforeseen and erroneous NGAP (TS 38.413 10)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from freehold.codecs import ngap
from freehold.spec.errors import Reject

ERROR_INDICATION: Final = 9
"""Its procedure code: an error in it is never answered (TS 38.413 10.5)."""
DIAGNOSED: Final = 256
"""How many IEs criticality diagnostics hold (TS 38.413 9.3.1.3)."""
UNKNOWN: Final[ngap.Cause] = ("radioNetwork", "unknown-local-UE-NGAP-ID")
INCONSISTENT: Final[ngap.Cause] = ("radioNetwork", "inconsistent-remote-UE-NGAP-ID")
"""What identifiers of no UE, or of two, are answered with (TS 38.413 10.6)."""

TRIGGERING: Mapping[str, ngap.TriggeringMessage] = MappingProxyType(
    {
        "initiatingMessage": "initiating-message",
        "successfulOutcome": "successful-outcome",
        "unsuccessfulOutcome": "unsuccessful-outcome",
    }
)
_GRAVITY: Mapping[str, int] = MappingProxyType({"reject": 0, "notify": 1, "ignore": 2})


class NgapReject(Reject):
    """A procedure ends with an NGAP cause (TS 38.413 9.3.1.2)."""

    def __init__(self, cause: ngap.Cause, why: str = "", fix: str = "") -> None:
        super().__init__(0, why or f"{cause[0]}: {cause[1]}", fix)
        self.ngap_cause = cause


def worst(faults: tuple[ngap.Fault, ...]) -> ngap.Fault | None:
    """The fault whose criticality governs: reject before notify; None where all are to be ignored."""
    fault = min(faults, key=lambda fault: _GRAVITY[fault.action], default=None)
    return None if fault is None or fault.action == "ignore" else fault


def diagnostics(
    header: ngap.Header | None, faults: tuple[ngap.Fault, ...], *, in_answer: bool
) -> ngap.CriticalityDiagnostics | None:
    """Criticality Diagnostics over every fault that is to be reported (TS 38.413 9.3.1.3).

    An answer of the same procedure leaves out the procedure code and the triggering message.
    """
    items = [
        ngap.CriticalityDiagnosticsIEItem(ie_criticality=fault.action, ie_id=fault.ie, type_of_error=fault.error)
        for fault in faults
        if fault.ie is not None and fault.error is not None and fault.action != "ignore"
    ][:DIAGNOSED]
    if in_answer and not items:
        return None
    return ngap.CriticalityDiagnostics(
        procedure_code=None if in_answer or header is None else header.procedure_code,
        triggering_message=None if in_answer or header is None else TRIGGERING[header.kind],
        procedure_criticality=None if in_answer or header is None else header.criticality,
        ies_criticality_diagnostics=items or None,
    )


def error_indication(decoded: ngap.Decoded[ngap.Message]) -> ngap.ErrorIndication | None:
    """The ERROR INDICATION for a faulty PDU; None where the clause says silence (TS 38.413 10.2, 10.3, 10.5)."""
    fault = worst(decoded.faults)
    header = decoded.header
    if fault is None or (header is not None and header.procedure_code == ERROR_INDICATION):
        return None
    return ngap.ErrorIndication(
        amf_ue_ngap_id=decoded.identifier("amf_ue_ngap_id"),
        ran_ue_ngap_id=decoded.identifier("ran_ue_ngap_id"),
        cause=("protocol", fault.cause),
        # TS 38.413 10.2: a transfer syntax error leaves nothing to diagnose.
        criticality_diagnostics=None if header is None else diagnostics(header, decoded.faults, in_answer=False),
    )


def logical_error(message: ngap.Message, cause: ngap.Cause) -> ngap.ErrorIndication:
    """The ERROR INDICATION for a well-formed message that makes no sense here (TS 38.413 10.4, 10.6)."""
    amf, ran = (getattr(message, name, None) for name in ("amf_ue_ngap_id", "ran_ue_ngap_id"))
    return ngap.ErrorIndication(
        amf_ue_ngap_id=amf,
        ran_ue_ngap_id=ran,
        cause=cause,
        criticality_diagnostics=ngap.CriticalityDiagnostics(
            procedure_code=message.procedure_code,
            triggering_message=TRIGGERING[message.kind],
            procedure_criticality=message.criticality,
        ),
    )
