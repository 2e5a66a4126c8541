"""KPIs by their formulas, series over periods, and a dashboard that asks for what there is."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from freehold.manage.metrics import exposition
from freehold.manage.performance.dashboard import dashboard
from freehold.manage.performance.history import history, steps
from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.readings import Period, Spread
from freehold.spec.measurements import MEASUREMENTS
from managekit import FakeNetwork


def period(begin=0.0, end=100.0, *, suspect=False, **counts):
    counters = {name.replace("__", "."): {"": value} for name, value in counts.items()}
    return Period(begin, end, counters, {"SM.SessionNbr": Spread(2, 10.0, 4.0, 6.0)}, suspect)


@pytest.mark.parametrize(
    ("name", "counts", "value"),
    [
        ("RSR.Initial", {"RM__RegInitReq": 8, "RM__RegInitSucc": 6}, 75.0),
        ("RSR.Initial", {}, None),
        ("RSR.Initial", {"RM__RegInitReq": 1, "RM__RegInitSucc": 2}, 100.0),
        ("PDUSessionEstSR", {"SM__PduSessionCreationReq": 4, "SM__PduSessionCreationSucc": 1}, 25.0),
        ("UTSNSI", {"GTP__InDataOctN3UPF": 125_000}, 10.0),
        ("DTSNSI", {}, 0.0),
        ("PDUSesMeanNbr", {}, 5.0),
        ("AMFMeanRegNbr", {}, None),
        ("PDUEstTime", {"SM__PduSessionTime": 30_000, "smf__session_established": 6}, 5.0),
        ("RegTime", {"RM__RegTime": 12_000, "RM__RegInitSucc": 3, "RM__RegPeriodSucc": 1}, 3.0),
        ("RegTime", {"RM__RegTime": 12_000}, None),
        ("AuthSR", {"AMF__AuthReq": 10, "AMF__AuthFail": 1}, 90.0),
        ("AuthSR", {}, None),
        ("N4EstSR", {"SM__N4SessionEstabReq": 4, "SM__N4SessionEstabFail": 4}, 0.0),
    ],
)
def test_when_a_kpi_is_computed_then_it_is_by_its_formula(name, counts, value):
    assert KPIS[name].compute(period(**counts)) == value


def test_when_the_tables_are_read_then_every_row_has_a_meaning_and_standard_ones_a_clause():
    assert all(row.text for row in MEASUREMENTS.values())
    assert all(row.clause.startswith("TS 28.552 5.") for row in MEASUREMENTS.values() if row.standard)
    assert all(kpi.clause.startswith("TS 28.554 6.") for kpi in KPIS.values() if kpi.standard)
    named = {part for kpi in KPIS.values() for part in re.findall(r"[A-Za-z0-9_]+\.[A-Za-z0-9_]+", kpi.formula)}
    sampled = {f"{name}Mean" for name, row in MEASUREMENTS.items() if row.kind == "SI"}
    assert named <= set(MEASUREMENTS) | sampled | {"RM.Reg"}


def test_when_periods_are_joined_to_steps_then_ratios_are_of_the_whole():
    periods = [
        period(0, 300, RM__RegInitReq=1, RM__RegInitSucc=1),
        period(300, 600, RM__RegInitReq=9, RM__RegInitSucc=0, suspect=True),
        period(600, 900, RM__RegInitReq=2, RM__RegInitSucc=2),
    ]
    assert [(each.begin, each.end) for each in steps(periods, 600)] == [(0, 600), (600, 900)]
    found = history(periods, 600, ["RSR.Initial", "RM.RegInit*"])
    assert found.suspect == (600,)
    series = {each.name: each.points for each in found.series}
    assert series["RSR.Initial"] == ((600, 10.0), (900, 100.0))
    assert series["RM.RegInitReq"] == ((600, 10.0), (900, 2.0))
    assert set(series) == {"RSR.Initial", "RM.RegInitReq", "RM.RegInitSucc"}


def test_when_labels_are_not_wanted_then_a_counter_is_one_series_of_their_sum():
    labelled = Period(0, 300, {"RM.RegInitFail": {"#3": 1, "#22": 2}}, {})
    assert [each.points for each in history([labelled], 300, ["RM.RegInitFail"]).series] == [
        ((300, 1.0),),
        ((300, 2.0),),
    ][::-1]
    (both,) = history([labelled], 300, ["RM.RegInitFail"], labels=False).series
    assert both.points == ((300, 3.0),)


def test_when_there_is_no_period_then_there_are_no_points():
    assert all(each.points == () for each in history([], 900).series)


def test_when_the_dashboard_is_made_then_every_metric_it_asks_for_is_exposed_and_every_label_too():
    network = FakeNetwork()
    for name, row in MEASUREMENTS.items():
        if row.kind == "SI":
            network.sampled[name] = 1.0
        else:
            network.environment.count(name, "x" if row.split else "")
    text = exposition(network).decode()
    exposed = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    document = json.loads(json.dumps(dashboard()))
    expressions = [target["expr"] for panel in document["panels"] for target in panel["targets"]]
    asked = {name for expression in expressions for name in re.findall(r"freehold_\w+", expression)}
    assert asked
    assert asked <= exposed
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])
    for panel in document["panels"]:
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for expression in expressions:
        assert expression.count("(") == expression.count(")")
