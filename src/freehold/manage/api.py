"""The management API: a table of routes over the network it was given; problems are told as RFC 9457 says."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from freehold.manage import openapi
from freehold.manage.accounts import Accounts
from freehold.manage.accounts.oidc import Oidc
from freehold.manage.accounts.roles import Principal, Role
from freehold.manage.accounts.watch import while_admitted
from freehold.manage.faults import AlarmList, Supervision
from freehold.manage.faults.forwarding import Told
from freehold.manage.handlers import answer
from freehold.manage.http import Request, Response, Streamed
from freehold.manage.journal import Journal
from freehold.manage.kept import Kept
from freehold.manage.live import Live
from freehold.manage.network import ManagedNetwork
from freehold.manage.openapi import PROBLEM
from freehold.manage.operation import Operation, Problem, Rows
from freehold.manage.paging import paged
from freehold.manage.performance import Recorder, RecorderSettings
from freehold.manage.performance.thresholds import Threshold, Thresholds
from freehold.manage.routes import ROUTES, SHAPES
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import CounterView, ProblemView, RowError
from freehold.manage.why.failures import Failures
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.spec.events import Event
from freehold.store import MemoryStore

ROOT: Final = "api"
"""Where the API is beside the console; may be left out on the owner's socket."""
VERSION: Final = "v1"
DOCUMENT: Final = ("openapi.json",)
"""Where the OpenAPI document is, under the version."""


class Api:
    """Serves one network.

    `slices` are what a subscriber gets who is given none; without `accounts` only the owner of the socket asks. `code`
    is what whoever makes the first account has to know, the owner of the socket excepted; empty: nobody else may. `nas`
    are the roles for which NAS is deciphered in a trace.
    """

    def __init__(
        self,
        network: ManagedNetwork,
        slices: tuple[SliceForm, ...] = (SliceForm(),),
        accounts: Accounts | None = None,
        code: str = "",
        *,
        store: Store | None = None,
        recording: RecorderSettings | None = None,
        thresholds: Iterable[Threshold] = (),
        nas: tuple[Role, ...] = (Role.ADMIN, Role.OPERATOR),
    ) -> None:
        kept = MemoryStore() if store is None else store
        self.accounts = accounts
        self.code = code
        self.oidc: Oidc | None = None
        self.network = network
        self._nas = nas
        self.slices = slices
        self.journal = Journal()
        self.failures = Failures()
        self.alarms = AlarmList(kept, network.utc)
        self.thresholds = Thresholds(kept, thresholds)
        self.recorder = Recorder(network, kept, recording)
        self.recorder.on_look(self._look)
        self.told: list[Told] = []
        """Who is told of alarms and of acts."""
        self._supervision = Supervision(self.alarms, self.thresholds)
        self.kept = Kept(network.tap)
        self.tracing = False
        """Whether somebody traces packets: one at a time."""
        self.live = Live(self)
        self._stop = network.listen(self._note)

    def start(self) -> None:
        """Measure and supervise from now on."""
        self.recorder.start()

    def close(self) -> None:
        """Hear no more events, and look no more."""
        self._stop()
        self.recorder.stop()

    async def __call__(self, request: Request) -> Response | Streamed:
        """Serve one request; every refusal is a problem document."""
        try:
            return await self._route(request)
        except Problem as problem:
            return _problem(problem.status, problem.detail, problem.headers, problem.errors)
        except Unusable as error:
            return _problem(422, str(error))
        except Exception as bug:  # noqa: BLE001 - isolated: this request is given up, the network goes on
            self.tell(_bug(request, bug))
            return _problem(500, "a mistake of Freehold's own: see the events")

    async def _route(self, request: Request) -> Response | Streamed:
        if request.path[:1] == (ROOT,):
            request = msgspec.structs.replace(request, path=request.path[1:])
        if request.path[:1] != (VERSION,):
            raise Problem(404, f"every path begins with /{ROOT}/{VERSION}")
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
        answered = await operation.call(self, request, segments[1] if len(segments) > 1 else "")
        if isinstance(answered, Rows):
            return paged(request, operation, answered)
        if isinstance(answered, Streamed) and self.accounts is not None and request.secret:
            pieces = while_admitted(answered.pieces, self.accounts, request.secret)
            return msgspec.structs.replace(answered, pieces=pieces)
        return answered

    def counters(self) -> Sequence[CounterView]:
        """Every counter, by name and label."""
        return [CounterView(name, label, value) for (name, label), value in sorted(self.network.counters().items())]

    def named(self, secret: str) -> str:
        """The account that a secret speaks for; empty where it speaks for none."""
        return self.accounts.owner(secret) if self.accounts is not None and secret else ""

    def _admitted(self, request: Request, operation: Operation) -> Request:
        """The request with who asks; Problem where that one may not."""
        principal = request.principal
        if principal is None and self.accounts is not None and request.secret:
            principal = self.accounts.principal(request.secret)
        if operation.needs is not None:
            if principal is None:
                raise Problem(401, "log in first, or give a token")
            if principal.due and not operation.due:
                raise Problem(403, "choose a new password first: this one was given by somebody else, or is too old")
            if not principal.may(operation.needs):
                raise Problem(403, f"the role {principal.role} may not: this needs the permission to {operation.needs}")
        return msgspec.structs.replace(request, principal=principal)

    def deciphers(self, principal: Principal | None) -> bool:
        """Whether NAS in clear is for who asks."""
        return principal is not None and principal.role in self._nas

    def tell(self, event: Event) -> None:
        """An event of the management itself, for everybody who hears the network's."""
        self.network.tell(event)

    def _note(self, event: Event) -> None:
        now = self.network.utc()
        self.journal.note(event, now)
        if self.failures.note(event, now) and event.whom is not None:
            self.kept.mind(event.whom, now)
        self._supervision.heard(event)

    def _look(self) -> None:
        """What is looked at every few seconds: levels, thresholds, whether those who are told hear it."""
        self.kept.rest(self.network.utc())
        levels = dict(self.network.levels())
        levels["overload", "event loop"] = self.recorder.late
        levels |= {("forwarding", each.place): float(bool(each.failing)) for each in self.told}
        self._supervision.levels(levels)
        self._supervision.thresholds(self.recorder)


def _problem(
    status: int, detail: str, headers: tuple[tuple[str, str], ...] = (), errors: tuple[RowError, ...] = ()
) -> Response:
    return Response(status, msgspec.json.encode(ProblemView(status, detail, errors)) + b"\n", PROBLEM, headers)


def _bug(request: Request, bug: Exception) -> Event:
    place = traceback.extract_tb(bug.__traceback__)[-1]
    where = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
    text = (
        f"{request.method} of /{'/'.join(request.path[:2])} broke the management API ({type(bug).__name__} at {where})"
    )
    return Event("bug", text, "error")
