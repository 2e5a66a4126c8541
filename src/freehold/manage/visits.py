"""Who asked the console for what, and how it was answered: one line a request, without personal data (TS 33.117)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

import msgspec

LARGEST: Final = 8 * 1024 * 1024
"""Octets of one file; so many older ones are kept."""
OLDER: Final = 4
LONGEST: Final = 512
"""Characters of a path that are written."""
_PERSONAL: Final = frozenset({"subscribers", "ues"})
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
    return "".join(each if each.isprintable() and each != " " else "?" for each in text[:LONGEST]) or "-"


def masked(path: str) -> str:
    """A path whose SUPIs show their last four characters alone (TS 33.117 4.2.3.2.5)."""
    segments = plain(path).split("/")
    for at in range(1, len(segments)):
        if segments[at - 1] in _PERSONAL and segments[at]:
            segments[at] = f"...{segments[at][-4:]}"
    return "/".join(segments)


class VisitFile:
    """Visits in a file of its owner that is bounded: the oldest give way."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600, exist_ok=True)
        os.chmod(path, 0o600)  # noqa: PTH101 - also one that a shell made
        self._handler = RotatingFileHandler(path, maxBytes=LARGEST, backupCount=OLDER, encoding="utf-8", delay=True)
        self._handler.rotator = _rotate
        self._closed = False

    def __call__(self, visit: Visit) -> None:
        """Write one visit; one that ends after the file was let go is not written."""
        if self._closed:  # the handler would open it anew
            return
        self._handler.handle(logging.LogRecord("visits", logging.INFO, "", 0, "%s", (str(visit),), None))

    def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        self._handler.close()


def _rotate(source: str, target: str) -> None:
    Path(source).replace(target)
    Path(source).touch(mode=0o600)
