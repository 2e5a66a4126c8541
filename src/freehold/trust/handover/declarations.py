"""Patents that their holders declared to specifications: the two public exports of ETSI, as CSV or the ZIP it comes in.

ISLD-export lists patents by specification, a row a declaration, version and patent: millions of rows, read as a stream.
GD-export lists general declarations, which name no patent. A declaration is the holder's word: nobody verified it, and
it is no claim chart.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.seal import Refused

UNVERIFIED: Final = "declared, unverified, not a claim chart"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "holder": ("comp_legal_name", "legal_name", "company_legal_name", "declaring_company", "company", "declarant"),
    "publication": ("publ_number", "publication_number", "publication_no", "patent_number"),
    "application": ("patt_application_number", "application_number", "application_no"),
    "jurisdiction": ("country_of_registration", "country", "jurisdiction"),
    "number": ("tgpp_number", "3gpp_number"),
    "standard": ("standard", "specification", "woit_etsi_deliverable_number", "etsi_deliverable_no"),
    "date": ("iprd_signature_date", "declaration_date", "reflected_date", "date"),
    "family": ("dipg_patf_id", "patent_family", "family_id", "family"),
    "reference": ("iprd_reference", "declaration_number", "reference"),
    "to_all": ("gend_app_to_all_flag",),
}  # fmt: skip
"""A column's names, the first those of the exports of 2025; read without regard to case, blanks for underscores."""
MOST_ROWS: Final = 20_000_000
MOST_OCTETS: Final = 16 << 30
MOST_LINE: Final = 1 << 20
_SPECIFICATION: Final = re.compile(r"(?<![\d.])1?(\d{2})[. ]?(\d{3})(?!\d)")


class Declared(msgspec.Struct, frozen=True):
    """One declaration: who, which patent, where, to which specification ("TS 24.501"), when, and its reference.

    `publications` are all that a row names; `jurisdiction` is two letters where the export says so.
    """

    holder: str
    publications: tuple[str, ...]
    application: str
    jurisdiction: str
    specification: str
    date: str
    family: str
    reference: str

    @property
    def patent(self) -> str:
        """What tells one patent from another."""
        return self.application or (self.publications[0] if self.publications else self.family)


class General(msgspec.Struct, frozen=True):
    """A general declaration: by whom, when, whether it is to all standards, and its reference."""

    holder: str
    date: str
    to_all: bool
    reference: str


def read_patents(path: Path) -> Iterator[Declared]:
    """Patents declared to specifications of 3GPP, as they stand; Refused where the file is no such export."""
    for row in _rows(path, ("holder",), ("number", "standard")):
        holder, publications = row["holder"], tuple(each for each in re.split(r"\s*\|\s*", row["publication"]) if each)
        for specification in specifications_of(row["number"]) or specifications_of(row["standard"]):
            if holder:
                yield Declared(
                    holder, publications, row["application"], row["jurisdiction"].partition(" ")[0], specification,
                    row["date"][:10], row["family"], row["reference"],
                )  # fmt: skip


def read_general(path: Path) -> list[General]:
    """The newest general declaration of each holder, in the order of their names."""
    found: dict[str, General] = {}
    for row in _rows(path, ("holder",), ()):
        told = General(row["holder"], row["date"][:10], row["to_all"].lower() in {"1", "yes", "true"}, row["reference"])
        known = found.get(told.holder)
        if told.holder and (known is None or (told.to_all, told.date) > (known.to_all, known.date)):
            found[told.holder] = told
    return [found[name] for name in sorted(found)]


def specifications_of(text: str) -> list[str]:
    """The specifications a cell names: `24.501`, `TS 24.501`, `TS 124 501`, `24501`."""
    return list(dict.fromkeys(f"TS {series}.{number}" for series, number in _SPECIFICATION.findall(text)))


def _rows(path: Path, needed: tuple[str, ...], either: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Rows by our names; every column of `needed` and one of `either` is there."""
    try:
        with _opened(path) as binary, io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as text:
            lines = _bounded(text, path)
            first = next(lines, "")
            mark = max(";,\t", key=first.count)
            heads = [
                re.sub(r"[\s_]+", "_", head.strip().lower()) for head in next(csv.reader([first], delimiter=mark), [])
            ]
            places = {
                name: next((heads.index(each) for each in known if each in heads), -1)
                for name, known in COLUMNS.items()
            }
            _has(places, path, needed, either)
            for cells in csv.reader(lines, delimiter=mark, strict=True):
                yield {name: cells[at].strip() if 0 <= at < len(cells) else "" for name, at in places.items()}
    except UnicodeDecodeError:
        raise Refused(f"{path} is no text in UTF-8") from None
    except (csv.Error, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise Refused(f"{path}: {error}") from None


def _has(places: Mapping[str, int], path: Path, needed: tuple[str, ...], either: tuple[str, ...]) -> None:
    missing = [name for name in needed if places[name] < 0]
    if either and all(places[name] < 0 for name in either):
        missing.append(either[0])
    if missing:
        raise Refused(f"{path}: no column says the {missing[0]}; known names: {', '.join(COLUMNS[missing[0]])}")


def _bounded(text: io.TextIOWrapper, path: Path) -> Iterator[str]:
    octets = 0
    for number in range(MOST_ROWS + 1):
        line = text.readline(MOST_LINE)
        octets += len(line)
        if not line:
            return
        if len(line) >= MOST_LINE or octets > MOST_OCTETS or number == MOST_ROWS:
            raise Refused(f"{path} is larger than any export, or one of its lines is")
        yield line


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The text's octets: of a file, or of the one CSV in a ZIP."""
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Refused(f"{path} is no regular file")
        zipped = file.read(4) == b"PK\x03\x04"
        file.seek(0)
        if not zipped:
            yield file
            return
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                raise Refused(f"{path} holds {len(names)} CSV files, not one")
            with archive.open(names[0]) as inner:
                yield inner
