"""The tap: one record for every message or operation that crosses an interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

Interface = Literal["N1", "N2", "N3", "N4", "N6", "Uu", "SBI", "Xn", "F1", "E1", "procedure"]


class Record(msgspec.Struct, frozen=True):
    """What crossed: `octets` as on the wire (empty for an operation), `value` decoded, `subject` the UE or gNB."""

    time: float
    interface: Interface
    source: str
    target: str
    name: str
    clause: str = ""
    transaction: int | str | None = None
    octets: bytes = b""
    value: object = None
    subject: str = ""


class Tap:
    """Where the functions put records; `active` is false while nobody listens, and then nothing is built."""

    __slots__ = ("_listeners", "active")

    def __init__(self) -> None:
        self._listeners: list[Callable[[Record], None]] = []
        self.active: bool = False

    def listen(self, listener: Callable[[Record], None]) -> Callable[[], None]:
        """Hand every record to `listener` until the returned function is called."""
        self._listeners.append(listener)
        self.active = True

        def stop() -> None:
            self._listeners.remove(listener)
            self.active = bool(self._listeners)

        return stop

    def record(self, record: Record) -> None:
        """Hand one record to every listener; ask `active` first."""
        for listener in tuple(self._listeners):
            listener(record)


SILENT: Final = Tap()
"""A tap for functions that nobody watches."""
