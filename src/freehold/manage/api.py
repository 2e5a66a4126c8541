"""The management API: a table of routes over the network it was given; problems are told as RFC 9457 says."""

from __future__ import annotations

import traceback
from typing import Final

import msgspec

from freehold.manage import openapi
from freehold.manage.accounts import Accounts
from freehold.manage.alarms import Journal
from freehold.manage.handlers import answer
from freehold.manage.http import Request, Response, Streamed
from freehold.manage.network import ManagedNetwork
from freehold.manage.openapi import PROBLEM
from freehold.manage.operation import Operation, Problem
from freehold.manage.routes import ROUTES, SHAPES
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import ProblemView
from freehold.spec.errors import Unusable
from freehold.spec.events import Event

VERSION: Final = "v1"
DOCUMENT: Final = ("openapi.json",)
"""Where the OpenAPI document is, under the version."""


class Api:
    """Serves one network.

    `slices` are what a subscriber gets who is given none; without `accounts` only the owner of the socket asks.
    """

    def __init__(
        self,
        network: ManagedNetwork,
        slices: tuple[SliceForm, ...] = (SliceForm(),),
        accounts: Accounts | None = None,
    ) -> None:
        self.accounts = accounts
        self.network = network
        self.slices = slices
        self.journal = Journal()
        self._stop = network.listen(self._note)

    def close(self) -> None:
        """Hear no more events."""
        self._stop()

    async def __call__(self, request: Request) -> Response | Streamed:
        """Serve one request; every refusal is a problem document."""
        try:
            if request.path[:1] != (VERSION,):
                raise Problem(404, f"every path begins with /{VERSION}")  # noqa: TRY301 - one place tells all
            return await self._route(request)
        except Problem as problem:
            return _problem(problem.status, problem.detail, problem.headers)
        except Unusable as error:
            return _problem(422, str(error))
        except Exception as bug:  # noqa: BLE001 - isolated: this request is given up, the network goes on
            self.journal.note(_bug(request, bug), self.network.utc())
            return _problem(500, "a mistake of Freehold's own: see the events")

    async def _route(self, request: Request) -> Response | Streamed:
        segments = request.path[1:]
        if segments == DOCUMENT and request.method == "GET":
            return answer(openapi.document(ROUTES))
        methods = SHAPES.get(tuple(None if place == 1 else segment for place, segment in enumerate(segments)))
        if methods is None:
            raise Problem(404, f"there is no /{'/'.join(request.path)}")
        operation = methods.get(request.method)
        if operation is None:
            allowed = ", ".join(methods)
            raise Problem(405, f"{request.method} is not one of {allowed}", (("allow", allowed),))
        request = self._admitted(request, operation)
        return await operation.call(self, request, segments[1] if len(segments) > 1 else "")

    def _admitted(self, request: Request, operation: Operation) -> Request:
        """The request with who asks; Problem where that one may not."""
        principal = request.principal
        if principal is None and self.accounts is not None and request.secret:
            principal = self.accounts.principal(request.secret)
        if operation.needs is not None:
            if principal is None:
                raise Problem(401, "log in first, or give a token")
            if not principal.may(operation.needs):
                raise Problem(
                    403, f"a {principal.role} account may not: this needs the permission to {operation.needs}"
                )
        return msgspec.structs.replace(request, principal=principal)

    def _note(self, event: Event) -> None:
        self.journal.note(event, self.network.utc())


def _problem(status: int, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status, msgspec.json.encode(ProblemView(status, detail)) + b"\n", PROBLEM, headers)


def _bug(request: Request, bug: Exception) -> Event:
    place = traceback.extract_tb(bug.__traceback__)[-1]
    where = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
    text = (
        f"{request.method} of /{'/'.join(request.path[:2])} broke the management API ({type(bug).__name__} at {where})"
    )
    return Event("bug", text, "error")
