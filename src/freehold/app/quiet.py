"""An environment whose tap nobody hears: for the far end of a link whose near end is recorded already."""

from __future__ import annotations

from collections.abc import Callable

from freehold.procedure import SILENT, Alarm, Environment, Tap
from freehold.spec.events import Event


class QuietEnvironment:
    """Another environment without its tap."""

    __slots__ = ("_inner", "call_at", "count", "emit", "now", "random", "tap", "utc")

    now: Callable[[], float]
    utc: Callable[[], float]
    random: Callable[[int], bytes]
    call_at: Callable[[float, Callable[[], None]], Alarm]
    count: Callable[..., None]
    emit: Callable[[Event], None]

    def __init__(self, inner: Environment) -> None:
        self._inner = inner
        self.tap: Tap = SILENT
        self.now = inner.now
        self.utc = inner.utc
        self.random = inner.random
        self.call_at = inner.call_at
        self.count = inner.count
        self.emit = inner.emit
