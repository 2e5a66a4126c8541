"""Deregistration by the UE and by the network (TS 23.502 4.2.2.3, TS 24.501 5.5.2)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from freehold.codecs import nas
from freehold.codecs.nas import RegistrationKind
from freehold.core.amf.channels import N1
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.an_release import DEREGISTERED, release_connection
from freehold.core.amf.procedures.paging import page
from freehold.core.amf.procedures.removal import release_sessions, remove
from freehold.core.amf.state.machines import MmEvent, MmState
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Call, Collision, exchange, procedure
from freehold.spec.causes import MmCause
from freehold.spec.errors import TimerExpired


@procedure(
    spec="TS 23.502 4.2.2.3.2",
    collides={"deregistration_by_ue": Collision.DROP, "deregistration_by_network": Collision.DROP},
)
async def deregistration_by_ue(amf: AmfFunction, ue: Ue, request: nas.DeregistrationRequestFromUe) -> None:
    """The UE leaves: answered unless it is switching off (TS 24.501 5.5.2.2.2)."""
    ue.stop_alarm()
    connection = ue.connection
    # 2-5: sessions
    await release_sessions(ue, "REL_DUE_TO_UE_DEREGISTRATION")
    # 6
    if not request.deregistration_type.switch_off:
        N1(amf, ue).send(nas.DeregistrationAcceptToUe())
    ue.move(MmEvent.DEREGISTERED)
    # 7
    try:
        if connection is not None:
            await release_connection(amf, connection, DEREGISTERED)
    finally:
        await remove(amf, ue)


AREA_REFUSED: Final = frozenset(
    {
        MmCause.PLMN_NOT_ALLOWED,
        MmCause.TRACKING_AREA_NOT_ALLOWED,
        MmCause.ROAMING_NOT_ALLOWED_IN_THIS_TRACKING_AREA,
        MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA,
    }
)
"""Causes that say where the UE may not be: it may have gone elsewhere (TS 24.501 5.5.2.3.5 e)."""


def registering(running: Call[Any], new: Call[Any]) -> Collision:
    """An initial registration goes before the network's wish, any other is ignored (TS 24.501 5.5.2.3.5 d, e).

    Once the UE has accepted, only its connection's release is left to wait for.
    """
    _, ue, cause, *_ = running.arguments
    if ue.state is not MmState.DEREGISTERED_INITIATED:
        return Collision.QUEUE
    initial = new.arguments[2].message.registration_type.value == RegistrationKind.INITIAL
    return Collision.ABORT if initial or cause in AREA_REFUSED else Collision.DROP


def losing(running: Call[Any], _new: Call[Any]) -> Collision:
    """A UE that was asked and is out of reach is deregistered at once (TS 24.501 5.5.2.3.5 b)."""
    _, ue, *_ = running.arguments
    return Collision.ABORT if ue.state is MmState.DEREGISTERED_INITIATED else Collision.DROP


@procedure(
    spec="TS 23.502 4.2.2.3.3",
    collides={
        "deregistration_by_network": Collision.DROP,
        "deregistration_by_ue": Collision.ABORT,
        "registration": registering,
        "service_request": Collision.DROP,
        "an_release": losing,
    },
)
async def deregistration_by_network(
    amf: AmfFunction, ue: Ue, cause: MmCause | None, reregistration_required: bool
) -> None:
    """The operator or the UDM ends a registration (TS 24.501 5.5.2.3)."""
    # 1: a UE in CM-IDLE is paged first; one that does not answer is deregistered all the same
    if ue.connection is None and not await page(amf, ue):
        await remove(amf, ue, "REL_DUE_TO_UE_DEREGISTRATION")
        return
    ue.move(MmEvent.DEREGISTRATION_REQUESTED)
    # 4: first, so that packets end at once, also where the UE never answers
    await release_sessions(ue, "REL_DUE_TO_UE_DEREGISTRATION")
    # 2
    request = nas.DeregistrationRequestToUe(
        deregistration_type=nas.DeregistrationType(reregistration_required=reregistration_required), cause=cause
    )
    with suppress(TimerExpired):  # TS 24.501 5.5.2.3.5 a: deregistered all the same
        await exchange(N1(amf, ue), request, nas.DeregistrationAcceptFromUe, timer="T3522")
    ue.move(MmEvent.DEREGISTERED)
    # 6, 7
    connection = ue.connection
    try:
        if connection is not None:
            await release_connection(amf, connection, DEREGISTERED)
    finally:
        await remove(amf, ue, "REL_DUE_TO_UE_DEREGISTRATION")
