"""The configuration through the API: read, planned, applied, and every version that there was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from freehold.manage.forms import decode
from freehold.manage.handlers import answer, record, tag
from freehold.manage.http import Request, Response
from freehold.manage.operation import Problem, Rows
from freehold.manage.views import ChangeView, VersionText

if TYPE_CHECKING:
    from freehold.manage.api import Api


class ConfigurationForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole configuration in TOML, and why it is changed."""

    text: str
    note: str = ""


def form(request: Request) -> ConfigurationForm:
    """The configuration in a request; Problem where there is none."""
    try:
        return decode(request.body, ConfigurationForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(422, f"not a configuration: {error}") from None


async def show(api: Api, _: Request, __: str) -> Response:
    """The text, with the tag that a change has to name."""
    shown = api.network.configuration.view()
    return msgspec.structs.replace(answer(shown), headers=(("etag", tag(shown.text.encode())),))


async def plan(api: Api, request: Request, _: str) -> Response:
    """What a text would change; nothing is changed."""
    return answer(api.network.configuration.plan(form(request).text))


async def apply(api: Api, request: Request, _: str) -> Response:
    """Apply a text, if nobody else has meanwhile."""
    configuration = api.network.configuration
    if not request.if_match:
        raise Problem(428, "name the state you change: If-Match with the ETag of the configuration")
    given = form(request)
    configuration.plan(given.text)  # what is wrong with the text comes first: RFC 9110 13.2.1
    if request.if_match not in {"*", tag(configuration.view().text.encode())}:
        raise Problem(412, "somebody changed the configuration meanwhile: read it again, and change what is there now")
    return answer(await take(api, request, given.text, given.note))


async def take(api: Api, request: Request, text: str, note: str) -> tuple[ChangeView, ...]:
    """Apply a text, and write into the ledger who did."""
    configuration = api.network.configuration
    actor = "somebody" if request.principal is None else request.principal.actor
    changes = await configuration.apply(text, actor, note)
    api.slices = configuration.slices
    await record(api, request, "configuration.apply", note, ", ".join(change.key for change in changes))
    return changes


async def versions(api: Api, _: Request, __: str) -> Rows:
    """Every version."""
    return Rows(api.network.configuration.versions())


async def version(api: Api, _: Request, number: str) -> Response:
    """The text of one version: apply it again to roll back."""
    found = api.network.configuration.version(int(number)) if number.isdecimal() and len(number) < 10 else None
    if found is None:
        raise Problem(404, f"there is no version {number}")
    return answer(VersionText(int(number), found))
