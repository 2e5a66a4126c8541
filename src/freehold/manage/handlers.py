"""What each operation of the management API does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from freehold.core.udm.key_use import Use, in_use
from freehold.manage import dissect, forms, streams, subscribers
from freehold.manage.http import Request, Response, Streamed
from freehold.manage.imports import AT_ONCE, Import
from freehold.manage.journal import event_view
from freehold.manage.kept import Kept
from freehold.manage.live import TOPICS
from freehold.manage.network import ManagedNetwork
from freehold.manage.operation import CSV, LINES, Call, Problem, Rows
from freehold.manage.views import Added, Dissectable, ProblemView, UeDetails
from freehold.services.ledger import Act
from freehold.spec.errors import Unusable
from freehold.spec.events import Event

if TYPE_CHECKING:
    from freehold.manage.api import Api

NARROWEST: Final = 40
WIDEST: Final = 1000
"""Columns of a terminal that a ladder can be fitted to."""
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
    """Problem where the client means another state of a value than it has by now (RFC 9110 13.1.1).

    Asked last: a request that is wrong by itself is told so, whatever it names (RFC 9110 13.2.1).
    """
    given = {each.strip() for each in request.if_match.split(",")}
    if request.if_match and not given & {"*", tag(answer(value).body)}:
        raise Problem(412, "somebody changed it meanwhile: read it again, and change what is there now")


async def record(api: Api, request: Request, act: str, subject: str = "", detail: str = "") -> None:
    """Write into the ledger what was done and by whom, before whoever did it is answered."""
    actor = request.principal.actor if request.principal else f"somebody at {request.address or 'an unknown place'}"
    await api.network.wait(api.network.record(Act(api.network.utc(), actor, act, subject, detail)))


# --- state ----------------------------------------------------------------------------------------
def reading(read: Callable[[ManagedNetwork], object]) -> Call:
    """What the network shows of itself."""

    async def call(api: Api, _: Request, __: str) -> Response | Rows:
        value = read(api.network)
        return Rows(value) if isinstance(value, list) else answer(value)

    return call


async def counters(api: Api, _: Request, __: str) -> Rows:
    """Every counter."""
    return Rows(api.counters())


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


async def events(api: Api, request: Request, _: str) -> Rows | Streamed:
    """The last events, or those that come."""
    if "follow" in request.query:
        return Streamed(_follow(api), LINES)
    return Rows(api.journal.events())


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


# --- home network keys ----------------------------------------------------------------------------
class HomeKeyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A home network key pair to make, of profile A or B (TS 33.501 C.3.4)."""

    profile: Literal["A", "B"] = "A"


async def rotate_home_key(api: Api, request: Request, _: str) -> Response:
    """A fresh key pair beside those that are there."""
    try:
        given = forms.decode(request.body, HomeKeyForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"the form is not as it should be: {error}") from None
    made = await api.network.rotate_home_key(given.profile)
    await record(api, request, "keys.rotate", f"suci {made.id}", made.public_key)
    return answer(made, 201)


async def retire_home_key(api: Api, request: Request, number: str) -> Response:
    """Remove a key pair."""
    there = {str(each.id): each for each in api.network.home_keys()}
    found = there.get(number)
    if found is None:
        raise Problem(404, f"there is no home network key {number}")
    if len(there) == 1:
        raise Problem(409, "this is the last home network key: make another one first")
    why = in_use(Use(found.uses, found.last_used, found.counted_since), api.network.utc())
    if why and "force" not in request.query:
        raise Problem(409, f"home network key {number}: {why}; force retires it all the same")
    await api.network.retire_home_key(int(number))
    await record(api, request, "keys.retire", f"suci {number}")
    return Response(204)


# --- subscribers ----------------------------------------------------------------------------------
async def list_subscribers(api: Api, request: Request, _: str) -> Response | Rows:
    """All subscriptions, without secrets."""
    repository = api.network.subscribers
    form = request.query.get("format", "json")
    if form == "csv":
        if {"limit", "after"} & set(request.query):
            raise Unusable("format=csv is the whole list: limit and after go with JSON")
        return Response(200, subscribers.write_csv(repository.subscribers()).encode(), CSV)
    if form not in {"json", ""}:
        raise Unusable("format: json or csv")
    return Rows(repository.subscribers(request.query.get("after", "")), subscribers.view)


async def add_subscribers(api: Api, request: Request, _: str) -> Response | Streamed:
    """Add subscriptions: all or none, or with `skip` those that are right."""
    work = Import(request.body, csv=request.media_type == CSV, replace="replace" in request.query)
    await asyncio.to_thread(work.read)
    if "progress" in request.query:
        if work.total <= AT_ONCE:  # nothing to wait for: the status itself says what is wrong
            async for _done in _worked(api, work):
                pass
            work.check(skip="skip" in request.query)
        return Streamed(_told(api, request, work), LINES)
    async for _done in _worked(api, work):
        pass
    return answer(await _added(api, request, work), 201)


async def _worked(api: Api, work: Import) -> AsyncIterator[int]:
    """Read the rows a few at a time, in a thread: signalling goes on."""
    while work.left:
        await asyncio.to_thread(work.make, api.slices, api.network.subscribers)
        yield work.done


async def _added(api: Api, request: Request, work: Import) -> Added:
    """Keep what was made, write that down, tell the functions."""
    skip, repository = "skip" in request.query, api.network.subscribers
    work.check(skip=skip)
    made = work.made
    await api.network.wait(repository.put_all(made))
    await record(api, request, "subscriber.add", *subscribers.named(made))
    for each in made:
        api.network.subscription_changed(each.supi)
    return Added(len(made), len(work.wrong), work.errors)


async def _told(api: Api, request: Request, work: Import) -> AsyncIterator[bytes]:
    """How far it is, line by line, and at last what came of it: what was added, or the problem."""
    last: Any
    try:
        async for done in _worked(api, work):
            yield msgspec.json.encode({"done": done, "of": work.total}) + b"\n"
        last = await _added(api, request, work)
    except Problem as problem:
        last = ProblemView(problem.status, problem.detail, problem.errors)
    except Unusable as error:
        last = ProblemView(422, str(error))
    yield msgspec.json.encode(last) + b"\n"


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
    changed = subscribers.changed(found, request.body)
    unchanged(request, subscribers.view(found))
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
    found = api.network.subscribers.subscriber(named)
    if found is not None:
        unchanged(request, subscribers.view(found))
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
        given = forms.decode(request.body, Dissectable)
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


def _limit(request: Request, name: str, usual: int, most: int, least: int = 64) -> int:
    text = request.query.get(name, str(usual))
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:9]) <= most:
        raise Unusable(f"{name}: {text} is outside {least}..{most}")
    return int(text)


Pieces = Callable[[ManagedNetwork, Kept, dict[str, str]], AsyncIterator[bytes]]


def streaming(pieces: Pieces, media_type: str) -> Call:
    """Records as they come."""

    async def call(api: Api, request: Request, _: str) -> Streamed:
        if request.query.get("ue"):
            request.query["ue"] = subscribers.supi_of(request.query["ue"]).value
        if "columns" in request.query:
            request.query["columns"] = str(_limit(request, "columns", WIDEST, WIDEST, NARROWEST))
        request.query.pop(streams.SEALED, None)
        if not api.deciphers(request.principal):
            request.query[streams.SEALED] = ""
        return Streamed(pieces(api.network, api.kept, request.query), media_type)

    return call
