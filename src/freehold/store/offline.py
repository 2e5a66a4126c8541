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
S = TypeVar("S", bound=Seal)


class OfflineStore(SqliteStore):
    """A SqliteStore whose signals this thread waits for."""

    __slots__ = ("_posted",)

    def __init__(self, folder: DataFolder, seal: Seal | None = None) -> None:
        self._posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        super().__init__(folder, self._posted.put, _give_up, seal)

    def post(self, function: Callable[[], None]) -> None:
        """Have `wait` run a function of another thread."""
        self._posted.put(function)

    def wait(self, signal: Signal[T]) -> T:
        """The value of a signal of this store; raises its error."""
        while not signal.settled:
            self._posted.get()()
        return signal.result()


@contextmanager
def offline(path: Path, sealed: Callable[[DataFolder], Seal] | None = None) -> Iterator[OfflineStore]:
    """The store of a data folder for as long as the block runs; Unusable while a network has it open.

    `sealed` gives the held folder its seal; without it no row with secrets is read.
    """
    folder = DataFolder(path)
    store = OfflineStore(folder, None if sealed is None else seal_for(folder, sealed))
    try:
        yield store
    finally:
        store.close()


def seal_for(folder: DataFolder, sealed: Callable[[DataFolder], S]) -> S:
    """The seal of a held folder, which is given back where there is none to be had."""
    try:
        return sealed(folder)
    except BaseException:
        folder.release()
        raise


def _give_up(fault: Unusable) -> None:
    raise fault
