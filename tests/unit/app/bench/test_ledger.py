"""The benchmark of the ledger writes real entries and says what they cost."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from freehold.app.bench import ledger
from freehold.store.sqlite import SqliteStore


def test_when_the_ledger_is_measured_then_every_figure_is_there() -> None:
    found = ledger.bench_ledger(50)
    assert found.entries == 50
    assert min(found.memory_us, found.store_us, found.alone_us, found.alone_ms) > 0


def test_when_the_store_loses_an_entry_then_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = SqliteStore.load

    def lossy(self: SqliteStore, table: str) -> Iterable[tuple[str, bytes]]:
        return [*loaded(self, table)][:-1]

    monkeypatch.setattr(SqliteStore, "load", lossy)
    with pytest.raises(ValueError, match="does not hold"):
        ledger.bench_ledger(3)
