"""Unsolicited router advertisements where the SMF is the router (RFC 4861 6.2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from freehold.core.smf.function import SmfFunction
from freehold.core.smf.router import Router
from freehold.core.smf.state.session import SmContext
from freehold.procedure import Expire, procedure

AT_A_TIME: Final = 1000
"""Terminals that hear of their router at once."""


@procedure(spec="RFC 4861 6.2.4")
async def advertising(smf: SmfFunction, router: Router) -> None:
    """Every connected terminal hears of its router before that router's lifetime ends, for as long as the SMF runs."""
    while True:
        await Expire("router-advertisement")
        await advertise(router, smf.contexts)


@procedure(spec="RFC 4861 6.2.4")
async def changed(smf: SmfFunction, router: Router, dnns: frozenset[str]) -> None:
    """The links of some data networks have another MTU: their terminals hear of it soon."""
    await advertise(router, [session for session in smf.contexts if session.network.dnn in dnns])


async def advertise(router: Router, sessions: Iterable[SmContext]) -> None:
    """Tell all of them, with pauses."""
    left = iter(sessions)
    while some := tuple(islice(left, AT_A_TIME)):
        for session in some:
            router.advertise(session)
        await Expire("router-pause")
