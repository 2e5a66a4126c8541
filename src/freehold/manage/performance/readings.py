"""What was counted and seen over a stretch of time, and how two stretches make one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

MOST_SERIES: Final = 2000
"""Counters by name and label kept of one period: a peer's inventions do not fill the store."""
Counts = Mapping[tuple[str, str], int]


class Spread(msgspec.Struct, frozen=True, gc=False):
    """A sampled value: how often it was looked at, the sum of what was seen, the least and the largest of it."""

    looks: int
    total: float
    least: float
    most: float

    @property
    def mean(self) -> float:
        """The arithmetic mean (TS 32.404)."""
        return self.total / self.looks if self.looks else 0.0

    def seen(self, value: float) -> Spread:
        """With one look more."""
        return Spread(self.looks + 1, self.total + value, min(self.least, value), max(self.most, value))

    def joined(self, other: Spread) -> Spread:
        """The spread of both."""
        return Spread(
            self.looks + other.looks,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )

    @classmethod
    def of(cls, value: float) -> Spread:
        """One look."""
        return cls(1, value, value, value)


class Period(msgspec.Struct, frozen=True):
    """From `begin` to `end` in seconds since 1970: how far each counter went, by name and label, and sampled values.

    `suspect` where the program, or its clock, was not there the whole time (TS 32.435).
    """

    begin: float
    end: float
    counters: dict[str, dict[str, int]]
    values: dict[str, Spread]
    suspect: bool = False

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return max(0.0, self.end - self.begin)

    def total(self, name: str) -> int:
        """A counter over all its labels."""
        return sum(self.counters.get(name, {}).values())

    def mean(self, name: str) -> float | None:
        """The mean of a sampled value; None where nobody looked."""
        spread = self.values.get(name)
        return None if spread is None else spread.mean

    def joined(self, later: Period) -> Period:
        """Both as one, from the earlier's begin to the later's end."""
        counters = {name: dict(labels) for name, labels in self.counters.items()}
        for name, labels in later.counters.items():
            mine = counters.setdefault(name, {})
            for label, value in labels.items():
                mine[label] = mine.get(label, 0) + value
        values = dict(self.values)
        for name, spread in later.values.items():
            values[name] = values[name].joined(spread) if name in values else spread
        return Period(self.begin, later.end, counters, values, self.suspect or later.suspect)


def growth(before: Counts, after: Counts) -> dict[str, dict[str, int]]:
    """How far each counter went; one that fell began anew (its source was restarted). At most MOST_SERIES."""
    grown: dict[str, dict[str, int]] = {}
    series = 0
    for (name, label), value in after.items():
        was = before.get((name, label), 0)
        change = value - was if value >= was else value
        if change and series < MOST_SERIES:
            series += 1
            grown.setdefault(name, {})[label] = change
    return grown
