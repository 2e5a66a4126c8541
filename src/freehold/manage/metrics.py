"""The counters and the state of a network in Prometheus' text format, each under the name that TS 28.552 gives it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from freehold.manage.network import ManagedNetwork

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
PREFIX: Final = "freehold"
LABEL: Final = "label"
"""The one label of a counter: a cause, a procedure, a kind of message."""
_BOUNDARY: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+")

STATE: Final = (
    ("gnbs", "gnbs", "gNBs with an association"),
    ("ues_registered", "registered_subscribers", "RM.RegisteredSubNbrMean: UEs in 5GMM-REGISTERED (TS 28.552 5.2.1.1)"),
    ("ues_connected", "connected_ues", "UEs in CM-CONNECTED"),
    ("sessions", "sessions", "SM.SessionNbrMean: PDU sessions (TS 28.552 5.3.1.1)"),
    ("uptime_s", "uptime_seconds", "Seconds since the network started"),
)
"""Gauges: a field of the status, its name, its help."""
CARRIED: Final = (
    ("uplink_bytes", "uplink_octets", "Octets of user data from terminals"),
    ("downlink_bytes", "downlink_octets", "Octets of user data to terminals"),
)
"""Counters of octets in the same form; they may fall when a session ends, and are read as resets then."""


def metric_name(name: str) -> str:
    """The name of a counter as Prometheus allows it: `RM.RegInitReq` -> `freehold_rm_reg_init_req`."""
    return f"{PREFIX}_{_BOUNDARY.sub('_', name).strip('_').lower()}"


class _Network(Collector):
    """A network as families of metrics, read once."""

    def __init__(self, network: ManagedNetwork) -> None:
        self._network = network

    def collect(self) -> Iterator[Metric]:
        status = self._network.status()
        for field, name, text in STATE:
            yield GaugeMetricFamily(f"{PREFIX}_{name}", text, value=getattr(status, field))
        for field, name, text in CARRIED:
            yield CounterMetricFamily(f"{PREFIX}_{name}", text, value=getattr(status, field))
        labelled: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for (name, label), value in self._network.counters().items():
            labelled[name].append((label, value))
        for name, values in sorted(labelled.items()):
            family = CounterMetricFamily(metric_name(name), name, labels=(LABEL,))
            for label, value in sorted(values):
                family.add_metric((label,), value)
            yield family


def exposition(network: ManagedNetwork) -> bytes:
    """Everything that is counted, as a scraper reads it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Network(network))
    return generate_latest(registry)
