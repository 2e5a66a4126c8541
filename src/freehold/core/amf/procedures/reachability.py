"""Mobile reachable and implicit deregistration timers (TS 24.501 5.3.7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.removal import remove
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, procedure
from freehold.spec.failures import Unmet
from freehold.spec.timers import TIMERS, Timers

MARGIN: Final = 240
"""Seconds the network waits longer than the UE (TS 24.501 5.3.7)."""


def start_mobile_reachable(amf: AmfFunction, ue: Ue) -> None:
    """A registered UE went to CM-IDLE: it is expected back within T3512 and four minutes (TS 24.501 5.3.7)."""
    ue.mobility.reachable = True
    _arm(amf, ue, "mobile-reachable", _unreachable)


def _unreachable(amf: AmfFunction, ue: Ue) -> None:
    """TS 24.501 5.3.7: the UE is not paged any more; one more timer until it is deregistered."""
    ue.mobility.reachable = False
    _arm(amf, ue, "implicit-deregistration", _deregister)


def _deregister(amf: AmfFunction, ue: Ue) -> None:
    ue.alarm = None
    ue.conversation.start(implicit_deregistration(amf, ue))


def _arm(amf: AmfFunction, ue: Ue, timer: str, expired: Callable[[AmfFunction, Ue], None]) -> None:
    ue.stop_alarm()
    environment = amf.environment
    seconds = length(amf.driver.timers, timer)
    ue.alarm = environment.call_at(environment.now() + seconds, partial(expired, amf, ue))


def length(timers: Timers, timer: str) -> float:
    """The operator's value in seconds; without one four minutes more than T3512 (TS 24.501 5.3.7)."""
    given = timers[timer].seconds
    return timers["T3512"].seconds + MARGIN if given == TIMERS[timer].seconds else given


@procedure(
    spec="TS 23.502 4.2.2.3.3",
    collides={"registration": Collision.QUEUE, "service_request": Collision.QUEUE},
)
async def implicit_deregistration(amf: AmfFunction, ue: Ue) -> None:
    """A UE that was not heard of for too long; should it come back, it is answered #10 (TS 24.501 5.6.1.5)."""
    if ue.identity.tmsi is not None:
        amf.contexts.remember(ue.identity.tmsi)
    amf.tell(
        "implicit-deregistration",
        "the terminal was not heard of within the periodic registration timer: deregistered",
        subject=ue,
        severity="info",
        clause="TS 24.501 5.3.7",
        unmet=Unmet("silent"),
    )
    await remove(amf, ue, "REL_DUE_TO_UE_NOT_REACHABLE")
