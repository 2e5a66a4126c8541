"""Which message goes where, in which stage, and what is answered to all others (TS 38.413 8, 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import ngap
from freehold.procedure import Call
from freehold.ran.cu_cp import (
    context_release,
    context_setup,
    inquiries,
    interface,
    n2_target,
    nas_transport,
    sessions,
)
from freehold.ran.cu_cp.link import Link
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Ue
from freehold.spec.errors import PeerError
from freehold.stack.ngap_faults import INCONSISTENT, UNKNOWN, diagnostics, error_indication, logical_error, worst

Notes = ngap.CriticalityDiagnostics | None
_ANY: Final = frozenset(Stage)
_FRESH: Final = frozenset({Stage.CONNECTED})
_TAKING_OVER: Final = frozenset({Stage.ARRIVING, Stage.ESTABLISHED})
_STANDING: Final = frozenset({Stage.ESTABLISHED, Stage.RELEASING})
_WITH_SESSIONS: Final = _STANDING | {Stage.LEAVING}


class UeRow(msgspec.Struct, frozen=True):
    """A UE-associated message: a procedure to start, or a handler, and the stages that allow it."""

    stages: frozenset[Stage]
    begin: Callable[[Ue, Any, Notes], Call[None]] | None = None
    handle: Callable[[Ue, Any], None] | None = None


UE_MESSAGES: Mapping[type[ngap.Message], UeRow] = MappingProxyType(
    {
        ngap.DownlinkNASTransport: UeRow(_ANY, handle=nas_transport.downlink),  # TS 38.413 8.6.2
        ngap.LocationReportingControl: UeRow(_ANY, handle=inquiries.location_reporting_control),  # TS 38.413 8.12.1
        ngap.UERadioCapabilityCheckRequest: UeRow(_ANY, handle=inquiries.radio_capability_check),  # TS 38.413 8.14.2
        ngap.InitialContextSetupRequest: UeRow(_FRESH, begin=context_setup.initial_context_setup),
        ngap.DownlinkRANStatusTransfer: UeRow(_TAKING_OVER, handle=n2_target.status_transfer),  # TS 38.413 8.4.7
        ngap.UEContextModificationRequest: UeRow(_STANDING, begin=context_setup.ue_context_modification),
        ngap.PDUSessionResourceSetupRequest: UeRow(_WITH_SESSIONS, begin=sessions.pdu_session_resource_setup),
        ngap.PDUSessionResourceModifyRequest: UeRow(_WITH_SESSIONS, begin=sessions.pdu_session_resource_modify),
        ngap.PDUSessionResourceReleaseCommand: UeRow(_WITH_SESSIONS, begin=sessions.pdu_session_resource_release),
    }
)
INTERFACE_MESSAGES: Mapping[type[ngap.Message], Callable[[Link, Any, Notes], None]] = MappingProxyType(
    {
        ngap.UEContextReleaseCommand: context_release.command,
        ngap.Paging: interface.paging,
        ngap.NGReset: interface.reset,
        ngap.ErrorIndication: interface.error_indication,
        ngap.OverloadStart: interface.overload_start,
        ngap.OverloadStop: interface.overload_stop,
        ngap.AMFConfigurationUpdate: interface.amf_configuration_update,
        ngap.AMFStatusIndication: interface.amf_status_indication,
        ngap.HandoverRequest: n2_target.handover_request,
    }
)
BEFORE_SETUP: Final = frozenset({ngap.ErrorIndication})
"""What an AMF may send before NG Setup is complete, besides its answer (TS 38.413 8.7.1.1)."""
WITH_DIAGNOSTICS: Final = frozenset(
    {ngap.UEContextReleaseCommand, ngap.NGReset, ngap.AMFConfigurationUpdate, ngap.HandoverRequest}
    | {type_ for type_, row in UE_MESSAGES.items() if row.begin is not None}
)
"""Messages whose answer carries what is to be notified (TS 38.413 10.3.4.2)."""

UNSERVED: Mapping[str, ngap.Cause] = MappingProxyType(
    {
        "reject": ("protocol", "abstract-syntax-error-reject"),
        "notify": ("protocol", "abstract-syntax-error-ignore-and-notify"),
    }
)


def received(link: Link, octets: bytes) -> None:
    """Act on one PDU of an AMF; whatever it is, no other UE notices."""
    decoded = ngap.decode(octets)
    message = decoded.message
    link.record(octets, message)
    if message is None:
        _faulty(link, decoded)
        return
    notify = worst(decoded.faults) is not None
    notes = diagnostics(decoded.header, decoded.faults, in_answer=True) if notify else None
    try:
        _act(link, message, notes)
    except PeerError as wrong:
        link.gnb.fault(link, f"{type(message).__name__}: {wrong}")
        _answer(link, logical_error(message, ("protocol", "semantic-error")))  # TS 38.413 10.4
    if notify and type(message) not in WITH_DIAGNOSTICS:
        link.gnb.fault(link, f"{type(message).__name__}: {decoded.faults[0].cause}")
        _answer(link, error_indication(decoded))


def _act(link: Link, message: ngap.Message, notes: Notes) -> None:
    kind = type(message)
    if message.kind != "initiatingMessage":
        if not (_of_ue(link, message) or link.conversation.deliver(message)):
            # TS 38.413 10.4: an answer nobody waits for is handled locally.
            link.gnb.fault(link, f"unexpected {kind.__name__}")
        return
    if not link.amf.ready and kind not in BEFORE_SETUP:
        link.gnb.fault(link, f"{kind.__name__} before NG Setup")
        _answer(link, logical_error(message, ("protocol", "message-not-compatible-with-receiver-state")))
        return
    handler = INTERFACE_MESSAGES.get(kind)
    if handler is not None:
        handler(link, message, notes)
        return
    row = UE_MESSAGES.get(kind)
    if row is None:
        _unsupported(link, message)
        return
    ue = identify(link, message)
    if ue is None:
        return
    if ue.stage not in row.stages:
        _out_of_state(link, ue, message)
        return
    ue.activity.last = link.gnb.driver.environment.now()
    if row.handle is not None:
        row.handle(ue, message)
    elif row.begin is not None:
        ue.conversation.start(row.begin(ue, message, notes))


SWITCHED: Final = frozenset({ngap.PathSwitchRequestAcknowledge, ngap.PathSwitchRequestFailure})
"""Answers that may bring another AMF UE NGAP ID than the gNB knows (TS 38.413 8.4.4.2)."""


def _of_ue(link: Link, message: ngap.Message) -> bool:
    """Whether an answer is one that a procedure of its UE waits for."""
    ran_id, amf_id = (getattr(message, name, None) for name in ("ran_ue_ngap_id", "amf_ue_ngap_id"))
    ue = link.ues.get(ran_id) if isinstance(ran_id, int) else None
    if ue is None or (amf_id != ue.amf_ue_ngap_id and type(message) not in SWITCHED):
        return False
    return ue.conversation.deliver(message)


def identify(link: Link, message: ngap.Message) -> Ue | None:
    """The UE of a UE-associated message; its first one brings the AMF UE NGAP ID (TS 38.413 10.6)."""
    amf_id, ran_id = (getattr(message, name, None) for name in ("amf_ue_ngap_id", "ran_ue_ngap_id"))
    ue = link.ues.get(ran_id) if isinstance(ran_id, int) else None
    cause = UNKNOWN
    if ue is not None and isinstance(amf_id, int):
        if ue.amf_ue_ngap_id is None and amf_id not in link.by_amf_id:
            link.gnb.rename(ue, amf_id)
            context_release.watch(ue, "user-inactivity")
        if ue.amf_ue_ngap_id == amf_id:
            return ue
        cause = INCONSISTENT
    link.gnb.fault(link, f"{type(message).__name__}: {cause[1]}")
    _answer(link, logical_error(message, cause))
    return None


def _unsupported(link: Link, message: ngap.Message) -> None:
    """A procedure this gNB does not have, by its criticality (TS 38.413 10.3.4.1)."""
    link.gnb.fault(link, f"{type(message).__name__} is not served")
    if message.criticality != "ignore":
        _answer(link, logical_error(message, UNSERVED[message.criticality]))


def _out_of_state(link: Link, ue: Ue, message: ngap.Message) -> None:
    """A logical error: the unsuccessful outcome where the procedure has one (TS 38.413 10.4)."""
    link.gnb.fault(link, f"{type(message).__name__} while {ue.stage.value}")
    cause: ngap.Cause = ("protocol", "message-not-compatible-with-receiver-state")
    failure = UNSUCCESSFUL.get(message.procedure_code)
    if failure is not None and ue.amf_ue_ngap_id is not None:
        link.send(failure(ue.amf_ue_ngap_id, ue.ran_ue_ngap_id, cause, None), ue.stream)
    else:
        _answer(link, logical_error(message, cause))


def _faulty(link: Link, decoded: ngap.Decoded[ngap.Message]) -> None:
    """A PDU that must not be executed (TS 38.413 10.2, 10.3)."""
    fault, header = worst(decoded.faults), decoded.header
    where = "" if fault is None else f" ({fault.where} {fault.detail})"
    link.gnb.fault(link, f"{'undecodable PDU' if fault is None else fault.cause}{where}")
    if fault is None or (header is not None and header.kind != "initiatingMessage"):
        return  # TS 38.413 10.3.4.2: a faulty answer ends its procedure here, without another message
    amf_id, ran_id = decoded.identifier("amf_ue_ngap_id"), decoded.identifier("ran_ue_ngap_id")
    failure = None if header is None else UNSUCCESSFUL.get(header.procedure_code)
    known = link.ues.get(ran_id) if ran_id is not None else None
    if failure is not None and known is not None and amf_id is not None and known.amf_ue_ngap_id in {None, amf_id}:
        notes = diagnostics(header, decoded.faults, in_answer=True)
        link.send(failure(amf_id, known.ran_ue_ngap_id, ("protocol", fault.cause), notes), known.stream)
    else:
        _answer(link, error_indication(decoded))


def _answer(link: Link, message: ngap.ErrorIndication | None) -> None:
    if message is not None:
        link.send(message)


def _context_setup_failure(amf_id: int, ran_id: int, cause: ngap.Cause, notes: Notes) -> ngap.Message:
    return ngap.InitialContextSetupFailure(
        amf_ue_ngap_id=amf_id, ran_ue_ngap_id=ran_id, cause=cause, criticality_diagnostics=notes
    )


def _modification_failure(amf_id: int, ran_id: int, cause: ngap.Cause, notes: Notes) -> ngap.Message:
    return ngap.UEContextModificationFailure(
        amf_ue_ngap_id=amf_id, ran_ue_ngap_id=ran_id, cause=cause, criticality_diagnostics=notes
    )


UNSUCCESSFUL: Mapping[int, Callable[[int, int, ngap.Cause, Notes], ngap.Message]] = MappingProxyType(
    {
        ngap.InitialContextSetupRequest.procedure_code: _context_setup_failure,
        ngap.UEContextModificationRequest.procedure_code: _modification_failure,
    }
)
"""The UE-associated procedures of an AMF that have an unsuccessful outcome (TS 38.413 8.1)."""
