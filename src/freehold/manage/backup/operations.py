"""Backup and restore through the API: an administrator's alone, since whoever has a backup has every key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from freehold import __version__
from freehold.manage.access import Form, form
from freehold.manage.backup.container import LONGEST, SHORTEST, Opener, opened, sealed
from freehold.manage.backup.content import Content, decoded, encoded
from freehold.manage.handlers import answer, record
from freehold.manage.http import Request, Response
from freehold.manage.operation import OCTETS, Problem
from freehold.manage.views import WaitingView
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.manage.api import Api

Part = Literal["configuration", "accounts", "history"]
PARTS: Final = ("configuration", "accounts", "history")
"""What a restore may leave as it is."""


class BackupForm(Form, frozen=True):
    """How a backup is locked: by a passphrase, or for the holder of a certificate; `history`: measurements too."""

    passphrase: Annotated[str, msgspec.Meta(max_length=LONGEST)] = ""
    recipient: Annotated[str, msgspec.Meta(max_length=65536)] = ""
    history: bool = False


class RestoreForm(Form, frozen=True):
    """A backup's file in base64 with its passphrase, or with the key that its recipient found; parts to leave out."""

    file: bytes
    passphrase: Annotated[str, msgspec.Meta(max_length=LONGEST)] = ""
    key: Annotated[str, msgspec.Meta(pattern="^([0-9a-fA-F]{64})?$")] = ""
    without: tuple[Part, ...] = ()


async def create(api: Api, request: Request, _: str) -> Response:
    """Make a backup of now."""
    given = form(request, BackupForm)
    if bool(given.passphrase) == bool(given.recipient):
        raise Unusable("give a passphrase, or a recipient's certificate: one of them")
    if given.passphrase and len(given.passphrase) < SHORTEST:
        raise Unusable(f"passphrase: {SHORTEST} to {LONGEST} characters")
    content = await api.network.backups.content(history=given.history)
    file = await asyncio.to_thread(_sealed, content, given)
    await record(api, request, "backup.create", content.network, "with history" if given.history else "")
    name = ("content-disposition", f'attachment; filename="freehold-{content.made:.0f}.backup"')
    return Response(200, file, OCTETS, (name,))


def _sealed(content: Content, given: BackupForm) -> bytes:
    recipient = given.recipient.encode("ascii", "replace")
    return sealed(encoded(content), __version__, content.made, passphrase=given.passphrase, recipient=recipient)


async def verify(api: Api, request: Request, _: str) -> Response:
    """Say what is in a backup, and whether it can be restored here."""
    given = form(request, RestoreForm)
    content = await _content(given)
    return answer(api.network.backups.check(content, given.without))


async def restore(api: Api, request: Request, _: str) -> Response:
    """Check a backup as a whole, and restore it at the next start."""
    given = form(request, RestoreForm)
    content = await _content(given)
    actor = "somebody" if request.principal is None else request.principal.actor
    shown = api.network.backups.stage(content, given.without, actor)
    await record(api, request, "backup.stage", content.network, f"made {content.made:.0f} by {content.program}")
    return answer(shown, 202)


async def waiting(api: Api, _: Request, __: str) -> Response:
    """What the next start restores."""
    return answer(WaitingView(api.network.backups.waiting()))


async def give_up(api: Api, request: Request, _: str) -> Response:
    """Restore nothing at the next start."""
    if not api.network.backups.give_up():
        raise Problem(404, "no backup waits for the next start")
    await record(api, request, "backup.give-up")
    return Response(204)


async def _content(given: RestoreForm) -> Content:
    opener = Opener(given.passphrase, bytes.fromhex(given.key))
    return await asyncio.to_thread(lambda: decoded(opened(given.file, opener)))
