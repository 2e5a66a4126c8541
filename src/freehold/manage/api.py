"""The management API: a table of routes over the network it was given; problems are told as RFC 9457 says."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import msgspec

from freehold.manage import streams, subscribers
from freehold.manage.alarms import Journal, event_view
from freehold.manage.http import Request, Response, Streamed
from freehold.manage.network import ManagedNetwork
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import CounterView
from freehold.services.ledger import Act
from freehold.spec.errors import Unusable
from freehold.spec.events import Event

VERSION: Final = "v1"
PROBLEM: Final = "application/problem+json"
CSV: Final = "text/csv"
LINES: Final = "application/x-ndjson"


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request that cannot be served: its HTTP status and one line for a person."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


Call = Callable[["Api", Request, str], Awaitable[Response | Streamed]]


class Api:
    """Serves one network; `slices` are what a subscriber gets who is given none."""

    def __init__(self, network: ManagedNetwork, slices: tuple[SliceForm, ...] = (SliceForm(),)) -> None:
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
            return _problem(problem.status, problem.detail)
        except Unusable as error:
            return _problem(422, str(error))
        except Exception as bug:  # noqa: BLE001 - isolated: this request is given up, the network goes on
            self.journal.note(_bug(request, bug), self.network.utc())
            return _problem(500, "a mistake of Freehold's own: see the events")

    async def _route(self, request: Request) -> Response | Streamed:
        collection, *rest = (*request.path[1:], "", "")[:3]
        kind = "/" if not rest[0] else "/*" if not rest[1] else f"/*/{rest[1]}"
        methods = ROUTES.get(f"{collection}{kind}" if collection else "/")
        if methods is None or len(request.path) > 4:
            raise Problem(404, f"there is no /{'/'.join(request.path)}")
        call = methods.get(request.method)
        if call is None:
            raise Problem(405, f"{request.method} is not one of {', '.join(methods)}")
        return await call(self, request, rest[0])

    def _note(self, event: Event) -> None:
        self.journal.note(event, self.network.utc())


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, msgspec.json.encode(value) + b"\n")


def _problem(status: int, detail: str) -> Response:
    return Response(status, msgspec.json.encode({"status": status, "detail": detail}) + b"\n", PROBLEM)


def _bug(request: Request, bug: Exception) -> Event:
    place = traceback.extract_tb(bug.__traceback__)[-1]
    where = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
    text = (
        f"{request.method} of /{'/'.join(request.path[:2])} broke the management API ({type(bug).__name__} at {where})"
    )
    return Event("bug", text, "error")


async def _record(api: Api, request: Request, act: str, subject: str = "", detail: str = "") -> None:
    """Write into the ledger what a user of this machine did, before that user is answered."""
    actor = "unknown" if request.user is None else f"uid {request.user}"
    await api.network.wait(api.network.record(Act(api.network.utc(), actor, act, subject, detail)))


# --- state ----------------------------------------------------------------------------------------
def _reading(read: Callable[[ManagedNetwork], object]) -> Call:
    async def call(api: Api, _: Request, __: str) -> Response:
        return _json(read(api.network))

    return call


async def _counters(api: Api, _: Request, __: str) -> Response:
    return _json([CounterView(name, label, value) for (name, label), value in sorted(api.network.counters().items())])


async def _metrics(api: Api, _: Request, __: str) -> Response:
    from freehold.manage import metrics

    return Response(200, metrics.exposition(api.network), metrics.MEDIA_TYPE)


async def _ue(api: Api, _: Request, supi: str) -> Response:
    wanted = subscribers.supi_of(supi).value
    found = next((ue for ue in api.network.ues() if ue.supi == wanted), None)
    if found is None:
        raise Problem(404, f"the AMF has no context of {supi}")
    sessions = [session for session in api.network.sessions() if session.supi == wanted]
    return _json({**msgspec.to_builtins(found), "sessions": sessions})


async def _deregister(api: Api, request: Request, supi: str) -> Response:
    if not api.network.deregister(subscribers.supi_of(supi)):
        raise Problem(404, f"the AMF has no context of {supi}")
    await _record(api, request, "ue.deregister", supi)
    return Response(202)


async def _events(api: Api, request: Request, _: str) -> Response | Streamed:
    if "follow" in request.query:
        return Streamed(_follow(api), LINES)
    return _json(api.journal.events())


async def _follow(api: Api) -> AsyncIterator[bytes]:
    mailbox: streams.Mailbox[Event] = streams.Mailbox()
    stop = api.network.listen(mailbox.put)
    try:
        while True:
            shown = [event_view(event, api.network.utc()) for event in await mailbox.take()]
            yield b"".join(msgspec.json.encode(event) + b"\n" for event in shown)
    finally:
        stop()


async def _alarms(api: Api, _: Request, __: str) -> Response:
    return _json(api.journal.alarms())


async def _acknowledge(api: Api, request: Request, alarm: str) -> Response:
    if not api.journal.acknowledge(alarm):
        raise Problem(404, f"there is no alarm {alarm}")
    await _record(api, request, "alarm.acknowledge", alarm)
    return Response(204)


async def _ledger(api: Api, _: Request, __: str) -> Response:
    return Response(200, b"".join(entry + b"\n" for entry in api.network.ledger()), LINES)


# --- subscribers ----------------------------------------------------------------------------------
async def _list(api: Api, request: Request, _: str) -> Response:
    everyone = api.network.subscribers.subscribers()
    if request.query.get("format") == "csv":
        return Response(200, subscribers.write_csv(everyone).encode(), CSV)
    return _json([subscribers.view(subscriber) for subscriber in everyone])


async def _add(api: Api, request: Request, _: str) -> Response:
    repository = api.network.subscribers
    forms = (subscribers.read_csv if request.media_type == CSV else subscribers.read_json)(request.body)
    fresh = "replace" not in request.query
    for form in forms:
        if fresh and repository.subscriber(subscribers.supi_of(form.supi)) is not None:
            raise Problem(409, f"{form.supi} is there already: change it with set, or import with replace")
    made = subscribers.subscribers_of(forms, api.slices, repository)
    await api.network.wait(repository.put_all(made))
    await _record(api, request, "subscriber.add", *subscribers.named(made))
    return _json({"added": len(made)}, 201)


async def _show(api: Api, _: Request, supi: str) -> Response:
    found = api.network.subscribers.subscriber(subscribers.supi_of(supi))
    if found is None:
        raise Problem(404, f"there is no subscriber {supi}")
    return _json(subscribers.view(found))


async def _set(api: Api, request: Request, supi: str) -> Response:
    repository = api.network.subscribers
    found = repository.subscriber(subscribers.supi_of(supi))
    if found is None:
        raise Problem(404, f"there is no subscriber {supi}")
    changed = subscribers.changed(found, request.body)
    await api.network.wait(repository.put(changed))
    await _record(
        api, request, "subscriber.change", changed.supi.value, ", ".join(subscribers.differing(found, changed))
    )
    if found.enabled and not changed.enabled:
        api.network.deregister(changed.supi)
    return _json(subscribers.view(changed))


async def _delete(api: Api, request: Request, supi: str) -> Response:
    named = subscribers.supi_of(supi)
    if not await api.network.wait(api.network.subscribers.delete(named)):
        raise Problem(404, f"there is no subscriber {supi}")
    await _record(api, request, "subscriber.delete", named.value)
    api.network.deregister(named)
    return Response(204)


# --- streams --------------------------------------------------------------------------------------
def _streaming(pieces: Callable[[ManagedNetwork, dict[str, str]], AsyncIterator[bytes]], media_type: str) -> Call:
    async def call(api: Api, request: Request, _: str) -> Streamed:
        if request.query.get("ue"):
            request.query["ue"] = subscribers.supi_of(request.query["ue"]).masked
        return Streamed(pieces(api.network, request.query), media_type)

    return call


ROUTES: Final[dict[str, dict[str, Call]]] = {
    "status/": {"GET": _reading(lambda network: network.status())},
    "gnbs/": {"GET": _reading(lambda network: network.gnbs())},
    "ues/": {"GET": _reading(lambda network: network.ues())},
    "ues/*": {"GET": _ue},
    "ues/*/deregister": {"POST": _deregister},
    "sessions/": {"GET": _reading(lambda network: network.sessions())},
    "functions/": {"GET": _reading(lambda network: network.functions())},
    "home-keys/": {"GET": _reading(lambda network: network.home_keys())},
    "counters/": {"GET": _counters},
    "metrics/": {"GET": _metrics},
    "events/": {"GET": _events},
    "alarms/": {"GET": _alarms},
    "alarms/*": {"DELETE": _acknowledge},
    "ledger/": {"GET": _ledger},
    "subscribers/": {"GET": _list, "POST": _add},
    "subscribers/*": {"GET": _show, "PATCH": _set, "DELETE": _delete},
    "tap/": {"GET": _streaming(streams.as_lines, LINES)},
    "ladder/": {"GET": _streaming(streams.as_ladder, "text/plain; charset=utf-8")},
    "capture/": {"GET": _streaming(streams.as_capture, "application/x-pcapng")},
}
"""Paths under /v1 (`*` is a name) and what each method does."""
