"""Procedures as OTLP spans: whose child each is, what it says of a UE, and that a dead collector costs nothing."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from freehold.app.network import Network
from freehold.manage import telemetry
from freehold.manage.telemetry import TraceExporter
from freehold.procedure.correlation import correlation
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi

SUPI = Supi("imsi-001010000000001")


class Collector:
    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.bodies = []

    async def __call__(self, url, headers, body):
        self.url = url.geturl()
        status = self.statuses.pop(0) if self.statuses else 200
        if isinstance(status, Exception):
            raise status
        if status == 200:
            self.bodies.append(json.loads(body))
        return status

    def spans(self):
        return [
            span
            for body in self.bodies
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


def numbered():
    state = {"n": 0}

    def random(octets):
        state["n"] += 1
        return state["n"].to_bytes(octets, "big")

    return random


def exporter(collector, endpoint="http://127.0.0.1:4318"):
    return TraceExporter(endpoint, "lab", b"k", 1000.0, numbered(), collector)


def attributes(span):
    return {each["key"]: each["value"]["stringValue"] for each in span["attributes"]}


@pytest.fixture
def collector():
    return Collector()


def test_when_a_terminal_registers_and_opens_a_session_then_each_procedure_is_a_span_of_its_trace(collector):
    made = exporter(collector)

    async def main():
        async with Network() as network:
            network.tap.tracer = made
            ue = network.ue()
            await ue.register()
            await ue.pdu_session()
            network.tap.tracer = None
            await made.flush()
            return correlation(ue.supi, b"k"), ue.supi.digits

    ue, digits = asyncio.run(main())
    spans = collector.spans()
    by = {}
    for span in spans:
        by.setdefault(span["name"], span)
    registration = by["registration"]
    assert attributes(registration) == {
        "nf": "AMF", "clause": "TS 23.502 4.2.2.2.2", "outcome": "ended", "ue": ue
    }  # fmt: skip
    assert "authentication (TS 33.501 6.1.3.2)" in [event["name"] for event in registration["events"]]
    calls = [span for span in spans if span.get("parentSpanId") == registration["spanId"]]
    assert {"Nausf", "Nudm", "Nnssf"} <= {span["name"].partition("_")[0] for span in calls}
    assert {span["traceId"] for span in calls} == {registration["traceId"]}
    assert {attributes(span)["nf"] for span in spans if span.get("parentSpanId") in {c["spanId"] for c in calls}} >= {
        "AUSF"
    }
    session = by["pdu_session_establishment"]
    assert session["traceId"] == by["uplink_nas_transport"]["traceId"]
    assert session["parentSpanId"] == by["Nsmf_PDUSession_CreateSMContext"]["spanId"]
    assert (attributes(session)["nf"], attributes(session)["ue"]) == ("SMF", ue)
    assert session["name"] == "pdu_session_establishment"
    assert digits not in json.dumps(collector.bodies)  # no identity leaves
    identities = {span["spanId"] for span in spans}
    assert len(identities) == len(spans)
    for span in spans:
        assert span.get("parentSpanId", span["spanId"]) in identities
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    assert collector.url == "http://127.0.0.1:4318/v1/traces"


def test_when_nothing_is_traced_then_the_network_has_no_tracer():
    async def main():
        async with Network() as network:
            return network.tap.tracer

    assert asyncio.run(main()) is None


def whom(supi=SUPI):
    return SimpleNamespace(identity=SimpleNamespace(supi=supi))


def spans_of(collector, *steps):
    made = exporter(collector)
    for step in steps:
        step(made)
    asyncio.run(made.flush())
    return made, collector.spans()


def test_when_another_function_works_for_the_same_ue_then_it_is_part_of_the_same_trace(collector):
    one, two, three = object(), object(), object()
    _, spans = spans_of(
        collector,
        lambda made: made.begun(one, "AMF", "uplink_nas_transport", "TS 24.501 5.4.5.2", whom(), 1.0),
        lambda made: made.begun(two, "SMF", "pdu_session_establishment", "TS 23.502 4.3.2.2.1", whom(), 2.0),
        lambda made: made.begun(three, "SMF", "deactivation", "x", whom(Supi("imsi-001010000000002")), 2.0),
        lambda made: made.ended(one, "ended", whom(), 3.0),
        lambda made: made.ended(two, "reject", whom(), 4.0),
        lambda made: made.ended(three, "aborted", whom(), 4.0),
    )
    first, second, third = spans
    assert (second["traceId"], second["parentSpanId"]) == (first["traceId"], first["spanId"])
    assert third["traceId"] != first["traceId"]
    assert second["status"] == {"code": 2, "message": "reject"}
    assert (first["status"], third["status"]) == ({}, {})
    assert (first["startTimeUnixNano"], first["endTimeUnixNano"]) == ("1001000000000", "1003000000000")


def test_when_a_ue_is_unknown_at_first_then_its_span_names_it_at_the_end(collector):
    key = object()
    _, (span,) = spans_of(
        collector,
        lambda made: made.begun(key, "AMF", "registration", "TS", whom(None), 1.0),
        lambda made: made.ended(key, "ended", whom(), 2.0),
    )
    assert attributes(span)["ue"] == correlation(SUPI, b"k")


def test_when_what_ends_never_began_then_nothing_is_sent(collector):
    made, spans = spans_of(collector, lambda made: made.ended(object(), "ended", None, 1.0))
    assert spans == []
    assert made.sent == 0


def test_when_the_collector_is_away_then_spans_wait_and_the_oldest_are_lost(collector, monkeypatch):
    monkeypatch.setattr(telemetry, "QUEUED", 10)
    collector.statuses = [ConnectionRefusedError(), 503, 200]
    made = exporter(collector)
    for number in range(15):
        key = object()
        made.begun(key, "AMF", f"{number}", "", None, 1.0)
        made.ended(key, "ended", None, 2.0)
    wrong = []
    for _ in range(3):
        asyncio.run(made.flush())
        wrong.append(made.failing)
    assert (made.place, wrong) == ("127.0.0.1:4318", ["ConnectionRefusedError", "answered 503", ""])
    assert [span["name"] for span in collector.spans()] == [f"{number}" for number in range(5, 15)]
    assert (made.lost, made.sent) == (5, 10)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_when_the_collector_refuses_for_good_then_the_batch_is_lost_and_not_sent_again(collector, status):
    # OTLP: 429, 502, 503 and 504 alone are retryable
    collector.statuses = [status]
    made, _ = spans_of(
        collector,
        lambda made: made.begun(made, "AMF", "x", "", None, 1.0),
        lambda made: made.ended(made, "ended", None, 2.0),
    )
    assert (made.sent, made.lost) == (0, 1)
    asyncio.run(made.flush())
    assert collector.spans() == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_when_the_collector_is_busy_then_the_batch_is_sent_again(collector, status):
    collector.statuses = [status]
    made, _ = spans_of(
        collector,
        lambda made: made.begun(made, "AMF", "x", "", None, 1.0),
        lambda made: made.ended(made, "ended", None, 2.0),
    )
    assert (made.sent, made.lost) == (0, 0)
    asyncio.run(made.flush())
    assert (made.sent, len(collector.spans())) == (1, 1)


def test_when_a_called_function_calls_another_then_its_call_is_a_child_of_the_first(collector):
    run, outer, inner, after = object(), object(), object(), object()

    def work(made):
        made.begun(run, "AMF", "registration", "TS 23.502 4.2.2.2.2", whom(), 1.0)
        before = made.advancing(run)
        made.begun(outer, "AMF", "Nausf", "TS 29.509 5.2.2.2", None, 1.1, call=True)
        made.resume(before)  # it waits inside the call
        made.advancing(run)
        made.begun(inner, "AUSF", "Nudm", "TS 29.503 5.4.2.2", None, 1.2, call=True)
        made.ended(inner, "ended", None, 1.3)
        made.ended(outer, "ended", None, 1.4)
        made.begun(after, "AMF", "Nudm", "TS 29.503 5.3.2.2.2", None, 1.5, call=True)
        made.ended(after, "ended", None, 1.6)
        made.ended(run, "ended", whom(), 1.7)

    _, (deepest, call, last, root) = spans_of(collector, work)
    assert (deepest["parentSpanId"], call["parentSpanId"]) == (call["spanId"], root["spanId"])
    assert (last["parentSpanId"], "parentSpanId" in root) == (root["spanId"], False)
    assert [span["kind"] for span in (deepest, call, last, root)] == [3, 3, 3, 1]


def test_when_a_call_starts_a_procedure_for_later_then_that_is_a_child_of_the_call(collector):
    run, call, later = object(), object(), object()

    def work(made):
        made.begun(run, "AMF", "uplink_nas_transport", "TS 24.501 5.4.5.2", whom(), 1.0)
        made.advancing(run)
        made.begun(call, "AMF", "Nsmf", "TS 29.502 5.2.2.2", None, 1.1, call=True)
        start = made.later(lambda: made.begun(later, "SMF", "pdu_session_establishment", "TS", whom(), 3.0))
        made.ended(call, "ended", None, 1.2)
        made.ended(run, "ended", whom(), 1.3)
        made.resume(None)
        start()
        made.ended(later, "ended", whom(), 4.0)

    _, (first, root, begun) = spans_of(collector, work)
    assert begun["traceId"] == root["traceId"]
    assert begun["parentSpanId"] == first["spanId"]


def test_when_a_procedure_fails_then_its_span_says_why_and_no_identity(collector):
    key = object()
    why = "imsi-001010000000001 has no subscription: 001010000000001, slice 1-010203"
    _, (span,) = spans_of(
        collector,
        lambda made: made.begun(key, "AMF", "registration", "TS", whom(None), 1.0),
        lambda made: made.ended(key, "reject", None, 2.0, why),
    )
    assert span["status"] == {"code": 2, "message": "... has no subscription: ..., slice 1-010203"}
    assert attributes(span)["outcome"] == "reject"


def test_when_very_many_run_at_once_then_so_many_are_traced(collector, monkeypatch):
    monkeypatch.setattr(telemetry, "OPEN", 3)
    made = exporter(collector)
    keys = [object() for _ in range(10)]
    for key in keys:
        made.begun(key, "AMF", "x", "", None, 1.0)
    for key in keys:
        made.ended(key, "ended", None, 2.0)
    asyncio.run(made.flush())
    assert len(collector.spans()) == 3


@pytest.mark.parametrize("endpoint", ["", "4318", "grpc://x", "http://"])
def test_when_the_endpoint_is_none_then_the_owner_is_told(collector, endpoint):
    with pytest.raises(Unusable, match=r"telemetry\.otlp"):
        exporter(collector, endpoint)


def test_when_a_ue_has_a_pseudonym_then_it_is_of_this_process_and_says_nothing():
    assert correlation(SUPI, b"a") == correlation(whom(), b"a") != correlation(SUPI, b"b")
    assert len(correlation(SUPI, b"a")) == 12
    assert correlation(Supi("imsi-001010000000002"), b"a") != correlation(SUPI, b"a")
    assert correlation("gnb-1", b"a") == correlation(None, b"a") == correlation(whom(None), b"a") == ""
