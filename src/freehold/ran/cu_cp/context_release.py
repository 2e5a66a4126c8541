"""The end of a UE context: asked for by the gNB, commanded by the AMF, or local (TS 38.413 8.3.2, 8.3.3)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import ngap
from freehold.ran.cu_cp.link import Link, UeChannel
from freehold.ran.state.machines import Stage, Step
from freehold.ran.state.ue import Ue
from freehold.stack.ngap_faults import INCONSISTENT, UNKNOWN, logical_error

LOST: ngap.Cause = ("radioNetwork", "radio-connection-with-ue-lost")


LOOKS: Final = 4
"""How often user data is looked for within the length of the user inactivity timer."""


def watch(ue: Ue, timer: str) -> None:
    """Look after the length of a timer whether the terminal was heard; earlier looks are off."""
    _look_at(ue, ue.link.gnb.driver.environment.now() + ue.link.gnb.driver.timers[timer].seconds)


def attend(ue: Ue) -> None:
    """A session was added: look for user data from now on."""
    driver = ue.link.gnb.driver
    if ue.stage is not Stage.RELEASING:
        _look_at(ue, driver.environment.now() + driver.timers["user-inactivity"].seconds / LOOKS)


def _look_at(ue: Ue, when: float) -> None:
    ue.activity.stop()
    ue.activity.alarm = ue.link.gnb.driver.environment.call_at(when, lambda: look(ue))


def look(ue: Ue) -> None:
    """Release a terminal that was not heard, or whose AMF did not answer."""
    gnb = ue.link.gnb
    if ue.amf_ue_ngap_id is None:
        gnb.release_locally(ue, "the AMF never answered its first message")
        return
    if ue.stage is Stage.RELEASING:
        gnb.release_locally(ue, "the AMF did not answer the release request")
        return
    now, timer = gnb.driver.environment.now(), gnb.driver.timers["user-inactivity"].seconds
    for session in ue.sessions.values():
        if gnb.plane.take_activity(session.handle):
            ue.activity.last = now
    due = ue.activity.last + timer
    if due <= now:
        request(ue, ("radioNetwork", "user-inactivity"))
    else:
        _look_at(ue, min(due, now + timer / LOOKS) if ue.sessions else due)


def request(ue: Ue, cause: ngap.Cause) -> None:
    """UE CONTEXT RELEASE REQUEST (TS 38.413 8.3.2.2); a terminal the AMF never answered is released at once."""
    ue.radio.lost = ue.radio.lost or cause == LOST
    if ue.amf_ue_ngap_id is None:
        ue.link.gnb.release_locally(ue, cause[1] if isinstance(cause[1], str) else cause[0])
        return
    if not ue.move(Step.RELEASE_REQUESTED):
        return
    sessions = [ngap.PDUSessionResourceItemCxtRelReq(pdu_session_id=number) for number in ue.sessions]
    UeChannel(ue).send(
        ngap.UEContextReleaseRequest(
            amf_ue_ngap_id=ue.amf_ue_ngap_id,
            ran_ue_ngap_id=ue.ran_ue_ngap_id,
            pdu_session_resource_list_cxt_rel_req=sessions or None,
            cause=cause,
        )
    )
    watch(ue, "NGAP-response")


def command(link: Link, message: ngap.UEContextReleaseCommand, notes: ngap.CriticalityDiagnostics | None) -> None:
    """Release everything of the UE, then UE CONTEXT RELEASE COMPLETE (TS 38.413 8.3.3.2)."""
    kind, value = message.ue_ngap_ids
    if isinstance(value, ngap.UENGAPIDPair):
        found = link.ues.get(value.ran_ue_ngap_id)
        amf_id, ran_id = value.amf_ue_ngap_id, value.ran_ue_ngap_id
        ue = found if found is not None and found.amf_ue_ngap_id in {None, amf_id} else None
    else:
        amf_id = value if isinstance(value, int) else 0
        ue = link.by_amf_id.get(amf_id) if kind == "aMF-UE-NGAP-ID" else None
        ran_id = 0 if ue is None else ue.ran_ue_ngap_id
    if ue is None:
        _unknown(link, message, amf_id, ran_id if kind == "uE-NGAP-ID-pair" else None)
        return
    if ue.stage is Stage.LEAVING:
        ue.conversation.deliver(message)  # the end of a handover
    sessions = [ngap.PDUSessionResourceItemCxtRelCpl(pdu_session_id=number) for number in ue.sessions]
    complete = ngap.UEContextReleaseComplete(
        amf_ue_ngap_id=amf_id,
        ran_ue_ngap_id=ran_id,
        user_location_information=link.gnb.location,
        pdu_session_resource_list_cxt_rel_cpl=sessions or None,
        criticality_diagnostics=notes,
    )
    link.gnb.forget(ue)
    link.send(complete, ue.stream, str(ue))
    ue.terminal.released()


def _unknown(link: Link, message: ngap.UEContextReleaseCommand, amf_id: int, ran_id: int | None) -> None:
    """The command names no UE of this gNB, or a wrong pair (TS 38.413 10.6)."""
    paired = ran_id is not None and ran_id in link.ues
    cause = INCONSISTENT if paired else UNKNOWN
    answer = logical_error(message, cause)
    link.send(
        ngap.ErrorIndication(
            amf_ue_ngap_id=amf_id,
            ran_ue_ngap_id=ran_id,
            cause=answer.cause,
            criticality_diagnostics=answer.criticality_diagnostics,
        )
    )
    link.gnb.fault(link, f"UEContextReleaseCommand: {cause[1]}")
