"""What a test finds, and how a test says so."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NoReturn

import msgspec


class Verdict(StrEnum):
    """The four answers a test may give."""

    PASS = "PASS"  # noqa: S105 - a verdict
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "NOT APPLICABLE"


MEANS: Final = {
    Verdict.PASS: "the expected result was seen once, in the network that the evidence shows",
    Verdict.FAIL: "the network did what it must not, or left out what it must do",
    Verdict.INCONCLUSIVE: "a precondition could not be brought about, or the test itself broke: nothing is known",
    Verdict.NOT_APPLICABLE: "the network has nothing that the test could be about, or its owner states a protection "
    "outside of the product",
}
"""What a verdict says, for who reads a report."""
CLASSES: Final = {
    "A": "on a running network, from outside",
    "B": "on its host, package or configuration",
    "R": "through radio protocols of a terminal and a gNB",
    "O": "of an optional function",
    "-": "of hardware",
}
"""Where a test looks, by the class of the catalogue."""
NOT_PERFORMED: Final = "nothing is said of these tests; what each waits for is listed"


class Kept(msgspec.Struct, frozen=True):
    """A file of evidence, relative to the folder of the run, with its SHA-256."""

    file: str
    sha256: str


class Result(msgspec.Struct, frozen=True):
    """One test's verdict with its reason and what proves it; `class` is that of the catalogue."""

    document: str
    clause: str
    test_case: str
    kind: str = msgspec.field(name="class")
    verdict: Verdict
    reason: str
    evidence: tuple[Kept, ...] = ()


class Found(Exception):  # noqa: N818 - what a test found
    """Ends a test with another verdict than PASS."""

    verdict = Verdict.INCONCLUSIVE


class Violation(Found):
    """The network did what it must not, or left out what it must do."""

    verdict = Verdict.FAIL


class Blocked(Found):
    """A precondition could not be brought about: nothing is known."""


class Inapplicable(Found):
    """The network has nothing that the test could be about."""

    verdict = Verdict.NOT_APPLICABLE


def require(holds: object, otherwise: str) -> None:
    """The expected result of a test: what does not hold is a Violation."""
    if not holds:
        raise Violation(otherwise)


def need(holds: object, otherwise: str) -> None:
    """A precondition: what does not hold is Blocked."""
    if not holds:
        raise Blocked(otherwise)


def violated(why: str) -> NoReturn:
    """End the test with FAIL."""
    raise Violation(why)
