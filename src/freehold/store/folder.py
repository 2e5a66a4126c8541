"""The data folder: private to its owner, held by one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from freehold.spec.errors import Unusable

_PRIVATE = 0o700


class DataFolder:
    """A folder of this process alone until `release` or its end, however it ends."""

    __slots__ = ("_lock", "path")

    def __init__(self, path: Path) -> None:
        """Make the folder where needed and lock it; Unusable where another process has it or it cannot be made."""
        self.path = path
        try:
            path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            # Never truncated at opening: the file names the process that holds it.
            self._lock: int | None = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unusable(f"the data folder {path}: {error.strerror}; choose another with [store] folder") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._lock, 32).decode(errors="replace").strip()
            os.close(self._lock)
            self._lock = None
            raise Unusable(
                f"the data folder {path} is in use by process {holder or '?'}; end it, or choose another folder"
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process have the folder; harmless when done twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
