"""Which clauses a source cites, in which files, and which of them a test names. Needs nothing but Python."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

CLAUSE: Final = re.compile(r"\b(TS \d{2}\.\d{3}|RFC \d+) ((?:Annex )?[A-Z]?(?:\.?\d+)+(?:\.[A-Z])?)")
ROOMS: Final = (
    "codecs", "crypto", "core", "ran", "ue", "stack", "procedure", "services", "spec", "net", "manage", "app",
)  # fmt: skip
"""Rooms that implement specifications."""
Cited = dict[tuple[str, str], set[str]]


def cited(paths: Iterable[Path]) -> Cited:
    """Files by specification and clause."""
    found: Cited = defaultdict(set)
    for path in paths:
        for specification, clause in CLAUSE.findall(path.read_text(encoding="utf-8")):
            found[specification, clause.rstrip(".")].add(str(path))
    return found


def order(key: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    """Specifications by name, clauses by their numbers."""
    parts = key[1].removeprefix("Annex ").split(".")
    return key[0], [(int(part), "") if part.isdigit() else (1000, part) for part in parts]


def of_source(root: Path) -> tuple[Cited, Cited]:
    """The clauses that the code of a source tree cites, and those that its tests name, by files below `root`."""
    code = [path for room in ROOMS for path in sorted((root / "src" / "freehold" / room).rglob("*.py"))]
    tests = sorted((root / "tests").rglob("*.py"))
    return _below(cited(code), root), _below(cited(tests), root)


def _below(found: Cited, root: Path) -> Cited:
    return {key: {str(Path(path).relative_to(root)) for path in paths} for key, paths in found.items()}


def rows(code: Cited, tests: Cited) -> list[dict[str, str | list[str]]]:
    """A row a clause: its specification, number, the files that cite it, and the tests that name it."""
    return [
        {"specification": key[0], "clause": key[1], "code": sorted(code[key]), "tests": sorted(tests.get(key, ()))}
        for key in sorted(code, key=order)
    ]
