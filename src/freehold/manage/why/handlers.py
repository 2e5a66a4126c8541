"""Failures through the API: why, and the change that ends one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from freehold.manage import configuration, handlers, subscribers
from freehold.manage.accounts.roles import Permission
from freehold.manage.forms import decode
from freehold.manage.http import JSON, Request, Response
from freehold.manage.operation import Problem
from freehold.manage.why.failures import Failure, FailureView, Works, view
from freehold.manage.why.remedies import Remedy, RemedyView, remedies
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.manage.api import Api


class FailureDetails(FailureView, frozen=True):
    """A failure with the changes that may end it."""

    remedies: tuple[RemedyView, ...] = ()


class RemedyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which change to make: its name, the tag of what was shown, and what only a person knows."""

    remedy: str
    tag: str
    fields: dict[str, str] = {}


async def failures(api: Api, request: Request, _: str) -> Response:
    """What failed, the latest first; of one UE where it is named."""
    asked = request.query.get("ue", "")
    supi = subscribers.supi_of(asked).value if asked else ""
    return handlers.answer(list(reversed(api.failures.views(api.network, supi))))


async def show_failure(api: Api, _: Request, number: str) -> Response:
    """One failure with what may end it."""
    failure = _found(api, number)
    shown = view(failure, over=Works(api.network).again(failure))
    known = tuple(each.view for each in remedies(api, failure))
    return handlers.answer(FailureDetails(**{**_fields(shown), "remedies": known}))


async def repair(api: Api, request: Request, number: str) -> Response:
    """Make one of the changes; Problem where it is another one than was shown."""
    try:
        form = decode(request.body, RemedyForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(422, f"not a choice of a change: {error}") from None
    failure = _found(api, number)
    chosen = next((each for each in remedies(api, failure) if each.view.name == form.remedy), None)
    if chosen is None:
        raise Problem(409, f"{form.remedy} would change nothing now: read the failure again")
    needed = Permission(chosen.view.needs)
    if request.principal is None or not request.principal.may(needed):
        raise Problem(403, f"this change needs the permission to {needed}")
    if form.tag != chosen.view.tag:
        raise Problem(412, "what was shown is not what would be changed now: read the failure again")
    await _carry_out(api, request, chosen, _checked(chosen, form.fields))
    return await show_failure(api, request, number)


def _fields(shown: FailureView) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in shown.__struct_fields__}


def _found(api: Api, number: str) -> Failure:
    failure = api.failures.find(number)
    if failure is None:
        raise Problem(404, f"failure {number} is not kept, or no more")
    return failure


def _checked(remedy: Remedy, given: dict[str, str]) -> dict[str, str]:
    """What a person told, as far as the change asks for it."""
    known = {field.name: field for field in remedy.view.fields}
    for name in given:
        if name not in known:
            raise Unusable(f"fields.{name}: this change does not ask for it; it asks for {', '.join(known) or 'none'}")
    for name, field in known.items():
        if field.required and not given.get(name):
            raise Unusable(f"fields.{name}: {field.label} is needed")
    return {name: value for name, value in given.items() if value}


async def _carry_out(api: Api, request: Request, remedy: Remedy, told: dict[str, str]) -> None:
    """The same as a client would do by the API, with its checks and its entry in the ledger."""
    if remedy.kind == "configuration":
        await configuration.take(api, request, remedy.text, remedy.view.title)
    elif remedy.kind == "terminal" and remedy.act is not None:
        await remedy.act()
        await handlers.record(api, request, f"terminal.{remedy.view.name}", remedy.supi)
    elif remedy.kind == "new-subscriber" or told:
        body = msgspec.json.encode({**told, **_kept(api, remedy), "supi": remedy.supi})
        query = {"replace": ""} if remedy.kind == "subscriber" else {}
        asked = msgspec.structs.replace(request, body=body, media_type=JSON, query=query)
        await handlers.add_subscribers(api, asked, "")
    else:
        asked = msgspec.structs.replace(request, body=msgspec.json.encode(remedy.patch), if_match="")
        await handlers.change_subscriber(api, asked, remedy.supi)


def _kept(api: Api, remedy: Remedy) -> dict[str, Any]:
    """What a subscription keeps that gets new keys."""
    found = api.network.subscribers.subscriber(subscribers.supi_of(remedy.supi))
    if remedy.kind == "new-subscriber" or found is None:
        return {}
    return {name: value for name, value in msgspec.to_builtins(subscribers.view(found)).items() if name != "supi"}
