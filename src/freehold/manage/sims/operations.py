"""Operations on SIMs: make a batch, and say what a card has to hold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from freehold.manage import subscribers
from freehold.manage.access import form
from freehold.manage.handlers import answer, record
from freehold.manage.http import Request, Response
from freehold.manage.operation import Rows
from freehold.manage.sims.cards import SimForm, batch
from freehold.manage.sims.profile import profile, suci_calc_info
from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId

if TYPE_CHECKING:
    from freehold.manage.api import Api


async def generate(api: Api, request: Request, _: str) -> Response:
    """Make SIMs: their keys leave once, in the answer, encrypted."""
    given, network = form(request, SimForm), api.network
    plmn = PlmnId.parse(network.status().plmn)
    keys = suci_calc_info(network.home_keys())
    made, told = await asyncio.to_thread(batch, given, plmn, api.slices, network.subscribers, keys)
    if any(network.subscribers.subscriber(each.supi) is not None for each in made):  # somebody came first meanwhile
        raise Unusable("supi_from: somebody added these SUPIs meanwhile: take others")
    await network.wait(network.subscribers.put_all(made))
    to = " and ".join(
        what for what, there in (("certificate", given.certificate), ("transport key", given.transport_key)) if there
    )
    await record(api, request, "sim.generate", *_named(subscribers.named(made), to))
    return answer(told, 201)


def _named(named: tuple[str, str], to: str) -> tuple[str, str]:
    return named[0], f"{named[1]}; keys encrypted to a {to}".removeprefix("; ")


async def show_profile(api: Api, request: Request, _: str) -> Rows:
    """What a card has to hold beside its keys."""
    indicator = request.query.get("routing_indicator", "0") or "0"
    if not (indicator.isascii() and indicator.isdecimal() and len(indicator) <= 4):
        raise Unusable("routing_indicator: 1 to 4 digits")
    status = api.network.status()
    return Rows(profile(status.name, PlmnId.parse(status.plmn), api.network.home_keys(), indicator))
