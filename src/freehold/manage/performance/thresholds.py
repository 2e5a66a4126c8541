"""Thresholds on KPIs and counters: each raises an alarm beyond its value, and ends it behind its hysteresis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.readings import Period
from freehold.procedure import Signal
from freehold.services.store import Store
from freehold.spec.errors import Unusable
from freehold.spec.measurements import MEASUREMENTS

TABLE: Final = "thresholds"
MOST: Final = 100
LONGEST: Final = 900.0
NAME: Final = 64


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A watch on one value over the last `window_s` seconds (TS 28.550 6.3).

    `of` names a KPI or a counter (its sum over all labels, or one label after a colon). `over` and `under` say on which
    side trouble is. It ends once the value is back by `hysteresis`. A KPI of fewer than `events` events is not judged.
    """

    name: str
    of: str
    value: float
    side: Literal["over", "under"] = "over"
    hysteresis: float = 0.0
    window_s: float = 300.0
    events: int = 1
    severity: Literal["CRITICAL", "MAJOR", "MINOR", "WARNING"] = "MINOR"
    fix: str = ""
    enabled: bool = True

    def measured(self, period: Period) -> float | None:
        """The value now; None where there is none, or where it says nothing."""
        kpi = KPIS.get(self.of)
        if kpi is not None:
            few = kpi.events is not None and kpi.events(period) < self.events
            return None if few else kpi.compute(period)
        name, _, label = self.of.partition(":")
        if name in period.values:
            return period.values[name].most if self.side == "over" else period.values[name].least
        return float(period.counters.get(name, {}).get(label, 0) if label else period.total(name))

    def crossed(self, value: float) -> bool:
        """Whether the value is beyond the threshold."""
        return value >= self.value if self.side == "over" else value <= self.value

    def back(self, value: float) -> bool:
        """Whether the value is well behind the threshold again."""
        if self.side == "over":
            return value < self.value - self.hysteresis or (self.hysteresis == 0 and value < self.value)
        return value > self.value + self.hysteresis or (self.hysteresis == 0 and value > self.value)


BUILT_IN: Final = (
    Threshold(
        "registration-success", "RSR.Initial", 90.0, "under", hysteresis=3.0, events=20, severity="MAJOR",
        fix="see the causes under RM.RegInitFail and the events of the terminals",
    ),
    Threshold(
        "session-success", "PDUSessionEstSR", 90.0, "under", hysteresis=3.0, events=20, severity="MAJOR",
        fix="see the causes under SM.PduSessionCreationFail",
    ),
    Threshold(
        "authentication-failures", "AMF.AuthFail", 20.0, hysteresis=10.0, window_s=60.0, severity="MAJOR",
        fix="see who fails: wrong keys after an import, or somebody who guesses",
    ),
    Threshold(
        "n4-success", "N4EstSR", 95.0, "under", hysteresis=2.0, events=20, severity="MAJOR",
        fix="see the UPF's events",
    ),
)  # fmt: skip
"""What is watched unless the owner says otherwise, by the same name."""


class Thresholds:
    """The thresholds in force: those built in, over them those configured, over them those set by operators."""

    def __init__(self, store: Store, configured: Iterable[Threshold] = ()) -> None:
        for threshold in configured:
            check(threshold)
        self._store = store
        self._given = {each.name: each for each in (*BUILT_IN, *configured)}
        self._set: dict[str, Threshold] = {}
        for name, row in store.load(TABLE):
            try:
                self._set[name] = msgspec.json.decode(row, type=Threshold)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # of a program that knew more

    def all(self) -> Sequence[Threshold]:
        """Every threshold by name."""
        return [each for _, each in sorted({**self._given, **self._set}.items())]

    def find(self, name: str) -> Threshold | None:
        """One threshold."""
        return self._set.get(name) or self._given.get(name)

    def is_set(self, name: str) -> bool:
        """Whether an operator set it."""
        return name in self._set

    def put(self, threshold: Threshold) -> Signal[None]:
        """Set one; the signal is set once that is durable. Unusable says what is wrong with it."""
        check(threshold)
        if threshold.name not in self._set and len(self._set) >= MOST:
            raise Unusable(f"there are {MOST} thresholds already: remove one first")
        self._set[threshold.name] = threshold
        return self._store.commit(TABLE, [(threshold.name, msgspec.json.encode(threshold))])

    def remove(self, name: str) -> Signal[None] | None:
        """Take back what an operator set; what is built in or configured counts again. None where there is nothing."""
        if self._set.pop(name, None) is None:
            return None
        return self._store.commit(TABLE, [(name, None)])


def check(threshold: Threshold) -> None:
    """Unusable names the field that is wrong."""
    if not 0 < len(threshold.name) <= NAME or "/" in threshold.name or not threshold.name.isprintable():
        raise Unusable(f"name: a threshold's name has 1 to {NAME} printable characters and no slash")
    base = threshold.of.partition(":")[0]
    if threshold.of not in KPIS and base not in MEASUREMENTS:
        raise Unusable(f"of: {threshold.of!r} is no KPI and no measurement: see freehold metrics list")
    if not 0 < threshold.window_s <= LONGEST:
        raise Unusable(f"window_s: {threshold.window_s} is outside 0..{LONGEST:.0f} seconds")
    if threshold.hysteresis < 0:
        raise Unusable("hysteresis: must not be below 0")
