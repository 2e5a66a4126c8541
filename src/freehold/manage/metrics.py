"""The counters and the state of a network in Prometheus' text format, each under the name that TS 28.552 gives it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from freehold.manage.network import ManagedNetwork
from freehold.spec.measurements import MEASUREMENTS

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
PREFIX: Final = "freehold"
LABEL: Final = "label"
"""The one label of a counter: a cause, a procedure, a kind of message."""
_BOUNDARY: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


def metric_name(name: str) -> str:
    """The name of a counter as Prometheus allows it: `RM.RegInitReq` -> `freehold_rm_reg_init_req`."""
    return f"{PREFIX}_{_BOUNDARY.sub('_', name).strip('_').lower()}"


def counter_metric(name: str) -> str:
    """What a counter is asked for by."""
    return f"{metric_name(name)}_total"


def gauge_metric(name: str) -> str:
    """What a sampled value is asked for by."""
    return metric_name(name)


class _Network(Collector):
    """A network as families of metrics, read once; alarms that stand are counted by severity."""

    def __init__(self, network: ManagedNetwork, alarms: Mapping[str, int]) -> None:
        self._network = network
        self._alarms = alarms

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            f"{PREFIX}_uptime_seconds", "Seconds since the network started", value=self._network.status().uptime_s
        )
        for name, value in sorted(self._network.values().items()):
            yield GaugeMetricFamily(gauge_metric(name), described(name), value=value)
        standing = GaugeMetricFamily(f"{PREFIX}_alarms", "Alarms that stand", labels=("severity",))
        for severity, number in self._alarms.items():
            standing.add_metric((severity,), number)
        yield standing
        labelled: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for (name, label), value in self._network.counters().items():
            labelled[name].append((label, value))
        for name, row in MEASUREMENTS.items():
            if row.kind == "CC" and name not in labelled:
                labelled[name].append(("", 0))  # a series that is there from the start has a rate at once
        for name, values in sorted(labelled.items()):
            family = CounterMetricFamily(metric_name(name), described(name), labels=(LABEL,))
            for label, value in sorted(values):
                family.add_metric((label,), value)
            yield family


def described(name: str) -> str:
    """The help of a metric: the measurement's own name, what it is, and its clause."""
    row = MEASUREMENTS.get(name)
    if row is None:
        return name
    clause = f" ({row.clause})" if row.clause else ""
    return f"{name}: {row.text}{clause}"


def exposition(network: ManagedNetwork, alarms: Mapping[str, int] | None = None) -> bytes:
    """Everything that is counted, as a scraper reads it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Network(network, alarms or {}))
    return generate_latest(registry)
