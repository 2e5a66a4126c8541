"""What a gNB says about a session's resources goes to its SMF (TS 23.502 4.3.2.2.1 steps 14 and 15)."""

from __future__ import annotations

from freehold.core.amf.delivery import pass_on
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Session, Ue
from freehold.procedure import Collision, procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import N2SmInfoType, SmContextUpdateData


@procedure(spec="TS 29.502 5.2.2.3", collides={"session_resources": Collision.QUEUE})
async def session_resources(amf: AmfFunction, ue: Ue, session: Session, kind: N2SmInfoType, transfer: bytes) -> None:
    """Hand one N2 SM container to the SMF and send on what it answers."""
    if not session.reference:
        return  # released meanwhile
    try:
        updated = await session.smf.update_sm_context(
            session.reference, SmContextUpdateData(n2_sm_info=transfer, n2_sm_info_type=kind)
        )
    except ServiceError as error:
        amf.tell(
            "session-lost",
            f"PDU session {session.pdu_session_id}: the SMF refused what the gNB said ({error})",
            subject=ue,
            fix="the terminal asks for the session again; see the SMF's events",
        )
        return
    pass_on(amf, ue, session, updated)
