"""How often the SIMs of a network conceal with each of its keys, and when one last did: before a key is retired."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from freehold.services.store import Store
from freehold.spec.errors import Unusable

TABLE: Final = "home-network-key-use"
DAY: Final = 86400.0
QUIET: Final = 30
"""Days without a use after which a key may be retired."""
WRITTEN_EVERY: Final = 60.0
"""Seconds after which a use is written again: a crash forgets the uses since."""


class Use(msgspec.Struct, frozen=True, array_like=True):
    """SUCIs that a key opened, when the last one was, and since when they are counted: seconds since 1970."""

    uses: int = 0
    last: float = 0.0
    since: float = 0.0


class KeyUse:
    """The uses of home network keys by identifier, in a store."""

    __slots__ = ("_kept", "_store", "_uses", "_utc")

    def __init__(self, store: Store, key_ids: Iterable[int], utc: Callable[[], float]) -> None:
        """Count from now on for keys that nobody counted before; Unusable where a row is none."""
        self._store = store
        self._utc = utc
        self._uses = load(store)
        self._kept = dict(self._uses)
        for key_id in key_ids:
            if key_id not in self._uses:
                self.begin(key_id)

    def begin(self, key_id: int) -> None:
        """Count for a key from now on."""
        self._uses[key_id] = Use(since=self._utc())
        self._keep(key_id)

    def note(self, key_id: int) -> None:
        """A key opened a SUCI."""
        now, before = self._utc(), self._uses.get(key_id)
        known = Use(since=now) if before is None else before
        self._uses[key_id] = Use(known.uses + 1, now, known.since)
        kept = self._kept.get(key_id)
        if kept is None or not kept.uses or not 0 <= now - kept.last < WRITTEN_EVERY:
            self._keep(key_id)

    def of(self, key_id: int) -> Use:
        """The uses of a key."""
        return self._uses.get(key_id, Use())

    def flush(self) -> None:
        """Write what was not written yet."""
        for key_id, use in self._uses.items():
            if self._kept.get(key_id) != use:
                self._keep(key_id)

    def _keep(self, key_id: int) -> None:
        use = self._kept[key_id] = self._uses[key_id]
        self._store.write_behind(TABLE, f"{key_id:03}", msgspec.msgpack.encode(use))


def in_use(use: Use, now: float) -> str:
    """Why a key may still be on a SIM; empty where it was quiet for long enough."""
    if not use.since:
        return "its uses were never counted: the network did not run with this program yet"
    if use.uses and now - use.last < QUIET * DAY:
        return f"a SIM used it within the last {QUIET} days, {use.uses} times in all"
    if now - use.since < QUIET * DAY:
        return f"its uses are counted for less than {QUIET} days: a SIM may be switched off"
    return ""


def load(store: Store) -> dict[int, Use]:
    """The uses of a store by identifier; Unusable where a row is none."""
    return dict(check(name, row) for name, row in store.load(TABLE))


def check(name: str, row: bytes) -> tuple[int, Use]:
    """A row in clear."""
    try:
        return int(name), msgspec.msgpack.decode(row, type=Use)
    except (msgspec.DecodeError, ValueError):
        raise Unusable("the store holds uses of a home network key that cannot be read: put a backup there") from None
