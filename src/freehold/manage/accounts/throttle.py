"""Guessing made slow: after a few failures, each further try has to wait longer."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

FREE: Final = 5
"""Failures in a row that cost nothing."""
FIRST: Final = 2.0
"""Seconds the next try waits; each failure doubles them."""
MOST: Final = 900.0
"""Seconds at most, and after which a failure is forgotten."""
KEPT: Final = 10_000
"""Names and addresses remembered; the one that failed longest ago is forgotten first."""


class Throttle:
    """Failures by key: an account's name, or an address."""

    __slots__ = ("_failures",)

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next try is heard; 0 where it is heard now."""
        count, last = self._failures.get(key, (0, 0.0))
        if count < FREE or now - last >= MOST:
            return 0.0
        delay = min(MOST, FIRST * 2.0 ** min(count - FREE, 16))
        return max(0.0, last + delay - now)

    def failed(self, key: str, now: float) -> None:
        """Count one failure."""
        count, last = self._failures.pop(key, (0, now))
        self._failures[key] = (1 if now - last >= MOST else count + 1, now)
        if len(self._failures) > KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures."""
        self._failures.pop(key, None)
