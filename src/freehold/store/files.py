"""Files that are replaced as a whole: whoever reads one sees the old octets or the new ones."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from freehold.spec.errors import Unusable


def replace_file(path: Path, octets: bytes, fresh: int = 0o644) -> None:
    """Write a file's new octets durably, its mode kept, or `fresh` for a new one.

    Unusable, and the old file stays, where that cannot be.
    """
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target = path.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else fresh
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(octets)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(name).replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}") from None
