"""Who asked the console for what, and how it was answered: one line a request, without personal data (TS 33.117)."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

LARGEST: Final = 8 * 1024 * 1024
"""Octets of one file; so many older ones are kept."""
OLDER: Final = 4
MODE: Final = 0o600
LONGEST: Final = 512
"""Characters of a path that are written."""
_PERSONAL: Final = frozenset({"subscribers", "ues", "terminals"})
"""Collections whose members are named by a SUPI."""


class Visit(msgspec.Struct, frozen=True):
    """One request: UTC in seconds, the client's address, the account it spoke for, and what it got."""

    time: float
    address: str
    name: str
    method: str
    path: str
    status: int

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds")
        return f"{when} {self.address or '-'} {self.name or '-'} {plain(self.method)} {masked(self.path)} {self.status}"


Visits = Callable[[Visit], None]


def plain(text: str) -> str:
    """Text without what could make another line of it."""
    if len(text) <= LONGEST and text.isprintable() and " " not in text:
        return text or "-"
    return "".join(each if each.isprintable() and each != " " else "?" for each in text[:LONGEST]) or "-"


def masked(path: str) -> str:
    """A path as the API reads it, whose SUPIs show their last four characters alone (TS 33.117 4.2.3.2.5)."""
    segments = [plain(unquote(segment)) for segment in path.split("/") if segment]
    for at in range(1, len(segments)):
        if segments[at - 1] in _PERSONAL:
            segments[at] = f"...{segments[at][-4:]}"
    return f"/{'/'.join(segments)}"[:LONGEST] if path else "-"


class VisitFile:
    """Visits in a file of its owner that is bounded: the oldest give way; a disk that takes no more loses them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._file: int | None = None
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, MODE)
        os.fchmod(self._file, MODE)  # also one that a shell made
        self._size = os.fstat(self._file).st_size

    def __call__(self, visit: Visit) -> None:
        """Write one visit; one that ends after the file was let go is not written."""
        if self._file is None:
            return
        line = f"{visit}\n".encode()
        with contextlib.suppress(OSError):
            if self._size + len(line) > LARGEST:
                self._rotate()
            self._size += os.write(self._file, line)

    def _rotate(self) -> None:
        """The file becomes the newest of the older ones, and the oldest goes."""
        places = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, OLDER + 1))]
        for younger, older in reversed(list(itertools.pairwise(places))):
            if younger.exists():
                younger.replace(older)
        self.close()
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
