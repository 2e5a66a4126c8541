"""Performing tests one after the other, each on a network of its own or at an address, and writing down what came."""

from __future__ import annotations

import asyncio
import hashlib
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Literal

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.assure.case import Case, cases
from freehold.trust.assure.catalogue import ROWS, WAITS, Row, row
from freehold.trust.assure.evidence import SUMS, Capture, Evidence, kept, sums
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.verdict import Found, Inapplicable, Kept, Result, Verdict
from freehold.trust.seal import Refused, read_bounded

Labs = Callable[[Case, Evidence], AbstractAsyncContextManager[Lab]]
"""Makes the network that a test is about."""
HEAD: Final = "self-assessment; not a NESAS evaluation"
CATALOGUE: Final = "3GPP's SCAS documents, Release 18, by document, clause and test case, in our own words"
LONGEST: Final = 120.0
"""Seconds a test may take before it is INCONCLUSIVE."""


class NotExecuted(msgspec.Struct, frozen=True):
    """A test of the catalogue that cannot be performed yet, and what it waits for."""

    document: str
    clause: str
    test_case: str
    kind: str = msgspec.field(name="class")
    waits_for: str


class Run(msgspec.Struct, frozen=True):
    """A whole run: what was assessed, with what, when, and every verdict."""

    head: str
    target: str
    software: str
    began: str
    """UTC, ISO 8601."""
    results: tuple[Result, ...]
    not_executed: tuple[NotExecuted, ...]
    ended: str = ""
    host: str = ""
    """What the tests were performed on: system, processor, interpreter."""
    digest: str = ""
    """SHA-256 of the list of the product's installed files; empty for a foreign network."""

    def by_document(self) -> dict[str, list[Result]]:
        """Results in the order of documents and clauses."""
        found: dict[str, list[Result]] = {}
        for each in sorted(self.results, key=lambda each: (each.document, _numbers(each.clause))):
            found.setdefault(each.document, []).append(each)
        return found

    def count(self, verdict: Verdict) -> int:
        """How many tests had a verdict."""
        return sum(result.verdict is verdict for result in self.results)

    def counts(self) -> list[tuple[str, ...]]:
        """A row a document: its name, and how many tests of it had each verdict or were not performed."""
        waiting = Counter(each.document for each in self.not_executed)
        results = self.by_document()
        return [
            (name, *(str(sum(one.verdict is verdict for one in results.get(name, ()))) for verdict in Verdict),
             str(waiting[name]))
            for name in sorted({*results, *waiting})
        ]  # fmt: skip

    def facts(self) -> list[tuple[str, str]]:
        """What a report says of itself before everything else."""
        return [
            (name, value)
            for name, value in (
                ("assessed", self.target), ("its files, SHA-256", self.digest), ("assessed with", self.software),
                ("on", self.host), ("begun", self.began), ("ended", self.ended), ("tests", CATALOGUE),
            )
            if value
        ]  # fmt: skip


def _numbers(clause: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in clause.split(".")]


State = Literal["executable", "waits", "by hand"]


class Listed(msgspec.Struct, frozen=True):
    """A row of the catalogue with what can be done about it."""

    document: str
    clause: str
    test_case: str
    kind: str = msgspec.field(name="class")
    state: State
    needs: tuple[str, ...] = ()
    waits_for: str = ""


def listing() -> list[Listed]:
    """The whole catalogue."""
    known = {each.key: each for each in cases()}
    return [_listed(each, known.get((each.number, each.clause))) for each in ROWS]


def _listed(each: Row, found: Case | None) -> Listed:
    head = (each.document, each.clause, each.test_case, each.kind)
    if found is not None:
        return Listed(*head, "executable", found.needs)
    return Listed(*head, "by hand" if each.waits == "hardware" else "waits", (), WAITS.get(each.waits, ""))


def chosen(patterns: Sequence[str]) -> list[Case]:
    """The executable tests whose document, clause, name or test case holds one of the texts; all of them for none."""
    found = [each for each in cases() if not patterns or any(_fits(each, text.casefold()) for text in patterns)]
    if not found:
        raise Unusable(f"no executable test fits {', '.join(patterns)}: see `freehold assure list`")
    return found


def _fits(each: Case, text: str) -> bool:
    known = row(each.document, each.clause)
    words = (f"{known.number} {known.clause}", known.document, known.test_case, each.name)
    return any(text in word.casefold() for word in words)


async def perform(
    tests: Iterable[Case], labs: Labs, capture: Capture | None = None, folder: Path | None = None
) -> AsyncIterator[Result]:
    """Every test's result, in turn; evidence is written into `folder` where there is one."""
    for test in tests:
        evidence = Evidence()
        verdict, reason = await judged(test, labs, evidence)
        files: tuple[Kept, ...] = ()
        known = row(test.document, test.clause)
        head = (known.document, known.clause, known.test_case, known.kind)
        evidence.note(f"{verdict}: {reason}")
        if folder is not None and capture is not None:
            names = dict(zip(("document", "clause", "test_case", "class"), head, strict=True))
            place = f"{known.number} {known.clause} {test.name}".replace(" ", "_")
            files = evidence.save(folder, place, capture, {**names, "verdict": verdict, "reason": reason})
        yield Result(*head, verdict, reason, files)


async def judged(test: Case, labs: Labs, evidence: Evidence) -> tuple[Verdict, str]:
    """Perform one test on a network of its own."""
    try:
        async with asyncio.timeout(LONGEST), labs(test, evidence) as lab:
            reachable(test, lab)
            return Verdict.PASS, await test.play(lab)
    except Found as found:
        return found.verdict, str(found)
    except TimeoutError:
        return Verdict.INCONCLUSIVE, f"it did not end within {LONGEST:.0f} s"
    except Unusable as unusable:
        return Verdict.INCONCLUSIVE, str(unusable)
    except Exception as mistake:  # noqa: BLE001 - one test's mistake is no verdict on the network, and ends no other test
        evidence.note(traceback.format_exc())
        return Verdict.INCONCLUSIVE, f"the test itself broke: {type(mistake).__name__}: {mistake}"


def reachable(test: Case, lab: Lab) -> None:
    """Whether a network has the surfaces that a test touches."""
    missing = [each for each in test.needs if each not in lab.surfaces]
    if missing:
        raise Inapplicable(f"the target names no {', '.join(missing)}")


def not_executed() -> tuple[NotExecuted, ...]:
    """The tests of the catalogue that nothing performs."""
    return tuple(
        NotExecuted(each.document, each.clause, each.test_case, each.kind, each.waits_for)
        for each in listing()
        if each.state != "executable"
    )


def write(run: Run, folder: Path) -> Path:
    """Write a run's results and the hashes of everything beside them; the file of results."""
    place = folder / "results.json"
    place.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    files = [each for result in run.results for each in result.evidence]
    (folder / SUMS).write_text(sums([*files, kept(folder, place)]), encoding="utf-8")
    return place


def read(path: Path) -> Run:
    """A run as it was written: a folder or its file of results; Refused where it is none."""
    place = path / "results.json" if path.is_dir() else path
    octets = read_bounded(place, MOST)
    try:
        return msgspec.json.decode(octets, type=Run)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{place}: no results of an assessment: {error}") from None


MOST: Final = 16 * 1024 * 1024
"""Octets of a file of results at most."""


def altered(run: Run, folder: Path) -> list[str]:
    """Files of evidence that are missing, are not what they were, or stand twice."""
    wrong, seen = [], set[str]()
    for each in (each for result in run.results for each in result.evidence):
        if each.file in seen or not _is(each, folder):
            wrong.append(each.file)
        seen.add(each.file)
    return wrong


def _is(each: Kept, folder: Path) -> bool:
    try:
        place = (folder / each.file).resolve()
        if not place.is_relative_to(folder.resolve()) or not place.is_file():
            return False
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == each.sha256
    except (OSError, ValueError):  # a name that no file can have
        return False
