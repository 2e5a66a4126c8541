"""`freehold bench ledger`: what an entry of the ledger costs, in memory and durable in a store on this disk."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from freehold.services.ledger import Act
from freehold.store.folder import DataFolder
from freehold.store.memory import MemoryStore
from freehold.store.sqlite import SqliteStore
from freehold.trust.ledger import Ledger

TOGETHER: Final = 1000
"""Acts that come together, as those of an import do: those of one transaction share its flush of the disk."""
_ROUNDS: Final = 3
_ALONE: Final = 100
_FIRST: Final = 1_700_000_000.0


class LedgerBench(msgspec.Struct, frozen=True):
    """CPU of the whole process in microseconds an entry; `alone` is act after act, each awaited on the disk."""

    entries: int
    memory_us: float
    store_us: float
    alone_us: float
    alone_ms: float


def bench_ledger(entries: int = 20_000) -> LedgerBench:
    """Append so many acts, the best of some rounds, and some one by one; every one is durable and its proof holds."""
    acts = [_act(number) for number in range(entries)]
    memory = min(_in_memory(acts) for _ in range(_ROUNDS))
    stored, _ = min(_stored(acts, TOGETHER) for _ in range(_ROUNDS))
    alone, waited = _stored(acts[:_ALONE], 1)
    return LedgerBench(entries, _us(memory), _us(stored), _us(alone), round(waited * 1e3, 2))


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 2)


def _act(number: int) -> Act:
    return Act(_FIRST + number, "uid 0", "subscriber added", f"imsi-00101{number:010d}")


def _in_memory(acts: list[Act]) -> float:
    """Seconds of CPU an entry."""
    ledger = Ledger(MemoryStore())
    gc.collect()
    start = time.process_time()
    for act in acts:
        ledger.append(act).result()
    return (time.process_time() - start) / len(acts)


def _stored(acts: list[Act], together: int) -> tuple[float, float]:
    """Seconds of CPU, and seconds on the clock, an entry."""
    with tempfile.TemporaryDirectory(prefix="freehold-bench-") as folder:
        return asyncio.run(_durable(DataFolder(Path(folder)), acts, together))


async def _durable(folder: DataFolder, acts: list[Act], together: int) -> tuple[float, float]:
    store = SqliteStore(folder, asyncio.get_running_loop().call_soon_threadsafe)
    try:
        ledger = Ledger(store)
        gc.collect()
        began, start = time.perf_counter(), time.process_time()
        for first in range(0, len(acts), together):
            signals = [ledger.append(act) for act in acts[first : first + together]]
            written = asyncio.Event()
            signals[-1].watch(lambda _, written=written: written.set())  # type: ignore[misc]
            await written.wait()
            for signal in signals:
                signal.result()
        spent, waited = time.process_time() - start, time.perf_counter() - began
        # What was measured is what a restart would read.
        if Ledger(store).checkpoint() != ledger.checkpoint():
            raise ValueError("the store does not hold the entries")
    finally:
        store.close()
    return spent / len(acts), waited / len(acts)
