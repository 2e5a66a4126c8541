"""Many subscriptions at once: every row that is wrong is told with its line and field, all are added or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from freehold.manage import subscribers
from freehold.manage.operation import Problem
from freehold.manage.subscribers import Given, SliceForm, Wrong
from freehold.manage.views import RowError
from freehold.services.nudr import DataRepository, Subscriber

AT_ONCE: Final = 2000
"""Rows between two looks at how far it is."""
TOLD: Final = 1000
"""Rows that are wrong and told."""


class Import:
    """One import: `read`, then `make` until nothing is `left`, then `check`; each may be called in any thread."""

    def __init__(self, octets: bytes, *, csv: bool, replace: bool) -> None:
        self._octets = octets
        self._csv = csv
        self._replace = replace
        self._rows: Iterator[Given] = iter(())
        self._seen: set[str] = set()
        self.total = self.done = 0
        self.made: list[Subscriber] = []
        self.wrong: list[RowError] = []
        self._there = 0

    @property
    def left(self) -> int:
        """Rows not looked at."""
        return self.total - self.done

    @property
    def errors(self) -> tuple[RowError, ...]:
        """The rows that are wrong, the first thousand."""
        return tuple(self.wrong[:TOLD])

    def read(self) -> None:
        """Find the rows; Unusable where there are none to be found."""
        rows = list((subscribers.rows_csv if self._csv else subscribers.rows_json)(self._octets))
        self._rows, self.total = iter(rows), len(rows)

    def make(self, slices: tuple[SliceForm, ...], repository: DataRepository) -> None:
        """Make subscriptions of the next rows."""
        for _ in range(min(AT_ONCE, self.left)):
            given = next(self._rows)
            self.done += 1
            try:
                self._make(given, slices, repository)
            except Wrong as wrong:
                self.wrong.append(RowError(given.line, wrong.field, str(wrong)))

    def _make(self, given: Given, slices: tuple[SliceForm, ...], repository: DataRepository) -> None:
        if given.form is None:
            raise Wrong(given.field, given.wrong)
        with subscribers.field("supi"):
            supi = subscribers.supi_of(given.form.supi)
        if supi.value in self._seen:
            raise Wrong("supi", f"{supi.value} stands twice: leave one of them out")
        self._seen.add(supi.value)
        existing = repository.subscriber(supi)
        if existing is not None and not self._replace:
            self._there += 1
            raise Wrong("supi", f"{given.form.supi} is there already: change it with set, or import with replace")
        self.made.append(subscribers.subscriber_of(given.form, slices, existing))

    def check(self, *, skip: bool) -> None:
        """Problem where a row is wrong, unless those are skipped."""
        if not self.wrong or (skip and self.made):
            return
        first, more = self.wrong[0], len(self.wrong) - 1
        where = f"{'line' if self._csv else 'subscriber'} {first.line}: " if self._csv or self.total > 1 else ""
        what = where + first.detail
        status = 409 if self._there == len(self.wrong) else 422
        raise Problem(status, f"{what}; {more} more" if more else what, errors=self.errors)


def all_right(
    octets: bytes,
    *,
    csv: bool,
    replace: bool,
    skip: bool,
    slices: tuple[SliceForm, ...],
    repository: DataRepository,
    told: Callable[[int, int], None],
) -> Import:
    """A whole import at once, for a network that does not run; Problem says what is wrong, `told` hears how far."""
    work = Import(octets, csv=csv, replace=replace)
    work.read()
    while work.left:
        work.make(slices, repository)
        told(work.done, work.total)
    work.check(skip=skip)
    return work
