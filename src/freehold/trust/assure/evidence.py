"""What a test leaves behind: the packets it saw, its log, and their hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from freehold.procedure import Record
from freehold.spec.events import Event
from freehold.trust.assure.verdict import Kept

Capture = Callable[[Sequence[Record], Path], int]
"""Writes records as a capture file; how many packets."""
MOST: Final = 20_000
"""Records kept of one test."""
SUMS: Final = "SHA256SUMS"


class Evidence:
    """What crossed the interfaces and what was said, while one test runs."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.lines: list[str] = []
        self.left_out = 0

    def record(self, record: Record) -> None:
        """Keep a record."""
        if len(self.records) < MOST:
            self.records.append(record)
        else:
            self.left_out += 1

    def note(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)

    def event(self, event: Event) -> None:
        """Keep what the network said."""
        self.note(f"{event.severity}: {event.name}: {event.text}" + (f" ({event.clause})" if event.clause else ""))

    def save(self, folder: Path, name: str, capture: Capture, verdict: dict[str, str]) -> tuple[Kept, ...]:
        """Write everything under `folder`/`name`: the files with their hashes."""
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        if self.left_out:
            self.note(f"{self.left_out} further records were left out")
        written = capture(self.records, place / "capture.pcapng")
        (place / "log.txt").write_text("\n".join([*self.lines, f"{written} packets", ""]), encoding="utf-8")
        (place / "verdict.json").write_text(json.dumps(verdict, indent=1) + "\n", encoding="utf-8")
        return tuple(kept(folder, place / file) for file in ("capture.pcapng", "log.txt", "verdict.json"))


def kept(folder: Path, path: Path) -> Kept:
    """A file with its hash, named from `folder` on."""
    return Kept(path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())


def sums(files: Sequence[Kept]) -> str:
    """The lines that `sha256sum -c` reads."""
    return "".join(f"{each.sha256}  {each.file}\n" for each in files)
