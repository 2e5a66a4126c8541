"""Series of counters, sampled values and KPIs over the periods kept: what plots are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.readings import Period
from freehold.spec.measurements import MEASUREMENTS

MOST_POINTS: Final = 200_000
"""Points of one answer at most."""


class Series(msgspec.Struct, frozen=True):
    """One line of a plot: points are the end of a period in seconds since 1970 and the value, none where none is."""

    name: str
    label: str
    unit: str
    points: tuple[tuple[float, float | None], ...]


class History(msgspec.Struct, frozen=True):
    """Series over the same periods of `step` seconds; times of periods that are suspect stand in `suspect`."""

    step: float
    suspect: tuple[float, ...]
    series: tuple[Series, ...]


def history(periods: Iterable[Period], step: float, names: Sequence[str] = (), *, labels: bool = True) -> History:
    """The series whose names match one of `names` (all of them where there is none; `*` stands for anything).

    With `labels` a counter is a series for each of its labels; without, one for their sum.
    """
    merged = list(steps(periods, step))
    wanted = tuple(names) or ("*",)
    series = list(_series(merged, lambda name: any(fnmatchcase(name, one) for one in wanted), labels=labels))
    most = max(1, MOST_POINTS // max(1, len(merged)))
    return History(step, tuple(period.end for period in merged if period.suspect), tuple(series[:most]))


def steps(periods: Iterable[Period], step: float) -> Iterator[Period]:
    """Periods joined to stretches of `step` seconds, which begin at its multiples."""
    current: Period | None = None
    for period in periods:
        if current is not None and period.begin // step == current.begin // step:
            current = current.joined(period)
        else:
            if current is not None:
                yield current
            current = period
    if current is not None:
        yield current


def _series(periods: Sequence[Period], wanted: Callable[[str], bool], *, labels: bool) -> Iterator[Series]:
    for kpi in filter(lambda each: wanted(each.name), KPIS.values()):
        yield Series(kpi.name, "", kpi.unit, tuple((period.end, kpi.compute(period)) for period in periods))
    for name in sorted({name for period in periods for name in period.values}):
        spreads = [(period.end, period.values.get(name)) for period in periods]
        if wanted(f"{name}Mean"):
            yield Series(f"{name}Mean", "", "", tuple((end, each.mean if each else None) for end, each in spreads))
        if wanted(f"{name}Max"):
            yield Series(f"{name}Max", "", "", tuple((end, each.most if each else None) for end, each in spreads))
    for name in sorted({name for period in periods for name in period.counters if wanted(name)}):
        row = MEASUREMENTS.get(name)
        unit = row.unit if row else ""
        if not labels:
            yield Series(name, "", unit, tuple((period.end, float(period.total(name))) for period in periods))
            continue
        for label in sorted({label for period in periods for label in period.counters.get(name, {})}):
            points = ((period.end, float(period.counters.get(name, {}).get(label, 0))) for period in periods)
            yield Series(name, label, unit, tuple(points))
