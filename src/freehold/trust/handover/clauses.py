"""Which clauses a source cites, where, which a test names, and what each is called. Needs nothing but Python."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_CLAUSE: Final = r"(?:Annex )?(?:[A-Z](?:\.\d+)+|\d+)[A-Za-z]?(?:\.\d+[A-Za-z]?)*(?:\.[A-Z])?(?![\w-])"
_FURTHER: Final = r"(?:Annex )?(?:[A-Z](?:\.\d+)+|\d+[A-Za-z]?(?:\.\d+[A-Za-z]?)+)[A-Za-z]?(?:\.[A-Z])?(?![\w-])"
CITATION: Final = re.compile(
    rf"\b(TS \d{{2}}\.\d{{3}}(?:-\d)?|RFC \d+) ({_CLAUSE}(?:(?:, and |, or |, | and | or | to ){_FURTHER})*)"
)
"""A specification and clauses of it: "TS 24.501 5.4.1.3.5", "RFC 3748 4.1 and 5.7", "TS 33.501 Annex A.2"."""
_BETWEEN: Final = re.compile(r", and |, or |, | and | or | to ")
ROOMS: Final = (
    "codecs", "crypto", "core", "ran", "ue", "stack", "procedure", "services", "spec", "net", "manage", "app",
)  # fmt: skip
"""Rooms that implement specifications."""
ENGINES: Final = (("native", ("*.rs",)), ("bpf", ("*.c", "*.h")), ("web/src", ("*.ts", "*.tsx")))
"""What else implements them: folders, and the names of their sources."""
LIST: Final = Path("docs/reference/clauses.tsv")
"""The list of clauses with their titles, below the root of a source."""
COLUMNS: Final = ("specification", "clause", "title", "version", "checked", "on")
CHECKED: Final = ("text", "contents", "second hand", "not had")
"""Against what: the clause's text, its title in a list of contents, another implementation's word, or nothing yet."""
Cited = dict[tuple[str, str], set[str]]


class Clause(NamedTuple):
    """What a clause is called; against which version of its specification its citations were checked, how and when."""

    title: str
    version: str
    checked: str
    on: str


UNLISTED: Final = Clause("", "", CHECKED[-1], "")


def cited(paths: Iterable[Path]) -> Cited:
    """Files by specification and clause; an annex's clause has no "Annex" before its letter."""
    found: Cited = defaultdict(set)
    for path in paths:
        for specification, clauses in CITATION.findall(path.read_text(encoding="utf-8")):
            for clause in _BETWEEN.split(clauses):
                found[specification, clause.removeprefix("Annex ")].add(str(path))
    return found


def order(key: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    """Specifications by name, clauses by their numbers."""
    parts = re.findall(r"\d+|[A-Za-z]+", key[1])
    return key[0], [(int(part), "") if part.isdigit() else (1000, part) for part in parts]


def of_source(root: Path) -> tuple[Cited, Cited]:
    """The clauses that the code of a source tree cites, and those that its tests name, by files below `root`."""
    code = [path for room in ROOMS for path in sorted((root / "src" / "freehold" / room).rglob("*.py"))]
    code += [path for folder, names in ENGINES for name in names for path in _sources(root / folder, name)]
    tests = sorted((root / "tests").rglob("*.py"))
    return _below(cited(code), root), _below(cited(tests), root)


def _sources(folder: Path, name: str) -> list[Path]:
    """Files of a folder that are ours: what cargo built into one is not."""
    return sorted(path for path in folder.rglob(name) if "target" not in path.relative_to(folder).parts)


def _below(found: Cited, root: Path) -> Cited:
    return {key: {str(Path(path).relative_to(root)) for path in paths} for key, paths in found.items()}


def titles(root: Path) -> dict[tuple[str, str], Clause]:
    """What the list of a source tree says of each clause; empty where the tree has none.

    Raises ValueError where a line is not of the list's form.
    """
    path = root / LIST
    if not path.is_file():
        return {}
    found: dict[tuple[str, str], Clause] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("\t")
        if number == 1 and tuple(fields) == COLUMNS:
            continue
        if len(fields) != len(COLUMNS) or fields[4] not in CHECKED or (fields[0], fields[1]) in found:
            raise ValueError(f"{path}, line {number}: six fields, a way of checking, and each clause once")
        found[fields[0], fields[1]] = Clause(*fields[2:])
    return found


def rows(code: Cited, tests: Cited, known: dict[tuple[str, str], Clause]) -> list[dict[str, str | list[str]]]:
    """A row a clause: its title and how it was checked, the files that cite it, and the tests that name it."""
    return [
        {
            "specification": key[0], "clause": key[1], **known.get(key, UNLISTED)._asdict(),
            "code": sorted(code[key]), "tests": sorted(tests.get(key, ())),
        }
        for key in sorted(code, key=order)
    ]  # fmt: skip
