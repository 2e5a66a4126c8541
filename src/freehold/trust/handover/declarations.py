"""Patents that their holders declared to specifications: the two public exports of ETSI, as CSV.

ISLD lists patents by specification; the general declarations list holders who name none. A declaration is the holder's
word: nobody verified it, and it is no claim chart.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from freehold.trust.seal import Refused, read_bounded

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "holder": ("declaring company", "company", "declarant", "declaring_company", "patent owner"),
    "publication": ("publication number", "publication_number", "publication no", "patent number"),
    "application": ("application number", "application_number", "application no"),
    "jurisdiction": ("country", "country of registration", "jurisdiction", "territory"),
    "specification": ("standard", "specification", "illustrative specification", "etsi deliverable no"),
    "date": ("declaration date", "declaration_date", "date", "iprd signature date"),
    "family": ("patent family", "family", "family id"),
}  # fmt: skip
"""A column's names in exports of several years, by what it is."""
NEEDED: Final = ("holder", "specification")
MOST_ROWS: Final = 2_000_000
_MOST: Final = 512 << 20
_SPECIFICATION: Final = re.compile(r"\b(?:TS|TR)?\s*1?(\d{2})[. ]?(\d{3})(?!\d)")


class Declared(msgspec.Struct, frozen=True):
    """One declaration: who, which patent, where, to which specification ("TS 24.501"), and when, as exported."""

    holder: str
    publication: str
    application: str
    jurisdiction: str
    specification: str
    date: str
    family: str


def read_patents(path: Path) -> list[Declared]:
    """Patents declared to specifications; Refused where the file is no such export."""
    found = []
    for row in _rows(path, NEEDED):
        named = specifications_of(row["specification"])
        found += [Declared(**{**row, "specification": specification}) for specification in named]
    return found


def read_general(path: Path) -> list[str]:
    """Holders with a general declaration, in the order of their names."""
    return sorted({row["holder"] for row in _rows(path, ("holder",)) if row["holder"]})


def specifications_of(text: str) -> list[str]:
    """The specifications a cell names: `TS 24.501`, `TS 124 501`, `24501`."""
    return list(dict.fromkeys(f"TS {series}.{number}" for series, number in _SPECIFICATION.findall(text)))


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        text = read_bounded(path, _MOST).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{path} is no text in UTF-8") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    try:
        heads = [head.strip().lower() for head in next(reader, [])]
        places = {
            name: next((heads.index(each) for each in known if each in heads), -1) for name, known in COLUMNS.items()
        }
        missing = [name for name in needed if places[name] < 0]
        if missing:
            raise Refused(f"{path}: no column says the {missing[0]}; known names: {', '.join(COLUMNS[missing[0]])}")
        for number, cells in enumerate(reader):
            if number >= MOST_ROWS:
                raise Refused(f"{path} has more than {MOST_ROWS} rows")
            yield {name: cells[at].strip() if 0 <= at < len(cells) else "" for name, at in places.items()}
    except csv.Error as error:
        raise Refused(f"{path}: {error}") from None
