"""What a log server did not take yet: kept in order, and in a file for the next start while it takes nothing."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Collection
from pathlib import Path
from typing import Final

from freehold.spec.errors import Unusable

MOST: Final = 10_000
"""Messages kept for one server; beyond, the oldest are lost and counted."""
SPARE: Final = 1000
"""Messages that a file holds beyond those before it is written anew."""
MODE: Final = 0o600


class Queue:
    """Messages in their order; `path` is the file that outlasts the process, None for none."""

    def __init__(self, path: Path | None = None) -> None:
        """What an earlier process left is first; Unusable where it cannot be read."""
        self._waiting: deque[bytes] = deque()
        self._path = path
        self._file: int | None = None
        self._written = 0
        self.lost = 0
        """Messages that had no room, since somebody asked last."""
        if path is not None and path.exists():
            try:
                octets = path.read_bytes()
            except OSError as error:
                raise Unusable(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
            for each in unframed(octets):
                self._put(each)
            self.hold()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: bytes) -> None:
        """Add one; the oldest goes where there is no room."""
        self._put(message)
        if self._written >= MOST + SPARE:
            self._rest()
            self.hold()
        elif self._file is not None:
            self._write((message,))

    def _put(self, message: bytes) -> None:
        if len(self._waiting) >= MOST:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(message)

    def first(self) -> bytes:
        """The oldest one."""
        return self._waiting[0]

    def taken(self) -> bytes:
        """The oldest one is on its way."""
        return self._waiting.popleft()

    def settled(self) -> None:
        """All that was on its way came; once nothing waits, the file goes."""
        if not self._waiting and self._file is not None and self._path is not None:
            self._rest()
            self._path.unlink(missing_ok=True)

    def back(self, messages: list[bytes]) -> None:
        """What was sent and did not arrive is first again."""
        self._waiting.extendleft(reversed(messages))

    def hold(self) -> None:
        """Keep in the file what waits now and what comes, until all of it is taken."""
        if self._path is None or self._file is not None or not self._waiting:
            return
        with contextlib.suppress(OSError):  # a full disk loses what outlasts the process, not what waits in it
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
        self._write(self._waiting)

    def _write(self, messages: Collection[bytes]) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.write(self._file, b"".join(map(framed, messages)))
            self._written += len(messages)

    def _rest(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file, self._written = None, 0

    def close(self) -> None:
        """Leave to the next start what waits."""
        self.hold()
        self._rest()


def framed(message: bytes) -> bytes:
    """A message with its length before it (RFC 6587 3.4.1, RFC 5425 4.3)."""
    return f"{len(message)} ".encode() + message


def unframed(octets: bytes) -> list[bytes]:
    """The messages of a file; one that was written in part, at a crash, is left out."""
    found: list[bytes] = []
    place = 0
    while (end := octets.find(b" ", place, place + 6)) > place and octets[place:end].isdigit():
        size = int(octets[place:end])
        message = octets[end + 1 : end + 1 + size]
        if len(message) < size:
            break
        found.append(message)
        place = end + 1 + size
    return found
