"""Clause 10 of TS 38.413: what a faulty, misplaced or unknown NGAP message is answered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import ngap
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.stack.ngap_faults import diagnostics, error_indication, logical_error

Cause = tuple[Any, Any]

UNKNOWN_LOCAL: Final[Cause] = ("radioNetwork", "unknown-local-UE-NGAP-ID")
INCONSISTENT_REMOTE: Final[Cause] = ("radioNetwork", "inconsistent-remote-UE-NGAP-ID")
WRONG_STATE: Final[Cause] = ("protocol", "message-not-compatible-with-receiver-state")
SEMANTIC: Final[Cause] = ("protocol", "semantic-error")
REJECTED: Final[Cause] = ("protocol", "abstract-syntax-error-reject")
SEVERITY: Final = ("ignore", "notify", "reject")


# TS 38.413 10.3.4.2, 10.3.5: an initiating message that cannot be executed is answered by its unsuccessful outcome
FAILURES: Mapping[int, Callable[[Cause, ngap.CriticalityDiagnostics | None], ngap.Message]] = MappingProxyType(
    {
        21: lambda cause, seen: ngap.NGSetupFailure(cause=cause, criticality_diagnostics=seen),
        35: lambda cause, seen: ngap.RANConfigurationUpdateFailure(cause=cause, criticality_diagnostics=seen),
    }
)


MISORDERED: Final = "an IE in wrong order"
ANY_ORDER: Final = 'where this gNB cannot be put right, set amf.ie_order = "any"'


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
        fix=ANY_ORDER if gravest.detail == MISORDERED and not executed else "",
        clause="TS 38.413 10.2" if gravest.cause == "transfer-syntax-error" else "TS 38.413 10.3",
    )
    if gravest.action == "ignore" and header is not None:
        return
    if not executed and header is not None and header.kind != "initiatingMessage":
        return  # TS 38.413 10.3.4.2, 10.3.5: a response is a procedure that failed; nothing is sent
    cause: Cause = ("protocol", gravest.cause)
    failure = FAILURES.get(header.procedure_code) if header is not None and not executed else None
    if failure is not None:
        send_ngap(amf, gnb, failure(cause, diagnostics(header, decoded.faults, in_answer=True)))
        return
    indication = error_indication(decoded)
    if indication is not None:
        send_ngap(amf, gnb, indication, stream)


def misplaced(amf: AmfFunction, gnb: Gnb, message: Any, cause: Cause = WRONG_STATE, stream: int = 0) -> None:
    """A message that means nothing here or now is answered by ERROR INDICATION (TS 38.413 10.4, 10.6)."""
    name = type(message).__name__
    amf.fault(
        str(cause[1]),
        f"{gnb} sent {name}: {str(cause[1]).replace('-', ' ')}",
        subject=gnb,
        clause="TS 38.413 10.4" if cause[0] == "protocol" else "TS 38.413 10.6",
    )
    send_ngap(amf, gnb, logical_error(message, cause), stream)


def unsolicited(amf: AmfFunction, connection: Connection, message: Any) -> None:
    """An outcome nobody asked for is dropped: counted, without an answer (TS 38.413 10.4; G02)."""
    amf.fault(
        "unsolicited outcome",
        f"{connection.gnb} sent {type(message).__name__}, which nothing waits for",
        subject=connection.subject,
        clause="TS 38.413 10.4",
    )
