"""Writes the compliance page: every clause the code cites, where, and its tests. usage: compliance.py FILE."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

CLAUSE = re.compile(r"\b(TS \d{2}\.\d{3}|RFC \d+) ((?:Annex )?[A-Z]?(?:\.?\d+)+(?:\.[A-Z])?)")
ROOMS = ("codecs", "crypto", "core", "ran", "ue", "stack", "procedure", "services", "spec", "net", "manage", "app")


def cited(paths: Iterable[Path]) -> dict[tuple[str, str], set[str]]:
    """Files by specification and clause."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in paths:
        for specification, clause in CLAUSE.findall(path.read_text(encoding="utf-8")):
            found[specification, clause.rstrip(".")].add(str(path))
    return found


def order(key: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    """Specifications by name, clauses by their numbers."""
    parts = key[1].removeprefix("Annex ").split(".")
    return key[0], [(int(part), "") if part.isdigit() else (1000, part) for part in parts]


def page(code: dict[tuple[str, str], set[str]], tests: dict[tuple[str, str], set[str]]) -> Iterable[str]:
    """The lines of the page."""
    named = sum(key in tests for key in code)
    yield "# Compliance\n\nMade by `make docs` from the clauses that code and tests cite; never edited.\n"
    yield f"{len(code)} clauses are cited by code; {named} of them are named by a test.\n"
    specification = ""
    for key in sorted(code, key=order):
        if key[0] != specification:
            specification = key[0]
            yield f"\n## {specification}\n\n| clause | code | test |\n|---|---|---|"
        files = ", ".join(f"`{name.removeprefix('src/freehold/')}`" for name in sorted(code[key]))
        proof = ", ".join(f"`{name.removeprefix('tests/')}`" for name in sorted(tests.get(key, ()))) or "none names it"
        yield f"| {key[1]} | {files} | {proof} |"


def main(target: Path) -> None:
    """Write the page and say how much a test names."""
    sources = (path for room in ROOMS for path in sorted(Path("src/freehold", room).rglob("*.py")))
    code, tests = cited(sources), cited(sorted(Path("tests").rglob("*.py")))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(page(code, tests)) + "\n", encoding="utf-8")
    named = sum(key in tests for key in code)
    print(f"{target}: {len(code)} clauses cited by code, {named} named by a test")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
