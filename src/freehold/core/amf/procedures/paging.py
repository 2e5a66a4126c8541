"""Paging: a UE in CM-IDLE is called in its registration area (TS 23.502 4.2.3.3, TS 24.501 5.6.2)."""

from __future__ import annotations

import msgspec

from freehold.codecs import ngap
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, exchange, procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.spec import counters
from freehold.spec.errors import TimerExpired
from freehold.spec.failures import Unmet
from freehold.spec.identities import STmsi
from freehold.stack import ngap_values


class Reached(msgspec.Struct, frozen=True, gc=False):
    """Delivered to a UE's conversation when the UE is connected again."""


class PagingChannel:
    """Every gNB that serves a tracking area of the UE's registration area (TS 38.413 8.5.1)."""

    __slots__ = ("amf", "ue")

    def __init__(self, amf: AmfFunction, ue: Ue) -> None:
        self.amf = amf
        self.ue = ue

    def send(self, message: ngap.Message) -> None:
        """Send PAGING to each of them."""
        area = self.ue.mobility.area
        for gnb in self.amf.contexts.gnbs.values():
            if any(tai in gnb.areas for tai in area):
                send_ngap(self.amf, gnb, message)


def build_paging(amf: AmfFunction, ue: Ue) -> ngap.Paging | None:
    """PAGING by 5G-S-TMSI; None for a UE without one or without a registration area (TS 38.413 9.2.4.1)."""
    tmsi, guami = ue.identity.tmsi, amf.configuration.guami
    if tmsi is None or not ue.mobility.area:
        return None
    identity = ngap_values.s_tmsi(STmsi(guami.set_id, guami.pointer, tmsi))
    return ngap.Paging(
        ue_paging_identity=("fiveG-S-TMSI", identity),
        paging_drx=amf.configuration.paging_drx,
        tai_list_for_paging=[ngap.TAIListForPagingItem(tai=ngap_values.tai(tai)) for tai in ue.mobility.area],
        ue_radio_capability_for_paging=ue.radio.capability_for_paging if ue.radio else None,
    )


async def page(amf: AmfFunction, ue: Ue) -> bool:
    """Call the UE under T3513; whether it came (TS 24.501 5.6.2.2.1)."""
    message = build_paging(amf, ue)
    if message is None:
        return False
    amf.environment.count(counters.PAGING_ATTEMPT)
    try:
        await exchange(PagingChannel(amf, ue), message, Reached, timer="T3513")
    except TimerExpired:
        return False
    amf.environment.count(counters.PAGING_SUCCESS)
    return True


@procedure(spec="TS 23.502 4.2.3.3", collides={"paging": Collision.DROP})
async def paging(amf: AmfFunction, ue: Ue) -> None:
    """Page for what is queued; silence is told to SMFs, whose UPFs drop their buffers (TS 23.502 4.2.3.3 step 5)."""
    if await page(amf, ue):
        return
    queued, ue.queued = ue.queued, ()
    amf.tell(
        "paging-failed",
        f"the terminal did not answer paging in {len(ue.mobility.area)} tracking areas",
        subject=ue,
        severity="info",
        clause="TS 24.501 5.6.2.2.2",
        unmet=Unmet("paging", "T3513", about={"timer": "T3513"}),
    )
    for session_id in {data.pdu_session_id for data in queued}:
        session = ue.session(session_id)
        if session is not None and session.reference:
            try:
                await session.smf.update_sm_context(
                    session.reference, SmContextUpdateData(up_cnx_state="DEACTIVATED", cause="UE_NOT_REACHABLE")
                )
            except ServiceError:
                ue.drop_session(session)
