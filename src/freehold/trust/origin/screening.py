"""Suppliers against a list that the owner supplies: who is on it, who is not, and of whom nothing is known."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from freehold.trust.origin.parts import Part
from freehold.trust.seal import Refused, read_bounded

LISTED: Final = "listed"
CLEAR: Final = "not listed"
UNKNOWN: Final = "unknown"
_MOST: Final = 16 << 20


class Finding(msgspec.Struct, frozen=True):
    """What the list says of a part's suppliers: `verdict`, and the entries it is on with their reasons."""

    purl: str
    suppliers: tuple[str, ...]
    verdict: str
    entries: tuple[str, ...] = ()


def read_list(path: Path) -> dict[str, str]:
    """A list of names, a line each, in CSV: the name and, after it, the reason; lines that begin with # are remarks."""
    try:
        text = read_bounded(path, _MOST).decode()
    except UnicodeDecodeError:
        raise Refused(f"{path} is no text in UTF-8") from None
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row and not row[0].startswith("#")]
    except csv.Error as error:
        raise Refused(f"{path}: {error}") from None
    found = {_folded(row[0]): row[1].strip() if len(row) > 1 else "" for row in rows}
    found.pop("", None)
    return found


def screen(parts: Iterable[Part], listed: dict[str, str]) -> list[Finding]:
    """A finding for each part. A supplier is on the list where its name holds an entry's, as words."""
    return [_screened(part, listed) for part in parts]


def _screened(part: Part, listed: dict[str, str]) -> Finding:
    if not part.suppliers:
        return Finding(part.purl, (), UNKNOWN)
    hits = tuple(
        f"{entry}: {reason}" if reason else entry
        for entry, reason in listed.items()
        if any(f" {entry} " in f" {_folded(name)} " for name in part.suppliers)
    )
    return Finding(part.purl, part.suppliers, LISTED if hits else CLEAR, hits)


def _folded(name: str) -> str:
    """A name as it is compared: without case, accents and punctuation."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each)).casefold()
    return " ".join("".join(each if each.isalnum() else " " for each in plain).split())
