"""Which program runs: the hash of every file of it, and an act in the ledger where it is another than before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

import freehold
from freehold.app.ledger import own_act
from freehold.services.ledger import Act

ACT: Final = "software.change"
FIRST: Final = "software.first"
_SKIPPED: Final = "__pycache__"


def digest(root: Path | None = None) -> str:
    """SHA-256 over the names and the SHA-256 of the program's files, cached bytecode left out."""
    place, whole = root or Path(freehold.__file__).parent, hashlib.sha256()
    for path in sorted(each for each in place.rglob("*") if each.is_file() and _SKIPPED not in each.parts):
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(place)}\n".encode())
    return whole.hexdigest()


def changed(entries: Sequence[bytes], now: str) -> Act | None:
    """What to write into the ledger of these entries, the last one of which that names a program decides."""
    said = f"sha256:{now}"
    for entry in reversed(entries):
        if b'"software.' in entry:
            before = msgspec.json.decode(entry, type=Act)
            if before.act in {ACT, FIRST}:
                return None if before.detail.split(" ")[0] == said else _act(ACT, said, before.subject)
    return _act(FIRST, said, "")


def _act(name: str, said: str, before: str) -> Act:
    return own_act(name, freehold.__version__, f"{said} after {before}" if before else said)
