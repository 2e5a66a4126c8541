"""Writes the compliance page: every clause that code cites, its title, where, its tests. usage: compliance.py FILE."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from freehold.trust.handover.clauses import CHECKED, LIST, UNLISTED, Cited, Clause, of_source, order, titles

HEAD = f"""# Compliance

Made by `make docs` from the clauses that code and tests cite, and from `{LIST}`; never edited.

A citation says where a rule of a specification acts. The list holds the title of each cited clause, and how its
citations were checked, against which version, and when: `text`, the clause was read; `contents`, its title in the
specification's own list of contents was; `second hand`, another implementation names the clause so; `not had`, no text
was at hand, and the title is ours.
"""


def page(code: Cited, tests: Cited, known: Mapping[tuple[str, str], Clause]) -> Iterable[str]:
    """The lines of the page."""
    checked = Counter(known.get(key, UNLISTED).checked for key in code)
    yield HEAD
    yield f"{len(code)} clauses are cited by code; {sum(key in tests for key in code)} of them are named by a test."
    yield "Checked: " + ", ".join(f"{way} {checked[way]}" for way in CHECKED) + ".\n"
    specification = ""
    for key in sorted(code, key=order):
        if key[0] != specification:
            specification = key[0]
            yield f"\n## {specification}\n\n| clause | title | checked | code | test |\n|---|---|---|---|---|"
        clause = known.get(key, UNLISTED)
        files = ", ".join(f"`{name.removeprefix('src/freehold/')}`" for name in sorted(code[key]))
        proof = ", ".join(f"`{name.removeprefix('tests/')}`" for name in sorted(tests.get(key, ()))) or "none names it"
        yield f"| {key[1]} | {clause.title} | {clause.checked} {clause.version}".rstrip() + f" | {files} | {proof} |"


def main(target: Path) -> None:
    """Write the page and say how much a test names."""
    code, tests = of_source(Path())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(page(code, tests, titles(Path()))) + "\n", encoding="utf-8")
    named = sum(key in tests for key in code)
    print(f"{target}: {len(code)} clauses cited by code, {named} named by a test")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
