"""Writes the compliance page: every clause the code cites, where, and its tests. usage: compliance.py FILE."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from freehold.trust.handover.clauses import ROOMS, cited, order


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
