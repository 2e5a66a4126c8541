"""What the functions know of one UE beside its state, for its operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from freehold.core.amf.amf import UeInside
from freehold.core.smf.state.session import SmContext
from freehold.manage.views import EndingView, SecurityView, UeInsideView
from freehold.procedure import Ending
from freehold.stack.nas_security import NasSecurity


def inside(ue: UeInside | None, sessions: Sequence[SmContext], utc_offset: float) -> UeInsideView:
    """The AMF's knowledge and that of the sessions' SMF, procedures in the order in which they ended."""
    past = [*_past("SMF", (e for s in sessions for e in s.conversation.past), utc_offset)]
    running = [name for session in sessions for name in session.conversation.running]
    if ue is None:
        return UeInsideView(running=tuple(running), ended=tuple(past))
    past += _past("AMF", ue.past, utc_offset)
    return UeInsideView(
        None if ue.security is None else _security(ue.security),
        tuple(map(str, ue.allowed)),
        tuple(map(str, ue.area)),
        (*ue.running, *running),
        tuple(sorted(past, key=lambda view: view.began + view.seconds)),
    )


def _past(function: str, endings: Iterable[Ending], utc_offset: float) -> Iterator[EndingView]:
    for each in endings:
        began, seconds = each.began + utc_offset, round(each.seconds, 6)
        yield EndingView(function, each.name, each.spec, began, seconds, each.outcome, each.why)


def _security(context: NasSecurity) -> SecurityView:
    return SecurityView(
        f"NEA{context.nea}", f"NIA{context.nia}", context.ngksi, context.uplink, context.downlink
    )  # TS 24.501 9.11.3.34
