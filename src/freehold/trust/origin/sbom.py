"""The software bill of materials: everything a wheel holds and runs beside, in CycloneDX 1.7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from freehold.trust.origin.advisories import Database, Decision, Known
from freehold.trust.origin.parts import Part
from freehold.trust.origin.screening import UNKNOWN, Finding
from freehold.trust.seal.bill import head, licences, numbered, properties

ALGORITHMS: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha1": "SHA-1"}
EXCLUDED: Final = "build tool"


def bill(
    version: str,
    parts: Sequence[Part],
    files: Mapping[str, str],
    source: Mapping[str, str],
    findings: Iterable[Finding] = (),
    database: Database | None = None,
    decisions: Mapping[str, Decision] | None = None,
) -> dict[str, Any]:
    """The bill of one version: `files` are the wheel's with their SHA-256, `source` says what it was built from.

    Without a `database` of advisories the vulnerabilities of every part are unknown, and so each part says.
    """
    told = {**source, "advisories": database.coverage() if database else UNKNOWN}
    document = head("freehold", version, licenses=licences("Apache-2.0"), supplier={"name": "The Freehold authors"},
                    purl=f"pkg:pypi/freehold@{version}", properties=properties(told))  # fmt: skip
    verdicts = {each.purl: each for each in findings}
    document["components"] = [
        *(_component(part, verdicts.get(part.purl), database) for part in parts),
        *({"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": [_hash("sha256", digest)]}
          for name, digest in sorted(files.items())),
    ]  # fmt: skip
    shipped = sorted(part.purl for part in parts if part.role != EXCLUDED)
    document["dependencies"] = [{"ref": "freehold", "dependsOn": shipped}]
    document["compositions"] = [{"aggregate": "complete", "assemblies": ["freehold"], "dependencies": ["freehold"]}]
    if database and database.known:
        document["vulnerabilities"] = [_vulnerability(each, decisions or {}) for each in database.known]
    return numbered(document)


def _component(part: Part, finding: Finding | None, database: Database | None) -> dict[str, Any]:
    told = {"role": part.role, "supplier": "" if part.suppliers else UNKNOWN}
    told["vulnerabilities"] = database.says_of(part) if database else UNKNOWN
    if finding is not None:
        told |= {"screening": finding.verdict, "screening:entries": "; ".join(finding.entries)}
    component: dict[str, Any] = {
        "type": "application" if part.role == EXCLUDED and part.locked.ecosystem != "cargo" else "library",
        "bom-ref": part.purl,
        "name": part.locked.name,
        "version": part.locked.version,
        "purl": part.purl,
        "scope": "excluded" if part.role == EXCLUDED else "required",
        "properties": properties(told),
    }
    if len(part.locked.hashes) == 1:
        component["hashes"] = [_hash(part.locked.algorithm, part.locked.hashes[0])]
    else:  # a Python package has one a file, and any of them may be what is installed
        component["properties"] += properties({"file:sha256": " ".join(part.locked.hashes)})
    if part.licence:
        component["licenses"] = licences(part.licence)
    if part.suppliers:
        component["supplier"] = {"name": ", ".join(part.suppliers)}
    return component


def _hash(algorithm: str, digest: str) -> dict[str, str]:
    return {"alg": ALGORITHMS[algorithm], "content": digest}


def decision_of(known: Known, decisions: Mapping[str, Decision]) -> Decision | None:
    """What the owner decided of a vulnerability, under any of its names."""
    return next((decisions[name] for name in (known.identifier, *known.aliases) if name in decisions), None)


def _vulnerability(known: Known, decisions: Mapping[str, Decision]) -> dict[str, Any]:
    """A vulnerability with what the owner decided; what nobody decided yet is in triage."""
    decision = decision_of(known, decisions)
    analysis = {"state": decision.state if decision else "in_triage"}
    if decision and decision.justification:
        analysis["justification"] = decision.justification
    if decision and decision.detail:
        analysis["detail"] = decision.detail
    return {
        "bom-ref": f"vulnerability:{known.identifier}",
        "id": known.identifier,
        "references": [{"id": each, "source": {"name": "OSV"}} for each in known.aliases],
        "description": known.summary,
        "affects": [{"ref": purl} for purl in known.purls],
        "analysis": analysis,
    }
