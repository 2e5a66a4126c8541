"""Known vulnerabilities from a folder of OSV records, without asking anybody, and what the owner decided of each."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.trust.origin.parts import Part
from freehold.trust.seal import Refused, read_json
from freehold.trust.seal.reading import parse_json

ECOSYSTEMS: Final = {"PyPI": "pypi", "crates.io": "cargo", "npm": "npm"}
UNKNOWN: Final = "unknown"
KNOWN: Final = "known"
NONE_KNOWN: Final = "none known"
_KINDS: Final = frozenset({".json", ".zip"})
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_RECORDS: Final = 500_000
MOST_OCTETS: Final = 4 << 20
STATES: Final = ("exploitable", "in_triage", "false_positive", "not_affected", "resolved", "resolved_with_pedigree")
JUSTIFICATIONS: Final = (
    "code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency", "requires_environment",
    "protected_by_compiler", "protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control",
)  # fmt: skip
"""The states of an analysis of CycloneDX, and why something is not affected."""


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner decided of one vulnerability: its state, why, and in words."""

    state: str
    justification: str = ""
    detail: str = ""


class Known(msgspec.Struct, frozen=True):
    """A vulnerability of some parts: its identifier, others' names for it, a summary, and the parts' package URLs."""

    identifier: str
    aliases: tuple[str, ...]
    summary: str
    purls: tuple[str, ...]


def read_decisions(path: Path) -> dict[str, Decision]:
    """The owner's decisions by identifier; Refused where a word of them is none of CycloneDX."""
    try:
        decisions = msgspec.convert(read_json(path), type=dict[str, Decision])
    except msgspec.ValidationError as error:
        raise Refused(f"{path}: {error}") from None
    for identifier, each in decisions.items():
        if each.state not in STATES or (each.justification and each.justification not in JUSTIFICATIONS):
            raise Refused(f"{path}: {identifier}: a state is one of {', '.join(STATES)}")
    return decisions


class Database(msgspec.Struct, frozen=True):
    """What a search found, and of what it could know: records by ecosystem, and when the newest one was changed."""

    known: list[Known]
    records: dict[str, int]
    newest: str

    def says_of(self, part: Part) -> str:
        """`known`, `none known`, or `unknown` where the database has nothing of the part's ecosystem."""
        if any(part.purl in each.purls for each in self.known):
            return KNOWN
        return NONE_KNOWN if self.records.get(part.locked.ecosystem) else UNKNOWN

    def coverage(self) -> str:
        """How many records of each ecosystem there are, in words."""
        counts = (
            f"{name} {self.records[own]} records" if self.records.get(own) else f"{name} {UNKNOWN}: no record"
            for name, own in ECOSYSTEMS.items()
        )
        return "; ".join((*counts, f"newest {self.newest or UNKNOWN}"))


def search(parts: Iterable[Part], place: Path) -> Database:
    """The records that name a version of a part, in the order of their files; Refused where one is no record.

    `place` is a folder of OSV records in JSON, of ZIP archives of them, or one such archive: nothing is unpacked.
    """
    index: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        index.setdefault((part.locked.ecosystem, _plain(part.locked.name)), []).append(part)
    found, counted, newest = [], dict.fromkeys(ECOSYSTEMS.values(), 0), ""
    for number, (name, record) in enumerate(_records(place)):
        if number >= MOST_RECORDS:
            raise Refused(f"{place} holds more than {MOST_RECORDS} records")
        for ecosystem in {own for own in map(_ecosystem, _list(record, "affected")) if own}:
            counted[ecosystem] += 1
        modified = str(record.get("modified", ""))[:10]
        newest = max(newest, modified) if _DATE.fullmatch(modified) else newest
        if purls := tuple(sorted({part.purl for part in _hit(record, index)})):
            aliases = tuple(each for each in _list(record, "aliases") if isinstance(each, str))
            found.append(Known(str(record.get("id", name)), aliases, str(record.get("summary", "")), purls))
    return Database(found, counted, newest)


def _records(place: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    paths = sorted(each for each in place.rglob("*") if each.suffix in _KINDS) if place.is_dir() else [place]
    if not paths:
        raise Refused(f"{place} holds no OSV record")
    for path in paths:
        if path.suffix == ".zip":
            yield from _archived(path)
        else:
            yield path.stem, read_json(path, MOST_OCTETS)


def _archived(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of an archive, each bounded before and while it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.filename.endswith(".json"):
                    continue
                name = f"{path}: {entry.filename!r}"
                if entry.file_size > MOST_OCTETS:
                    raise Refused(f"{name} is larger than {MOST_OCTETS} octets")
                with archive.open(entry) as file:
                    octets = file.read(MOST_OCTETS + 1)
                if len(octets) > MOST_OCTETS:
                    raise Refused(f"{name} is larger than it says")
                yield Path(entry.filename).stem, parse_json(octets, name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(f"{path} is no ZIP archive that can be read: {error}") from None


def _ecosystem(affected: Any) -> str:
    package = affected.get("package") if isinstance(affected, dict) else None
    return ECOSYSTEMS.get(str(package.get("ecosystem")), "") if isinstance(package, dict) else ""


def _hit(record: Mapping[str, Any], index: Mapping[tuple[str, str], list[Part]]) -> Iterator[Part]:
    if record.get("withdrawn"):
        return
    for affected in _list(record, "affected"):
        package = affected.get("package") if isinstance(affected, dict) else None
        if isinstance(package, dict):
            ecosystem = _ecosystem(affected)
            for part in index.get((ecosystem, _plain(str(package.get("name")))), ()):
                if _affects(affected, part.locked.version):
                    yield part


def _affects(affected: Mapping[str, Any], version: str) -> bool:
    """Whether a version is affected; one that no list or range can tell of may be, and is never taken for clean."""
    if version in _list(affected, "versions"):
        return True
    kinds = {each.get("type") for each in _list(affected, "ranges") if isinstance(each, dict)}
    if not _list(affected, "versions") and not kinds & {"SEMVER", "ECOSYSTEM"}:
        return True
    return any(
        isinstance(each, dict)
        and each.get("type") in {"SEMVER", "ECOSYSTEM"}
        and _within(_list(each, "events"), version)
        for each in _list(affected, "ranges")
    )


def _within(events: list[Any], version: str) -> bool:
    """Whether a version is between an `introduced` and the `fixed` or after the `last_affected` that ends it."""
    mine, inside = order(version), False
    points = [
        (order(str(value)), kind)
        for event in events
        if isinstance(event, dict)
        for kind, value in event.items()
        if isinstance(value, str)
    ]
    for point, kind in sorted(points, key=lambda each: each[0]):
        if kind == "introduced" and mine >= point:
            inside = True
        elif (kind == "fixed" and mine >= point) or (kind == "last_affected" and mine > point):
            inside = False
    return inside


def order(version: str) -> tuple[tuple[int, int, str], ...]:
    """A version's place among others of its package: numbers as numbers, pre-releases before what they precede."""
    parts = re.findall(r"\d{1,18}|[a-z]+", version.partition("+")[0].lower())
    release = next((at for at, each in enumerate(parts) if not each.isdigit()), len(parts))
    while release and parts[release - 1] == "0":
        release -= 1
        del parts[release]
    key = [(1, int(each), "") if each.isdigit() else (2 if each == "post" else -1, 0, each) for each in parts]
    return (*key, (0, 0, ""))


def _list(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
