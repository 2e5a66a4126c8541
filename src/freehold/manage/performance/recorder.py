"""Looks at a network again and again, and keeps what each granularity period came to (TS 28.550, TS 32.401)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

import msgspec

from freehold.manage.performance.readings import Counts, Period, Spread, growth
from freehold.procedure import Alarm
from freehold.services.store import Store

TABLE: Final = "measurements"
RECENT: Final = 900.0
"""Seconds of which every look is kept: what a view of the last minutes is made from."""
CHECKPOINT: Final = 60.0
"""Seconds between two writes of an unfinished period: what a crash can lose."""
SKEW: Final = 5.0
"""Seconds that the clock may be set by without the period being suspect."""


class RecorderSettings(msgspec.Struct, frozen=True):
    """Seconds between two looks, seconds of a granularity period, and how many periods are kept."""

    look: float = 10.0
    granularity: float = 900.0
    kept: int = 672


class Head(msgspec.Struct, frozen=True):
    """As much of a stored period as a list of them shows."""

    begin: float
    end: float
    suspect: bool = False


class Measured(Protocol):
    """What a recorder asks of the network."""

    def utc(self) -> float:
        """Seconds since 1970."""

    def now(self) -> float:
        """Monotonic time in seconds."""

    def counters(self) -> Mapping[tuple[str, str], int]:
        """Every counter by name and label."""

    def values(self) -> Mapping[str, float]:
        """What is sampled: registered UEs, sessions, gNBs."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Alarm:
        """Call back once monotonic time reaches `when` seconds."""


class Look(msgspec.Struct, frozen=True):
    """What one look saw."""

    time: float
    counters: Counts
    values: Mapping[str, float]


class Recorder:
    """Periods on disk, and the last minutes look by look; `looked` is called after each look, `closed` after a period.

    A period begins at a multiple of its length in UTC. One that the program did not live through from its begin to its
    end is marked suspect; what was counted before a crash is kept up to the last checkpoint.
    """

    def __init__(self, network: Measured, store: Store, settings: RecorderSettings | None = None) -> None:
        self.settings = settings or RecorderSettings()
        self._network = network
        self._store = store
        self._periods: dict[float, bytes] = {}
        self._recent: deque[Look] = deque()
        self._listeners: list[Callable[[], None]] = []
        self._closed: list[Callable[[Period], None]] = []
        self._alarm: Alarm | None = None
        self.late = 0.0
        """Seconds that the last look came too late: how long the loop was held up."""
        for key, row in store.load(TABLE):
            self._periods[float(key)] = row
        self._unfinished: Period | None = None
        self._written = 0.0
        self._begin(network.utc())
        # what was counted before anybody looked belongs to this first period
        self._base: Counts = {}
        self._recent.append(Look(network.utc(), {}, {}))

    # --- life ---------------------------------------------------------------------------------
    def start(self) -> None:
        """Look now, and again and again."""
        if self._alarm is None:
            self._due = self._network.now()
            self._tick()

    def stop(self) -> None:
        """Look no more; what the unfinished period came to so far is written."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            self._take()
            self._write(self._current(self._network.utc(), suspect=True))

    def on_look(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each look."""
        self._listeners.append(listener)

    def on_period(self, listener: Callable[[Period], None]) -> None:
        """Call `listener` with each period that ended."""
        self._closed.append(listener)

    # --- what is known ------------------------------------------------------------------------
    def rows(self, begin: float = 0.0, end: float = float("inf")) -> list[bytes]:
        """The periods kept that end within these times, oldest first and unread; not the unfinished one."""
        return [row for ends, row in sorted(self._periods.items()) if begin < ends <= end and ends != self._until]

    def periods(self, begin: float = 0.0, end: float = float("inf")) -> Iterator[Period]:
        """The periods kept that lie within these times, oldest first; the unfinished one is not among them."""
        return periods_of(self.rows(begin, end), begin)

    def heads(self) -> Iterator[tuple[float, float, bool]]:
        """Begin, end and whether it is suspect, of each period that is over."""
        for ends, row in sorted(self._periods.items()):
            if ends != self._until:
                try:
                    head = msgspec.json.decode(row, type=Head)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
                yield head.begin, head.end, head.suspect

    def period(self, by: float) -> Period | None:
        """The period that ended then, or would have: one in which the network was stopped ended before."""
        ends = min((each for each in self._periods if each >= by and each != self._until), default=None)
        return None if ends is None else read(self._periods[ends])

    def last(self, seconds: float) -> Period:
        """The last so many seconds, as far as they were looked at, up to now."""
        latest = self._look()
        since = latest.time - seconds
        looks = [look for look in self._recent if look.time >= since] or [latest]
        # the look before them is where counting begins
        before = next((look for look in reversed(self._recent) if look.time < since), looks[0])
        values: dict[str, Spread] = {}
        for look in (*looks, latest):
            for name, value in look.values.items():
                values[name] = values[name].seen(value) if name in values else Spread.of(value)
        begin = min(before.time, latest.time)
        return Period(begin, latest.time, growth(before.counters, latest.counters), values)

    def looks(self) -> Iterator[Look]:
        """Every look of the last minutes, oldest first."""
        return (look for look in self._recent if look.values)

    # --- looks --------------------------------------------------------------------------------
    def _tick(self) -> None:
        now = self._network.now()
        self.late = max(0.0, now - self._due)
        self._take()
        for listener in tuple(self._listeners):
            listener()
        left = self._until - self._network.utc()  # a look at the very end of a period
        self._due = now + (min(self.settings.look, left) if left > 0 else self.settings.look)
        self._alarm = self._network.call_at(self._due, self._tick)

    def _look(self) -> Look:
        return Look(self._network.utc(), dict(self._network.counters()), dict(self._network.values()))

    def _take(self) -> None:
        look = self._look()
        if self._recent and look.time < self._recent[-1].time - SKEW:
            self._recent.clear()  # the clock was set back
        self._recent.append(look)
        while self._recent[0].time < look.time - RECENT:
            self._recent.popleft()
        if not self._from - SKEW <= look.time < self._until + self.settings.granularity:
            self._close(min(look.time, self._until), suspect=True)
            self._begin(look.time)
        for name, value in look.values.items():
            self._values[name] = self._values[name].seen(value) if name in self._values else Spread.of(value)
        if look.time >= self._until:
            self._close(self._until, suspect=False)
            self._begin(look.time)
        elif look.time - self._written >= CHECKPOINT:
            self._written = look.time
            self._write(self._current(look.time, suspect=True))

    def _begin(self, now: float) -> None:
        """Begin the period that `now` is in, after what an earlier run of the program left of it."""
        length = self.settings.granularity
        self._from = now - now % length
        self._until = self._from + length
        self._base = dict(self._network.counters())
        self._values: dict[str, Spread] = {}
        self._written = now
        row = self._periods.get(self._until)
        left = None if row is None else read(row)
        self._unfinished = left if left is not None and left.begin >= self._from - SKEW else None
        self._whole = now - self._from <= 2 * self.settings.look and self._unfinished is None

    def _current(self, end: float, *, suspect: bool) -> Period:
        counters = growth(self._base, self._network.counters())
        here = Period(self._from, end, counters, dict(self._values), suspect or not self._whole)
        return here if self._unfinished is None else self._unfinished.joined(here)

    def _close(self, end: float, *, suspect: bool) -> None:
        period = self._current(end, suspect=suspect)
        self._write(period)
        for listener in tuple(self._closed):
            listener(period)

    def _write(self, period: Period) -> None:
        """Keep a period under the time it ends, or will end, and let the oldest go: one transaction."""
        row = msgspec.json.encode(period)
        self._periods[self._until] = row
        rows: list[tuple[str, bytes | None]] = [(key_of(self._until), row)]
        while len(self._periods) > self.settings.kept:
            oldest = min(self._periods)
            del self._periods[oldest]
            rows.append((key_of(oldest), None))
        _durable = self._store.commit(TABLE, rows)


def key_of(ends: float) -> str:
    """The key of a period: keys sort as times do."""
    return f"{ends:013.1f}"


def periods_of(rows: Iterable[bytes], begin: float = 0.0) -> Iterator[Period]:
    """Periods of the store that begin then or later."""
    for row in rows:
        period = read(row)
        if period is not None and period.begin >= begin:
            yield period


def read(row: bytes) -> Period | None:
    """A period of the store; None for one that this program does not understand."""
    try:
        return msgspec.json.decode(row, type=Period)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
