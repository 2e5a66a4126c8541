"""What crossed the interfaces of a network, kept for a script."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from freehold.manage.capture import CaptureWriter
from freehold.procedure import Record, Tap
from freehold.procedure.follow import follow
from freehold.procedure.ladder import render
from freehold.procedure.tap import Interface

KEPT: Final = 100_000
"""Records kept at most; the oldest give way."""
SIGNALLING: Final[tuple[Interface, ...]] = ("N1", "N2", "N4", "N4-u", "SBI", "Xn")


class Trace:
    """Records from `start` to `stop`, as a ladder, as a capture file, or one by one.

    `utc_offset` seconds lie between the time of records and UTC.
    """

    def __init__(self, tap: Tap, utc_offset: float = 0.0) -> None:
        self._tap = tap
        self._offset = utc_offset
        self._records: deque[Record] = deque(maxlen=KEPT)
        self._end: Callable[[], None] | None = None

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def start(self) -> None:
        """Keep records from now on; harmless when it does already."""
        if self._end is None:
            self._end = self._tap.listen(self._records.append)

    def stop(self) -> None:
        """Keep no more; what was kept stays."""
        if self._end is not None:
            self._end()
            self._end = None

    def clear(self) -> None:
        """Forget what was kept."""
        self._records.clear()

    def ladder(self, subject: str | None = None) -> str:
        """The signalling as a ladder, that about `subject` alone where one is given."""
        chosen = follow(self._records, subject) if subject else self._records
        return render(chosen, interfaces=SIGNALLING)

    def pcap(self, path: Path | str) -> int:
        """Write them as a capture file that Wireshark opens; how many packets."""
        with Path(path).open("wb") as file:
            writer = CaptureWriter(file, utc_offset=self._offset)
            for record in self._records:
                writer.record(record)
            return writer.written
