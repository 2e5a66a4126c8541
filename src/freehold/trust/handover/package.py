"""One signed file for a hand-over, and its documents by tiers that open against the same file, each for its readers.

The file names every document by a commitment: the SHA-256 of a salt, its name and its octets. Who has the file alone
knows how many documents of which tier there are, and can neither read nor guess one; who has a tier has its salts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from freehold.trust.handover.clauses import Cited, order
from freehold.trust.handover.gap import Gap
from freehold.trust.handover.grant import TIERS, Document, Grant, inside
from freehold.trust.seal import Refused, Signer, Verifier, parse_json, read_bounded, read_json, sha256_like
from freehold.trust.seal.bill import head, numbered, properties, validate
from freehold.trust.seal.jsf import signed, verified

FILE: Final = "handover.cdx.json"
OPENINGS: Final = "openings.json"
SALT: Final = 32
MOST_DOCUMENTS: Final = 10_000
MOST_OCTETS: Final = 1 << 30
_URN: Final = "urn:freehold:document:"
_SOURCE: Final = "freehold:source:sha256"
_WHEEL: Final = "freehold:wheel:sha256"
_DIGITS: Final = 6
_REFERENCES: Final = {"contract": "license", "evidence": "evidence", "know-how": "documentation",
                      "training": "documentation", "acceptance": "quality-metrics"}  # fmt: skip


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens one commitment: the document's number, its name in the tier's folder, and the salt."""

    number: int
    name: str
    salt: str


class Origin(msgspec.Struct, frozen=True):
    """What the hand-over is of: version, digests of source and wheel, the bill of materials, the clauses."""

    version: str
    source: str
    wheel: str
    bill: Mapping[str, Any]
    code: Cited
    tests: Cited


class Handed(msgspec.Struct, frozen=True):
    """What a verified file says: serial number, its own SHA-256, version, parties, digests of source and wheel.

    `documents` are tier and commitment by number; `document` is all of it.
    """

    serial: str
    sha256: str
    version: str
    licensor: str
    licensee: str
    source: str
    wheel: str
    documents: dict[int, tuple[str, str]]
    document: dict[str, Any]


class _Organization(msgspec.Struct, frozen=True):
    name: str


class _Party(msgspec.Struct, frozen=True):
    organization: _Organization


class _Licensing(msgspec.Struct, frozen=True):
    licensor: _Party
    licensee: _Party


class _License(msgspec.Struct, frozen=True):
    licensing: _Licensing


class _Choice(msgspec.Struct, frozen=True):
    license: _License


class _Hash(msgspec.Struct, frozen=True):
    content: str


class _Property(msgspec.Struct, frozen=True):
    name: str = ""
    value: str = ""


class _Reference(msgspec.Struct, frozen=True):
    url: str
    comment: str = ""
    hashes: tuple[_Hash, ...] = ()


class _Component(msgspec.Struct, frozen=True):
    version: str
    licenses: Annotated[tuple[_Choice, ...], msgspec.Meta(min_length=1, max_length=1)]
    properties: tuple[_Property, ...] = ()
    externalReferences: tuple[_Reference, ...] = ()  # noqa: N815 - CycloneDX's name


class _Metadata(msgspec.Struct, frozen=True):
    component: _Component


class _File(msgspec.Struct, frozen=True):
    serialNumber: str  # noqa: N815 - CycloneDX's name
    metadata: _Metadata


def commitment(salt: bytes, name: str, octets: bytes) -> str:
    """What the file says of a document."""
    return sha256(salt + name.encode() + b"\0" + octets).hexdigest()


def build(grant: Grant, folder: Path, origin: Origin, gaps: Sequence[Gap], signer: Signer, out: Path) -> dict[str, Any]:
    """Write the signed file and a folder a tier into the new folder `out`; the file's content."""
    if out.exists() and any(out.iterdir()):
        raise Refused(f"{out} is not empty: name a new folder")
    read = [(document, read_bounded(inside(folder, document.path), MOST_OCTETS)) for document in grant.document]
    salts = [os.urandom(SALT) for _ in read]
    commitments = [commitment(salt, each.path, octets) for (each, octets), salt in zip(read, salts, strict=True)]
    document = signed(_document(grant, origin, gaps, commitments), signer)
    validate(document, FILE)
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for tier in TIERS:
        openings = []
        for number, ((each, octets), salt) in enumerate(zip(read, salts, strict=True), 1):
            if each.tier == tier:
                place = out / tier / each.path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(octets)
                openings.append({"number": number, "name": each.path, "salt": salt.hex()})
        (out / tier).mkdir(exist_ok=True)
        (out / tier / OPENINGS).write_text(json.dumps({"tier": tier, "openings": openings}, indent=1), encoding="utf-8")
    return document


def verify(path: Path, trusted: Iterable[Verifier], tiers: Iterable[Path] = ()) -> Handed:
    """What a file hands over, once its signature, its schema and every document of these tiers hold; else Refused."""
    octets = read_bounded(path)
    document = parse_json(octets, str(path))
    verified(document, trusted, str(path))
    validate(document, str(path))
    found = _handed(document, sha256(octets).hexdigest(), str(path))
    for folder in tiers:
        _open_tier(folder, found.documents)
    return found


def _handed(document: dict[str, Any], digest: str, name: str) -> Handed:
    try:
        told = msgspec.convert(document, type=_File)
    except msgspec.ValidationError as error:
        raise Refused(f"{name} is signed, but no hand-over: {error}") from None
    component = told.metadata.component
    numbers = {each.name: each.value for each in component.properties}
    if missing := [each for each in (_SOURCE, _WHEEL) if not sha256_like(numbers.get(each, ""))]:
        raise Refused(f"{name} is signed, but no hand-over: it does not say {missing[0]}")
    parties = component.licenses[0].license.licensing
    return Handed(
        told.serialNumber, digest, component.version, parties.licensor.organization.name,
        parties.licensee.organization.name, numbers[_SOURCE], numbers[_WHEEL], _commitments(component, name), document,
    )  # fmt: skip


def _commitments(component: _Component, name: str) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for each in component.externalReferences:
        if not each.url.startswith(_URN):
            continue
        text, tier = each.url.removeprefix(_URN), each.comment.partition(": ")[0]
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
        digest = each.hashes[0].content if len(each.hashes) == 1 else ""
        if not number or tier not in TIERS or number in found or not sha256_like(digest):
            raise Refused(f"{name} names its documents in a way of its own")
        found[number] = (tier, digest)
    return found


def _open_tier(folder: Path, known: Mapping[int, tuple[str, str]]) -> None:
    told = read_json(folder / OPENINGS, 1 << 24)
    try:
        openings = msgspec.convert(told.get("openings"), type=list[Opening])
    except msgspec.ValidationError as error:
        raise Refused(f"{folder / OPENINGS}: {error}") from None
    tier = told.get("tier")
    wanted = {number for number, (of, _) in known.items() if of == tier}
    if tier not in TIERS or {each.number for each in openings} != wanted or len(openings) != len(wanted):
        raise Refused(f"{folder}: its openings are not those of the documents of tier {tier}")
    for each in openings:
        place = inside(folder, each.name)
        if not place.exists():
            raise Refused(f"{folder / each.name} was left out")
        octets = read_bounded(place, MOST_OCTETS)
        try:
            salt = bytes.fromhex(each.salt)
        except ValueError:
            salt = b""
        if len(salt) != SALT or commitment(salt, each.name, octets) != known[each.number][1]:
            raise Refused(f"{folder / each.name} is not the document that was handed over")
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    if more := held - {each.name for each in openings} - {OPENINGS}:
        raise Refused(f"{folder / min(more)} is no document of this hand-over")


def _document(grant: Grant, origin: Origin, gaps: Sequence[Gap], commitments: Sequence[str]) -> dict[str, Any]:
    terms = grant.grant
    licence = {
        "name": "Licence of this hand-over",
        "licensing": {
            "licensor": {"organization": {"name": terms.licensor}},
            "licensee": {"organization": {"name": terms.licensee}},
            "licenseTypes": ["perpetual" if terms.perpetual else "other"],
        },
        "properties": properties({
            "grant:field": terms.field, "grant:territory": terms.territory, "grant:fee": terms.fee,
            "grant:modify": _word(terms.modify), "grant:sublicense": _word(terms.sublicense),
            "grant:assign": _word(terms.assign),
        }),
    }  # fmt: skip
    numbers = properties({"source:sha256": origin.source, "wheel:sha256": origin.wheel})
    document = head("freehold", origin.version, licenses=[{"license": licence}], properties=numbers)
    component = document["metadata"]["component"]
    component["externalReferences"] = [
        _reference(number, each, commit)
        for number, (each, commit) in enumerate(zip(grant.document, commitments, strict=True), 1)
    ]
    if grant.patent:
        component["patentAssertions"] = [
            {
                "assertionType": "license",
                "asserter": _entity(terms.licensor),
                "patentRefs": [f"patent:{each.number}" for each in grant.patent],
            }
        ]
    document["metadata"]["distributionConstraints"] = {"tlp": "AMBER"}
    document["components"] = [each for each in origin.bill.get("components", ()) if each.get("type") != "file"]
    document["definitions"] = {"standards": _standards(origin.code, origin.tests), "patents": _patents(grant)}
    document["declarations"] = _declarations(grant.document)
    document["properties"] = properties(
        {
            f"gap:{number:03}": f"{each.name} | {each.holder or '-'} | {each.state} | {each.why}"
            for number, each in enumerate(gaps, 1)
        }
    )
    return numbered(document)


def _entity(name: str) -> dict[str, Any]:
    """An organization; its address tells the schema that it is no person."""
    return {"name": name, "url": ["urn:freehold:licensor"]}


def _word(allowed: bool) -> str:
    return "yes" if allowed else "no"


def _reference(number: int, document: Document, commit: str) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": commit}]
    comment = f"{document.tier}: {document.kind}"
    return {"type": _REFERENCES[document.kind], "url": f"{_URN}{number}", "hashes": hashes, "comment": comment}


def _standards(code: Cited, tests: Cited) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for specification, clause in sorted(code, key=order):
        key = (specification, clause)
        told = properties({"code": " ".join(sorted(code[key])), "tests": " ".join(sorted(tests.get(key, ())))})
        found.setdefault(specification, []).append(
            {"bom-ref": f"clause:{specification} {clause}", "identifier": clause, "properties": told}
        )
    return [
        {
            "bom-ref": f"standard:{name}",
            "name": name,
            "owner": "3GPP" if name.startswith("TS ") else "IETF",
            "requirements": clauses,
        }
        for name, clauses in found.items()
    ]


def _patents(grant: Grant) -> list[dict[str, Any]]:
    families: dict[str, list[str]] = {}
    for each in grant.patent:
        if each.family:
            families.setdefault(each.family, []).append(f"patent:{each.number}")
    return [
        *({"bom-ref": f"patent:{each.number}", "patentNumber": each.number, "jurisdiction": each.jurisdiction,
           "patentLegalStatus": each.status, "patentAssignee": [_entity(grant.grant.licensor)]}
          for each in grant.patent),
        *({"bom-ref": f"family:{name}", "familyId": name, "members": members} for name, members in families.items()),
    ]  # fmt: skip


def _declarations(documents: Sequence[Document]) -> dict[str, Any]:
    """Each document of evidence as a claim that it proves, told by the licensor of itself."""
    shown = [number for number, each in enumerate(documents, 1) if each.kind == "evidence"]
    return {
        "assessors": [{"bom-ref": "assessor:licensor", "thirdParty": False}],
        "claims": [
            {"bom-ref": f"claim:{number}", "target": "freehold", "predicate": "the evidence holds for this version",
             "evidence": [f"evidence:{number}"]} for number in shown
        ],
        "evidence": [
            {"bom-ref": f"evidence:{number}", "propertyName": "freehold:evidence",
             "data": [{"name": f"document {number}", "contents": {"url": f"{_URN}{number}"}}]} for number in shown
        ],
        "attestations": [{"summary": "told by the licensor of itself", "assessor": "assessor:licensor"}],
    }  # fmt: skip
