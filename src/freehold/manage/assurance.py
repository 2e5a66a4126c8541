"""Operations on alarms, thresholds, KPIs and what was measured (TS 28.532 11.2, TS 28.550 7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from freehold import __version__
from freehold.manage import streams
from freehold.manage.access import Form, form
from freehold.manage.faults.alarm import SEVERITIES, AckState, AlarmNotification, AlarmView
from freehold.manage.handlers import answer, record, tagged, unchanged
from freehold.manage.http import Request, Response, Streamed
from freehold.manage.operation import LINES, Problem, Rows
from freehold.manage.performance.history import history as history_of
from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.recorder import Look, periods_of
from freehold.manage.performance.thresholds import Threshold, check
from freehold.manage.views import KpiView, LookView, MeasurementFileView, MeasurementView
from freehold.procedure import Signal
from freehold.spec import counters
from freehold.spec.errors import Unusable
from freehold.spec.measurements import MEASUREMENTS

if TYPE_CHECKING:
    from freehold.manage.api import Api

XML: Final = "application/xml"
WINDOW: Final = 300.0
"""Seconds of which KPIs are computed unless another number is asked for."""
DAY: Final = 86400.0
"""Seconds of which the history is shown unless others are asked for."""
MOST_ROWS: Final = 100_000
"""Alarms that one answer of the history holds at most."""
LONGEST_COMMENT: Final = 1000


class AlarmChange(Form, frozen=True):
    """What to change of an alarm (TS 28.532 12.2.1.1): acknowledge, take that back, or clear."""

    ack_state: AckState | None = None
    perceived_severity: Literal["CLEARED"] | None = None


class CommentForm(Form, frozen=True):
    """What to write about an alarm."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_COMMENT)]


class ThresholdForm(Form, frozen=True):
    """A threshold, without its name: that stands in the path."""

    of: str
    value: float
    side: Literal["over", "under"] = "over"
    hysteresis: float = 0.0
    window_s: float = 300.0
    events: int = 1
    severity: Literal["CRITICAL", "MAJOR", "MINOR", "WARNING"] = "MINOR"
    fix: str = ""
    enabled: bool = True


def number(request: Request, name: str, default: float) -> float:
    """A number of the query; Unusable where it is none."""
    given = request.query.get(name)
    if not given:
        return default
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise Unusable(f"{name}: {given!r} is not a number of 0 or more")
    return value


def names(request: Request) -> tuple[str, ...]:
    """The names of the query, with commas between."""
    return tuple(filter(None, request.query.get("name", "").split(",")))


# --- alarms ---------------------------------------------------------------------------------------
async def alarms(api: Api, request: Request, _: str) -> Rows | Streamed:
    """The alarm list, or what happens to it from now on."""
    severities = [each.strip().upper() for each in request.query.get("severity", "").split(",") if each.strip()]
    wrong = next((each for each in severities if each not in SEVERITIES), None)
    if wrong is not None:
        raise Unusable(f"severity: {wrong} is none of {', '.join(SEVERITIES)}")
    if "follow" in request.query:
        return Streamed(_follow(api), LINES)
    state = request.query.get("ack_state", "").upper()
    return Rows(
        [
            alarm
            for alarm in api.alarms.all()
            if (not severities or alarm.perceived_severity in severities) and (not state or alarm.ack_state == state)
        ]
    )


async def _follow(api: Api) -> AsyncIterator[bytes]:
    mailbox: streams.Mailbox[AlarmNotification] = streams.Mailbox()
    stop = api.alarms.listen(mailbox.put)
    try:
        while True:
            yield b"".join(msgspec.json.encode(each) + b"\n" for each in await mailbox.take())
    finally:
        stop()


async def alarm_counts(api: Api, _: Request, __: str) -> Response:
    """How many alarms there are by severity."""
    return answer(api.alarms.counts())


async def alarm_history(api: Api, request: Request, _: str) -> Rows:
    """Alarms that are over."""
    begin, end = number(request, "begin", 0.0), number(request, "end", 1e12)
    most = number(request, "most", 1000.0)
    if most % 1 or not 1 <= most <= MOST_ROWS:
        raise Unusable(f"most: {most:g} is not a whole number from 1 to {MOST_ROWS}")
    return Rows(api.alarms.history(begin, end, int(most)))


async def show_alarm(api: Api, _: Request, alarm: str) -> Response:
    """One alarm."""
    return tagged(_found(api, alarm))


async def change_alarm(api: Api, request: Request, alarm: str) -> Response:
    """Acknowledge an alarm, take that back, or clear it."""
    given, user = form(request, AlarmChange), _user(request)
    found = _found(api, alarm)
    acts: list[tuple[str, Signal[None]]] = []
    if given.ack_state is None and given.perceived_severity is None:
        raise Unusable("give ack_state, perceived_severity, or both")
    unchanged(request, found)
    if given.perceived_severity is not None:
        cleared = api.alarms.clear(found.specific_problem, found.object_instance, user)
        if cleared is None:
            raise Problem(409, f"alarm {alarm} is cleared already")
        acts.append(("alarm.clear", cleared))
    if given.ack_state is not None:
        found = api.alarms.find(alarm) or found
        change = api.alarms.acknowledge if given.ack_state == "ACKNOWLEDGED" else api.alarms.unacknowledge
        acts.append((f"alarm.{given.ack_state.lower().removesuffix('d')}", change(found, user)))
    for act, durable in acts:
        await api.network.wait(durable)
        await record(api, request, act, alarm, f"{found.specific_problem} {found.object_instance}")
    return tagged(api.alarms.find(alarm) or api.alarms.history(most=1)[0])


async def comment_alarm(api: Api, request: Request, alarm: str) -> Response:
    """Write about an alarm."""
    text = form(request, CommentForm).text.strip()
    if not 0 < len(text) <= LONGEST_COMMENT:
        raise Unusable(f"text: a comment has 1 to {LONGEST_COMMENT} characters")
    await api.network.wait(api.alarms.comment(_found(api, alarm), _user(request), text))
    await record(api, request, "alarm.comment", alarm)
    return answer(_found(api, alarm), 201)


def _found(api: Api, number_: str) -> AlarmView:
    alarm = api.alarms.find(number_)
    if alarm is None:
        raise Problem(404, f"there is no alarm {number_} on the list")
    return alarm


def _user(request: Request) -> str:
    return request.principal.actor if request.principal else "somebody"


# --- thresholds -----------------------------------------------------------------------------------
async def thresholds(api: Api, _: Request, __: str) -> Rows:
    """Every threshold in force."""
    return Rows(api.thresholds.all())


async def show_threshold(api: Api, _: Request, name: str) -> Response:
    """One threshold."""
    found = api.thresholds.find(name)
    if found is None:
        raise Problem(404, f"there is no threshold {name}")
    return tagged(found)


async def put_threshold(api: Api, request: Request, name: str) -> Response:
    """Set a threshold."""
    made = Threshold(name, **msgspec.structs.asdict(form(request, ThresholdForm)))
    check(made)
    unchanged(request, api.thresholds.find(name))
    await api.network.wait(api.thresholds.put(made))
    await record(api, request, "threshold.set", name, f"{made.of} {made.side} {made.value:g}")
    return tagged(made)


async def delete_threshold(api: Api, request: Request, name: str) -> Response:
    """Take back a threshold that was set."""
    if api.thresholds.is_set(name):
        unchanged(request, api.thresholds.find(name))
    removed = api.thresholds.remove(name)
    if removed is None:
        raise Problem(404, f"nobody set a threshold {name}: one that is built in is switched off by enabled = false")
    await api.network.wait(removed)
    await record(api, request, "threshold.delete", name)
    return Response(204)


# --- measurements ---------------------------------------------------------------------------------
async def measurements(_: Api, __: Request, ___: str) -> Rows:
    """What each measurement means."""
    return Rows(
        [
            MeasurementView(row.name, row.object, row.kind, row.text, row.split, row.unit, row.clause, row.standard)
            for row in MEASUREMENTS.values()
        ]
    )


async def looks(api: Api, _: Request, __: str) -> Rows:
    """What was seen at each look of the last minutes."""
    return Rows([look_view(look) for look in api.recorder.looks()])


def look_view(look: Look) -> LookView:
    """As much of a look as a plot of the last minutes is drawn from."""
    return LookView(
        look.time,
        look.counters.get((counters.N3_OCTETS_IN, ""), 0),
        look.counters.get((counters.N3_OCTETS_OUT, ""), 0),
        int(look.values.get(counters.REGISTERED_SUBSCRIBERS, 0)),
        int(look.values.get(counters.CONNECTED_UES, 0)),
        int(look.values.get(counters.SESSIONS, 0)),
    )


async def kpis(api: Api, request: Request, _: str) -> Rows:
    """Every KPI over the last seconds."""
    period = api.recorder.last(min(number(request, "window", WINDOW), 900.0))
    return Rows(
        [
            KpiView(
                kpi.name,
                kpi.title,
                kpi.compute(period),
                kpi.unit,
                kpi.formula,
                kpi.clause,
                kpi.standard,
                kpi.events(period) if kpi.events is not None else None,
                period.begin,
                period.end,
            )
            for kpi in KPIS.values()
        ]
    )


async def history(api: Api, request: Request, _: str) -> Response:
    """Series of what was measured."""
    begin, end = number(request, "begin", api.network.utc() - DAY), number(request, "end", float("inf"))
    step = max(number(request, "step", 0.0), api.recorder.settings.granularity)
    rows, labels = api.recorder.rows(begin, end), request.query.get("labels") != "no"
    # weeks of periods take a while to read: in a thread, so that signalling goes on
    return await asyncio.to_thread(_history, rows, begin, step, names(request), labels=labels)


def _history(rows: Sequence[bytes], begin: float, step: float, wanted: Sequence[str], *, labels: bool) -> Response:
    return answer(history_of(periods_of(rows, begin), step, wanted, labels=labels))


async def files(api: Api, _: Request, __: str) -> Rows:
    """Measurement files that can be had."""
    from freehold.manage.performance.files import file_name  # brings XML along, which few ask for

    sender = api.network.status().name
    return Rows(
        [
            MeasurementFileView(file_name(begin, end, sender), begin, end, suspect)
            for begin, end, suspect in api.recorder.heads()
        ]
    )


async def measurement_file(api: Api, _: Request, name: str) -> Response:
    """One measurement file."""
    from freehold.manage.performance.files import document, end_of, file_name

    end, sender = end_of(name), api.network.status().name
    period = None if end is None else api.recorder.period(end)
    if period is None or file_name(period.begin, period.end, sender) != name:
        raise Problem(404, f"there is no measurement file {name}")
    octets = document(period, sender, __version__, api.recorder.settings.granularity)
    return Response(200, octets, XML)


async def dashboard(_: Api, __: Request, ___: str) -> Response:
    """A Grafana dashboard."""
    from freehold.manage.performance.dashboard import dashboard as made

    value: dict[str, Any] = made()
    return answer(value)
