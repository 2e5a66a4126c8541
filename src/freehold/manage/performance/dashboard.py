"""A Grafana dashboard made from the measurements and KPIs: every metric it asks for is one that `metrics` exposes."""

from __future__ import annotations

from typing import Any, Final

from freehold.manage.metrics import counter_metric, gauge_metric
from freehold.spec import counters as c
from freehold.spec.measurements import MEASUREMENTS

SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
WINDOW: Final = "$__rate_interval"
WIDTH, HEIGHT, COLUMNS = 8, 8, 24

KINDS: Final = (c.INITIAL_REGISTRATION, c.MOBILITY_REGISTRATION, c.PERIODIC_REGISTRATION)
RATIOS: Final = (
    ("Initial registration success", f"{c.INITIAL_REGISTRATION}Succ", f"{c.INITIAL_REGISTRATION}Req"),
    ("PDU session establishment success", c.SESSION_SUCCESS, c.SESSION_REQUEST),
    ("Service request success", c.SERVICE_SUCCESS, c.SERVICE_REQUEST),
    ("Paging success", c.PAGING_SUCCESS, c.PAGING_ATTEMPT),
)
RATES: Final = (
    ("Registrations", tuple(f"{kind}Req" for kind in KINDS)),
    ("Registration failures by cause", tuple(f"{kind}Fail" for kind in KINDS)),
    ("Authentication", (c.AUTHENTICATION_REQUEST, c.AUTHENTICATION_FAILURE, c.AUTHENTICATION_REJECT)),
    ("PDU sessions", (c.SESSION_REQUEST, c.SESSION_SUCCESS, c.SESSION_FAILURE, c.SESSION_NOT_ESTABLISHED)),
    ("N4 sessions", (c.N4_SESSION_REQUEST, c.N4_SESSION_FAILURE)),
    ("N3 packets", (c.N3_PACKETS_IN, c.N3_PACKETS_OUT)),
    ("Packets by fate", (c.PACKETS,)),
    ("Procedures", (c.PROCEDURE_STARTED,)),
    ("Faults of peers", (c.PROTOCOL_FAULT, c.EXPIRED, c.RETRANSMISSION)),
    ("Radio: RRC connections", (c.RRC_ATTEMPT, c.RRC_SUCCESS, c.RRC_REFUSED)),
)  # fmt: skip
GAUGES: Final = (c.REGISTERED_SUBSCRIBERS, c.CONNECTED_UES, c.SESSIONS, c.GNBS)


def dashboard() -> dict[str, Any]:
    """The document to import into Grafana (schema 39), with a variable for the data source."""
    panels: list[dict[str, Any]] = [
        *(_stat(name) for name in GAUGES),
        *(_ratio(*row) for row in RATIOS),
        _series("Throughput", [_octets(c.N3_OCTETS_IN, "up"), _octets(c.N3_OCTETS_OUT, "down")], "bps"),
        _series("Mean times", [_mean_time(c.REGISTRATION_TIME, f"{c.INITIAL_REGISTRATION}Succ", "registration"),
                               _mean_time(c.SESSION_TIME, c.SESSION_ESTABLISHED, "PDU session")], "ms"),
        *(_series(title, [_rate(name) for name in names], "ops") for title, names in RATES),
    ]  # fmt: skip
    for number, panel in enumerate(panels):
        panel["id"] = number + 1
        column = number * WIDTH
        panel["gridPos"] = {"x": column % COLUMNS, "y": column // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT}
    variable = {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}
    return {
        "title": "Freehold",
        "uid": "freehold",
        "schemaVersion": 39,
        "tags": ["5G", "freehold"],
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [variable]},
        "panels": panels,
    }  # fmt: skip


def _stat(name: str) -> dict[str, Any]:
    return {
        "title": MEASUREMENTS[name].text.partition(",")[0],
        "type": "stat",
        "datasource": SOURCE,
        "targets": [_target(gauge_metric(name), "")],
    }


def _ratio(title: str, good: str, all_: str) -> dict[str, Any]:
    share = f"100 * sum(increase({counter_metric(good)}[{WINDOW}])) / sum(increase({counter_metric(all_)}[{WINDOW}]))"
    return {**_series(title, [_target(share, title)], "percent"), "description": f"{good} / {all_}"}


def _series(title: str, targets: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    for letter, target in zip("ABCDEFGH", targets, strict=False):
        target["refId"] = letter
    return {
        "title": title,
        "type": "timeseries",
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
    }


def _rate(name: str) -> dict[str, Any]:
    split = bool(MEASUREMENTS[name].split)
    total = f"sum {'by (label) ' if split else ''}(rate({counter_metric(name)}[{WINDOW}]))"
    return _target(total, f"{name} {{{{label}}}}" if split else name)


def _octets(name: str, legend: str) -> dict[str, Any]:
    return _target(f"8 * sum(rate({counter_metric(name)}[{WINDOW}]))", legend)


def _mean_time(sum_: str, number: str, legend: str) -> dict[str, Any]:
    rates = (f"sum(increase({counter_metric(name)}[{WINDOW}]))" for name in (sum_, number))
    return _target(f"{' / '.join(rates)} / 1000", legend)


def _target(expression: str, legend: str) -> dict[str, Any]:
    return {"expr": expression, "legendFormat": legend, "refId": "A", "datasource": SOURCE}
