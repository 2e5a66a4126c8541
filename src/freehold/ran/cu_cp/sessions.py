"""PDU session resources: setup, modification, release (TS 38.413 8.2.1, 8.2.2, 8.2.3)."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

import msgspec

from freehold.codecs import ngap
from freehold.procedure import procedure, send
from freehold.ran.cu_cp import context_release
from freehold.ran.cu_cp.link import UeChannel
from freehold.ran.cu_cp.nas_transport import deliver, on_its_way
from freehold.ran.cu_up import bearers
from freehold.ran.state.contexts import Contexts
from freehold.ran.state.ue import Session, Ue
from freehold.services.air import Bearer
from freehold.spec import counters
from freehold.stack.ngap_faults import NgapReject
from freehold.stack.ngap_values import slice_of

Notes = ngap.CriticalityDiagnostics | None
Done: TypeAlias = list[tuple[int, ngap.PDUSessionResourceSetupResponseTransfer]]
Failed: TypeAlias = list[tuple[int, ngap.PDUSessionResourceSetupUnsuccessfulTransfer]]
PDU_SESSION_IDENTITIES = range(1, 16)
"""The others are none or reserved (TS 24.007 11.2.3.1b)."""
_TWICE: ngap.Cause = ("radioNetwork", "multiple-PDU-session-ID-instances")
_UNKNOWN: ngap.Cause = ("radioNetwork", "unknown-PDU-session-ID")
_SLICE: ngap.Cause = ("radioNetwork", "slice-not-supported")


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One session to set up, whichever message asks for it."""

    pdu_session_id: int
    nas: bytes | None
    slice: ngap.SNSSAI
    transfer: ngap.PDUSessionResourceSetupRequestTransfer | bytes


def admit(ue: Ue, asked: list[Asked]) -> tuple[Done, Failed, list[bytes]]:
    """Set up what can be set up, reconfigure the terminal, and give transfers and the NAS that goes with them."""
    done: Done = []
    failed: Failed = []
    nas: list[bytes] = []
    added: list[Bearer] = []
    times = Counter(item.pdu_session_id for item in asked)
    count = ue.link.gnb.driver.environment.count
    for item in asked:
        slice_ = str(slice_of(item.slice))
        count(counters.GNB_SESSION_REQUEST, slice_)
        try:
            session, transfer = set_up(ue, item, times[item.pdu_session_id])
        except NgapReject as refused:
            transfer_ = ngap.PDUSessionResourceSetupUnsuccessfulTransfer(cause=refused.ngap_cause)
            failed.append((item.pdu_session_id, transfer_))
            count(counters.GNB_SESSION_FAILURE, str(refused.ngap_cause[1]))
            ue.link.gnb.report("session-refused", f"PDU session {item.pdu_session_id}: {refused}", ue, refused.fix)
            continue
        done.append((session.pdu_session_id, transfer))
        count(counters.GNB_SESSION_SUCCESS, slice_)
        added.append(Bearer(session.pdu_session_id, session.handle, session.qfis))
        if item.nas is not None:
            nas.append(item.nas)
    if added:
        ue.terminal.bearers(tuple(added), ())
        context_release.attend(ue)
    return done, failed, nas


def set_up(ue: Ue, item: Asked, times: int = 1) -> tuple[Session, ngap.PDUSessionResourceSetupResponseTransfer]:
    """Make one session; NgapReject where it cannot be, or was asked for several `times` (TS 38.413 8.2.1.4)."""
    if times > 1 or item.pdu_session_id in ue.sessions:
        raise NgapReject(_TWICE)
    if item.pdu_session_id not in PDU_SESSION_IDENTITIES:
        raise NgapReject(_UNKNOWN, f"{item.pdu_session_id} is no PDU session identity: 1 to 15 are")
    _check_here(ue)
    _check_slice(ue, item)
    session, transfer = bearers.setup(ue.link.gnb.plane, item.pdu_session_id, item.slice, item.transfer)
    ue.sessions[session.pdu_session_id] = session
    ue.link.gnb.contexts.bearers[session.handle] = ue
    return session, transfer


def _check_here(ue: Ue) -> None:
    left = on_its_way(ue)
    if left is not None:
        raise NgapReject(left)  # TS 38.413 8.2.1.2, 8.2.3.2: the AMF asks again where the terminal arrives


def _check_slice(ue: Ue, item: Asked) -> None:
    offered = ue.link.gnb.slices
    if slice_of(item.slice) not in offered:
        raise NgapReject(_SLICE, f"slice {slice_of(item.slice)} is none of this gNB's")


@procedure(spec="TS 38.413 8.2.1")
async def pdu_session_resource_setup(ue: Ue, request: ngap.PDUSessionResourceSetupRequest, notes: Notes) -> None:
    """Set sessions up and answer with a transfer for each (TS 38.413 8.2.1.2)."""
    asked = [
        Asked(
            item.pdu_session_id,
            item.pdu_session_nas_pdu,
            item.s_nssai,
            item.pdu_session_resource_setup_request_transfer,
        )
        for item in request.pdu_session_resource_setup_list_su_req
    ]
    done, failed, nas = admit(ue, asked)
    await send(
        UeChannel(ue),
        ngap.PDUSessionResourceSetupResponse(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            pdu_session_resource_setup_list_su_res=[
                ngap.PDUSessionResourceSetupItemSURes(
                    pdu_session_id=number, pdu_session_resource_setup_response_transfer=transfer
                )
                for number, transfer in done
            ]
            or None,
            pdu_session_resource_failed_to_setup_list_su_res=[
                ngap.PDUSessionResourceFailedToSetupItemSURes(
                    pdu_session_id=number, pdu_session_resource_setup_unsuccessful_transfer=transfer
                )
                for number, transfer in failed
            ]
            or None,
            criticality_diagnostics=notes,
        ),
    )
    deliver(ue, request.nas_pdu)
    for octets in nas:
        deliver(ue, octets)


@procedure(spec="TS 38.413 8.2.3")
async def pdu_session_resource_modify(ue: Ue, request: ngap.PDUSessionResourceModifyRequest, notes: Notes) -> None:
    """Change tunnels and flows of sessions that stand (TS 38.413 8.2.3.2)."""
    done: list[ngap.PDUSessionResourceModifyItemModRes] = []
    failed: list[ngap.PDUSessionResourceFailedToModifyItemModRes] = []
    changed: list[Bearer] = []
    nas: list[bytes] = []
    items = request.pdu_session_resource_modify_list_mod_req
    times = Counter(item.pdu_session_id for item in items)
    for item in items:
        session = ue.sessions.get(item.pdu_session_id)
        try:
            _check_here(ue)
            # TS 38.413 8.2.3.4
            if session is None or times[item.pdu_session_id] > 1:
                raise NgapReject(_UNKNOWN if session is None else _TWICE)  # noqa: TRY301 - as above
            session, transfer = bearers.modify(
                ue.link.gnb.plane, session, item.pdu_session_resource_modify_request_transfer
            )
        except NgapReject as refused:
            failed.append(
                ngap.PDUSessionResourceFailedToModifyItemModRes(
                    pdu_session_id=item.pdu_session_id,
                    pdu_session_resource_modify_unsuccessful_transfer=ngap.PDUSessionResourceModifyUnsuccessfulTransfer(
                        cause=refused.ngap_cause
                    ),
                )
            )
            continue
        ue.sessions[session.pdu_session_id] = session
        changed.append(Bearer(session.pdu_session_id, session.handle, session.qfis))
        done.append(
            ngap.PDUSessionResourceModifyItemModRes(
                pdu_session_id=item.pdu_session_id, pdu_session_resource_modify_response_transfer=transfer
            )
        )
        if item.nas_pdu is not None:
            nas.append(item.nas_pdu)
    if changed:
        ue.terminal.bearers(tuple(changed), ())
    await send(
        UeChannel(ue),
        ngap.PDUSessionResourceModifyResponse(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            pdu_session_resource_modify_list_mod_res=done or None,
            pdu_session_resource_failed_to_modify_list_mod_res=failed or None,
            criticality_diagnostics=notes,
        ),
    )
    for octets in nas:
        deliver(ue, octets)


@procedure(spec="TS 38.413 8.2.2")
async def pdu_session_resource_release(ue: Ue, request: ngap.PDUSessionResourceReleaseCommand, notes: Notes) -> None:
    """Release sessions; one that is not there is answered as released too (TS 38.413 8.2.2.2)."""
    numbers = tuple(dict.fromkeys(item.pdu_session_id for item in request.pdu_session_resource_to_release_list_rel_cmd))
    known = tuple(number for number in numbers if number in ue.sessions)
    for number in known:
        ue.link.gnb.drop_session(ue, number)
    deliver(ue, request.nas_pdu)
    if known and not on_its_way(ue):
        ue.terminal.bearers((), known)
    await send(
        UeChannel(ue),
        ngap.PDUSessionResourceReleaseResponse(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            pdu_session_resource_released_list_rel_res=[
                ngap.PDUSessionResourceReleasedItemRelRes(
                    pdu_session_id=number,
                    pdu_session_resource_release_response_transfer=ngap.PDUSessionResourceReleaseResponseTransfer(),
                )
                for number in numbers
            ],
            user_location_information=ue.link.gnb.location,
            criticality_diagnostics=notes,
        ),
    )


def tunnel_lost(contexts: Contexts, handle: int) -> None:
    """The UPF does not know a bearer's tunnel: release the session and notify (TS 23.527 5.3.2, TS 38.413 8.2.4.2)."""
    ue = contexts.bearers.get(handle)
    number = None if ue is None else next((n for n, session in ue.sessions.items() if session.handle == handle), None)
    if ue is None or number is None or ue.amf_ue_ngap_id is None:
        return
    ue.link.gnb.drop_session(ue, number)
    ue.terminal.bearers((), (number,))
    transfer = ngap.PDUSessionResourceNotifyReleasedTransfer(
        cause=("transport", "unspecified"), user_plane_error_indicator="gTP-U-error-indication-received"
    )
    UeChannel(ue).send(
        ngap.PDUSessionResourceNotify(
            amf_ue_ngap_id=ue.amf_ue_ngap_id,
            ran_ue_ngap_id=ue.ran_ue_ngap_id,
            pdu_session_resource_released_list_not=[
                ngap.PDUSessionResourceReleasedItemNot(
                    pdu_session_id=number, pdu_session_resource_notify_released_transfer=transfer
                )
            ],
            user_location_information=ue.link.gnb.location,
        )
    )
