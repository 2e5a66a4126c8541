"""The register of executable tests: a name of the catalogue and the coroutine that performs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Final

import msgspec

from freehold.trust.assure.lab import Play, Surface

MODULES: Final = (
    "amf_authentication",
    "amf_nas",
    "amf_mobility",
    "upf",
    "udm",
    "smf",
    "packets",
    "accounts",
    "sessions",
    "web",
    "logging",
    "host",
    "software",
    "robustness",
)
"""Where tests stand, by what they are about."""


class Case(msgspec.Struct, frozen=True):
    """An executable test: its place in the catalogue, what it touches, how it is performed."""

    document: str
    clause: str
    needs: tuple[Surface, ...]
    play: Play

    @property
    def key(self) -> tuple[str, str]:
        """Number of the document and clause: what names a test in the catalogue."""
        return self.document, self.clause

    @property
    def name(self) -> str:
        """The test's name in our code."""
        return getattr(self.play, "__name__", "")


_FOUND: Final = "__assure_cases__"


def case(document: str, clause: str, *needs: Surface) -> Callable[[Play], Play]:
    """Mark a coroutine as the test of a clause, e.g. `@case("TS 33.512", "4.2.2.3.1", "N2")`."""

    def mark(play: Play) -> Play:
        setattr(play, _FOUND, Case(document, clause, needs, play))
        return play

    return mark


def cases() -> Iterator[Case]:
    """Every executable test, in the order of the modules."""
    for name in MODULES:
        module = import_module(f"freehold.trust.assure.cases.{name}")
        for value in vars(module).values():
            found = getattr(value, _FOUND, None)
            if isinstance(found, Case) and value.__module__ == module.__name__:
                yield found
