"""The store without a running network: for commands that read or change it and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from freehold.procedure import Signal
from freehold.spec.errors import Unusable
from freehold.store.folder import DataFolder
from freehold.store.sqlite import Seal, SqliteStore

T = TypeVar("T")


class OfflineStore(SqliteStore):
    """A SqliteStore whose signals this thread waits for."""

    __slots__ = ("_posted",)

    def __init__(self, folder: DataFolder, seal: Seal | None = None) -> None:
        self._posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        super().__init__(folder, self._posted.put, _give_up, seal)

    def wait(self, signal: Signal[T]) -> T:
        """The value of a signal of this store; raises its error."""
        while not signal.settled:
            self._posted.get()()
        return signal.result()


@contextmanager
def offline(path: Path, seal: Seal | None = None) -> Iterator[OfflineStore]:
    """The store of a data folder for as long as the block runs; Unusable while a network has it open."""
    store = OfflineStore(DataFolder(path), seal)
    try:
        yield store
    finally:
        store.close()


def _give_up(fault: Unusable) -> None:
    raise fault
