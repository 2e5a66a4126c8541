"""What each operation of the management API does."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from freehold.manage import dissect, streams, subscribers
from freehold.manage.http import Request, Response, Streamed
from freehold.manage.journal import event_view
from freehold.manage.kept import Kept
from freehold.manage.live import TOPICS
from freehold.manage.network import ManagedNetwork
from freehold.manage.operation import CSV, LINES, Call, Problem
from freehold.manage.views import Added, Dissectable, UeDetails
from freehold.services.ledger import Act
from freehold.spec.errors import Unusable
from freehold.spec.events import Event

if TYPE_CHECKING:
    from freehold.manage.api import Api

LAST: Final = 100_000
"""Entries of the ledger that may be asked for by their number."""


def answer(value: Any, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(status, msgspec.json.encode(value) + b"\n")


def tagged(value: Any) -> Response:
    """A value as JSON that may be changed, with its entity tag (RFC 9110 8.8.3)."""
    answered = answer(value)
    return msgspec.structs.replace(answered, headers=(("etag", tag(answered.body)),))


def tag(octets: bytes) -> str:
    """The entity tag of a representation."""
    return f'"{hashlib.sha256(octets).hexdigest()[:32]}"'


def unchanged(request: Request, value: Any) -> None:
    """Problem where the client means another state of a value than it has by now (RFC 9110 13.1.1)."""
    if request.if_match and request.if_match not in {"*", tag(answer(value).body)}:
        raise Problem(412, "somebody changed it meanwhile: read it again, and change what is there now")


async def record(api: Api, request: Request, act: str, subject: str = "", detail: str = "") -> None:
    """Write into the ledger what was done and by whom, before whoever did it is answered."""
    actor = request.principal.actor if request.principal else f"somebody at {request.address or 'an unknown place'}"
    await api.network.wait(api.network.record(Act(api.network.utc(), actor, act, subject, detail)))


# --- state ----------------------------------------------------------------------------------------
def reading(read: Callable[[ManagedNetwork], object]) -> Call:
    """What the network shows of itself."""

    async def call(api: Api, _: Request, __: str) -> Response:
        return answer(read(api.network))

    return call


async def counters(api: Api, _: Request, __: str) -> Response:
    """Every counter."""
    return answer(api.counters())


async def settings(api: Api, _: Request, __: str) -> Response:
    """Every setting."""
    return answer(api.network.settings())


async def settings_schema(api: Api, _: Request, __: str) -> Response:
    """The JSON schema of the settings."""
    return answer(api.network.settings_schema())


async def metrics(api: Api, _: Request, __: str) -> Response:
    """State and counters in Prometheus' text format."""
    from freehold.manage.metrics import MEDIA_TYPE, exposition

    return Response(200, exposition(api.network, api.alarms.by_severity()), MEDIA_TYPE)


async def show_ue(api: Api, _: Request, supi: str) -> Response:
    """One UE context with its sessions."""
    named = subscribers.supi_of(supi)
    wanted = named.value
    found = next((ue for ue in api.network.ues() if ue.supi == wanted), None)
    if found is None:
        raise Problem(404, f"the AMF has no context of {supi}")
    sessions = tuple(session for session in api.network.sessions() if session.supi == wanted)
    return answer(UeDetails(**msgspec.structs.asdict(found), sessions=sessions, inside=api.network.inside(named)))


async def deregister(api: Api, request: Request, supi: str) -> Response:
    """The network deregisters a UE (TS 24.501 5.5.2.3)."""
    if not api.network.deregister(subscribers.supi_of(supi)):
        raise Problem(404, f"the AMF has no context of {supi}")
    await record(api, request, "ue.deregister", supi)
    return Response(202)


async def events(api: Api, request: Request, _: str) -> Response | Streamed:
    """The last events, or those that come."""
    if "follow" in request.query:
        return Streamed(_follow(api), LINES)
    return answer(api.journal.events())


async def _follow(api: Api) -> AsyncIterator[bytes]:
    mailbox: streams.Mailbox[Event] = streams.Mailbox()
    stop = api.network.listen(mailbox.put)
    try:
        while True:
            shown = [event_view(event, api.network.utc()) for event in await mailbox.take()]
            yield b"".join(msgspec.json.encode(event) + b"\n" for event in shown)
    finally:
        stop()


async def ledger(api: Api, request: Request, _: str) -> Response:
    """Every act of an operator, or the last so many."""
    last = request.query.get("last", "")
    if last and not (last.isascii() and last.isdecimal() and 0 < int(last[:9]) <= LAST):
        raise Unusable(f"last: a number from 1 to {LAST}")
    entries = api.network.ledger()
    return Response(200, b"".join(entry + b"\n" for entry in (entries[-int(last) :] if last else entries)), LINES)


# --- subscribers ----------------------------------------------------------------------------------
async def list_subscribers(api: Api, request: Request, _: str) -> Response:
    """All subscriptions, without secrets."""
    everyone = api.network.subscribers.subscribers()
    if request.query.get("format") == "csv":
        return Response(200, subscribers.write_csv(everyone).encode(), CSV)
    return answer([subscribers.view(subscriber) for subscriber in everyone])


async def add_subscribers(api: Api, request: Request, _: str) -> Response:
    """Add subscriptions: all or none."""
    repository = api.network.subscribers
    forms = (subscribers.read_csv if request.media_type == CSV else subscribers.read_json)(request.body)
    fresh = "replace" not in request.query
    for form in forms:
        if fresh and repository.subscriber(subscribers.supi_of(form.supi)) is not None:
            raise Problem(409, f"{form.supi} is there already: change it with set, or import with replace")
    made = subscribers.subscribers_of(forms, api.slices, repository)
    await api.network.wait(repository.put_all(made))
    await record(api, request, "subscriber.add", *subscribers.named(made))
    for each in made:
        api.network.subscription_changed(each.supi)
    return answer(Added(len(made)), 201)


async def show_subscriber(api: Api, _: Request, supi: str) -> Response:
    """One subscription, without secrets."""
    found = api.network.subscribers.subscriber(subscribers.supi_of(supi))
    if found is None:
        raise Problem(404, f"there is no subscriber {supi}")
    return tagged(subscribers.view(found))


async def change_subscriber(api: Api, request: Request, supi: str) -> Response:
    """Change the fields given (RFC 7396)."""
    repository = api.network.subscribers
    found = repository.subscriber(subscribers.supi_of(supi))
    if found is None:
        raise Problem(404, f"there is no subscriber {supi}")
    unchanged(request, subscribers.view(found))
    changed = subscribers.changed(found, request.body)
    await api.network.wait(repository.put(changed))
    await record(
        api, request, "subscriber.change", changed.supi.value, ", ".join(subscribers.differing(found, changed))
    )
    if found.enabled and not changed.enabled:
        api.network.deregister(changed.supi)
    else:
        api.network.subscription_changed(changed.supi)
    return tagged(subscribers.view(changed))


async def delete_subscriber(api: Api, request: Request, supi: str) -> Response:
    """Remove a subscription."""
    named = subscribers.supi_of(supi)
    if not await api.network.wait(api.network.subscribers.delete(named)):
        raise Problem(404, f"there is no subscriber {supi}")
    await record(api, request, "subscriber.delete", named.value)
    api.network.deregister(named)
    return Response(204)


# --- streams --------------------------------------------------------------------------------------
async def live(api: Api, request: Request, _: str) -> Streamed:
    """What changes of some topics."""
    names = list(filter(None, request.query.get("topics", "").split(","))) or list(TOPICS)
    unknown = [name for name in names if name not in TOPICS]
    if unknown:
        raise Unusable(f"topics: {unknown[0]} is none of {', '.join(TOPICS)}")
    return Streamed(api.live.follow(list(dict.fromkeys(names))), LINES)


async def show_record(api: Api, request: Request, number: str) -> Response:
    """A record of the trace, open to its bits."""
    found = api.kept.find(int(number)) if number.isascii() and number.isdecimal() and len(number) < 16 else None
    if found is None:
        raise Problem(404, f"record {number} is not kept, or no more")
    if found.interface == "N1" and not api.deciphers(request.principal):
        raise Problem(403, "NAS in clear is for administrators here ([management] nas)")
    return answer(await dissect.opened(found))


async def decode(_: Api, request: Request, __: str) -> Response:
    """Octets, open to their bits."""
    try:
        given = msgspec.json.decode(request.body, type=Dissectable)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"the form is not as it should be: {error}") from None
    return answer(await dissect.dissect(bytes.fromhex(given.octets), given.protocol))


MOST_OCTETS, MOST_A_SECOND = 65_535, 100_000


async def packets(api: Api, request: Request, _: str) -> Streamed:
    """One UE's packets at the UPF."""
    supi = subscribers.supi_of(request.query.get("ue", ""))
    limits = _limit(request, "octets", 256, MOST_OCTETS), _limit(request, "a_second", 10_000, MOST_A_SECOND)
    if api.tracing:
        raise Problem(409, "a trace of packets goes on: one at a time")
    api.network.trace((), 0, 1)  # refuses what cannot be done while there is an answer to say so

    async def pieces() -> AsyncIterator[bytes]:
        if api.tracing:
            return
        api.tracing = True
        try:
            async for piece in streams.as_packets(api.network, supi.value, *limits):
                yield piece
        finally:
            api.tracing = False

    return Streamed(pieces(), "application/x-pcapng")


def _limit(request: Request, name: str, usual: int, most: int) -> int:
    text = request.query.get(name, str(usual))
    if not text.isascii() or not text.isdecimal() or not 64 <= int(text[:9]) <= most:
        raise Unusable(f"{name}: {text} is outside 64..{most}")
    return int(text)


Pieces = Callable[[ManagedNetwork, Kept, dict[str, str]], AsyncIterator[bytes]]


def streaming(pieces: Pieces, media_type: str) -> Call:
    """Records as they come."""

    async def call(api: Api, request: Request, _: str) -> Streamed:
        if request.query.get("ue"):
            request.query["ue"] = subscribers.supi_of(request.query["ue"]).masked
        request.query.pop(streams.SEALED, None)
        if not api.deciphers(request.principal):
            request.query[streams.SEALED] = ""
        return Streamed(pieces(api.network, api.kept, request.query), media_type)

    return call
