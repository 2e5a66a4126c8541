"""Session status of both sides made equal, user planes asked for again (TS 24.501 5.5.1.3.4, 5.6.1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from freehold.codecs import nas
from freehold.core.amf.delivery import free
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Session, Ue
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.spec.causes import MmCause

NOT_ALLOWED: Final = frozenset({"OUT_OF_LADN_SERVICE_AREA"})


async def synchronise(amf: AmfFunction, ue: Ue, pdu_session_status: Sequence[int] | None) -> None:
    """Release locally every session that the UE says it does not have (TS 24.501 5.5.1.3.4, 5.6.1.4)."""
    if pdu_session_status is None:
        return
    for session in ue.sessions:
        if session.pdu_session_id not in pdu_session_status:
            ue.drop_session(session)
            free(amf, ue, session)
            if session.reference:
                try:
                    await session.smf.release_sm_context(session.reference, "REL_DUE_TO_UNSPECIFIED_REASON")
                except ServiceError:
                    continue  # it is gone on both sides


class Reactivation:
    """The sessions whose user plane comes back, with their setup transfers, and those for which it cannot."""

    __slots__ = ("failed", "ready")

    def __init__(self) -> None:
        self.ready: list[tuple[Session, bytes]] = []
        self.failed: list[nas.ReactivationError] = []


async def reactivate(ue: Ue, uplink_data_status: Sequence[int] | None) -> Reactivation:
    """Ask the SMF of each session with uplink data for its user plane (TS 23.502 4.2.3.2 steps 4 to 11)."""
    result = Reactivation()
    for identity in uplink_data_status or ():
        session = ue.session(identity)
        if session is None or not session.reference:
            continue  # TS 24.501 5.6.1.4: what is unknown is told by the PDU session status
        try:
            updated = await session.smf.update_sm_context(
                session.reference, SmContextUpdateData(up_cnx_state="ACTIVATING")
            )
        except ServiceError as error:
            cause = MmCause.INSUFFICIENT_USER_PLANE_RESOURCES
            if error.application_error in NOT_ALLOWED:
                cause = MmCause.LADN_NOT_AVAILABLE
            result.failed.append(nas.ReactivationError(pdu_session_identity=identity, cause=cause))
            continue
        if updated.n2_sm_info is not None:
            result.ready.append((session, updated.n2_sm_info))
    return result


def take_queued(ue: Ue, result: Reactivation) -> None:
    """The setup a paging SMF already gave travels in the same context setup (TS 23.502 4.2.3.3 step 6)."""
    there = {session.pdu_session_id for session, _ in result.ready}
    kept = []
    for data in ue.queued:
        session = ue.session(data.pdu_session_id)
        if (
            data.n2_sm_info is None
            or data.n2_sm_info_type != "PDU_RES_SETUP_REQ"
            or data.n1_sm_message is not None
            or session is None
        ):
            kept.append(data)
        elif data.pdu_session_id not in there:
            there.add(data.pdu_session_id)
            result.ready.append((session, data.n2_sm_info))
    ue.queued = tuple(kept)
