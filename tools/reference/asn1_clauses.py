"""The clauses of the ASN.1 protocols' messages and elements; `clauses.tsv` has them by their names in ASN.1.

They were read from the tables of contents of TS 38.413, 38.423 and 38.473 of Release 19; of the others the chapter
with their messages is known.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

CHAPTERS: Final = {"e1ap": "9.2", "nrppa": "9.1", "e2ap": "9.1", "lpp": "6.3", "rrc": "6.2.2"}
"""The chapter of a protocol's messages where each message's own clause is not known here."""


@cache
def _clauses() -> dict[tuple[str, str], str]:
    lines = Path(__file__).with_name("clauses.tsv").read_text(encoding="ascii").splitlines()
    return {(protocol, name): clause for protocol, clause, name in (line.split("\t") for line in lines)}


def of_message(protocol: str, name: str) -> str:
    """The clause of a message."""
    return _clauses().get((protocol, name)) or CHAPTERS.get(protocol, "")


def of_element(protocol: str, *names: str) -> str:
    """The clause of an element, by the first of its names that has one; "" where it is defined in ASN.1 alone."""
    return next((found for name in names if (found := _clauses().get((protocol, name)))), "")
