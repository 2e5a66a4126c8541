"""What is handed over, as the licensor writes it: the grant, its patents, the documents by tier."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Literal

import msgspec

from freehold.trust.seal import Refused, read_bounded

TIERS: Final = ("teaser", "nda", "clean-room")
"""Who reads a document: anybody who is interested, who signed for secrecy, who builds from it."""
Tier = Literal["teaser", "nda", "clean-room"]
_MOST: Final = 1 << 20


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The grant: between whom, for what, where, for how long, for which fee, and what may be done."""

    licensor: str
    licensee: str
    field: str
    territory: str
    fee: str
    perpetual: bool = True
    modify: bool = True
    sublicense: bool = False
    assign: bool = False
    covers: tuple[str, ...] = ()
    """Items of the gap list that the contract does cover, by their names."""
    contract: str = ""


class Patent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A patent of the licensor's that the grant covers: number, two letters of its office, status, family."""

    number: str
    jurisdiction: str
    status: str = "granted"
    family: str = ""


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document that goes with it: a file beside the grant, what it is, and the tier of its readers."""

    path: str
    kind: Literal["contract", "know-how", "training", "acceptance", "evidence"]
    tier: Tier = "nda"


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of one hand-over."""

    grant: Terms
    patent: tuple[Patent, ...] = ()
    document: tuple[Document, ...] = ()


def read_grant(path: Path) -> Grant:
    """The grant of a TOML file; Refused says what is wrong with it."""
    try:
        grant = msgspec.convert(tomllib.loads(read_bounded(path, _MOST).decode()), type=Grant)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{path}: {error}") from None
    paths = [document.path for document in grant.document]
    if len(set(paths)) != len(paths):
        raise Refused(f"{path}: a document stands twice")
    for each in paths:
        inside(path.parent, each)
    return grant


def inside(folder: Path, name: str) -> Path:
    """A file below a folder; Refused where its name leads out of it."""
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or {"..", ".", ""} & set(parts):
        raise Refused(f"{name!r} leads out of its folder")
    place = folder.joinpath(*parts)
    if place.is_symlink() or not place.resolve().is_relative_to(folder.resolve()):
        raise Refused(f"{name!r} leads out of its folder")
    return place
