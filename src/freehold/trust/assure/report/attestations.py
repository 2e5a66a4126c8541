"""A run as CycloneDX 1.7 attestations: claims about each requirement, with evidence by hash (ECMA-424)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from freehold.trust.assure.run import Run
from freehold.trust.assure.verdict import Result, Verdict
from freehold.trust.seal.bill import frame, numbered, properties

ASSESSOR: Final = "assessor"
TARGET: Final = "network"
SCORES: Final = {Verdict.PASS: 1, Verdict.FAIL: 0}
"""Conformance; the other verdicts say nothing of it."""


def document(run: Run) -> bytes:
    """The document's octets: the same for the same run."""
    metadata = {
        "timestamp": run.began,
        "tools": {"components": [{"type": "application", "name": run.software}]},
        "properties": properties({"assure:head": run.head}),
    }
    body = {
        **frame(metadata),
        "declarations": _declarations(run),
        "definitions": {"standards": _standards(run.results)},
    }
    return json.dumps(numbered(body), indent=1).encode() + b"\n"


def name(result: Result) -> str:
    """What a result is called in references: its document's number and clause."""
    return "-".join([*result.document.split()[:2], result.clause])


def _standards(results: Iterable[Result]) -> list[dict[str, Any]]:
    by_document: dict[str, list[Result]] = {}
    for each in results:
        by_document.setdefault(each.document, []).append(each)
    return [
        {
            "bom-ref": f"standard-{document_.replace(' ', '-')}",
            "name": document_,
            "owner": "3GPP",
            "requirements": [
                {"bom-ref": f"requirement-{name(one)}", "identifier": one.clause, "title": one.test_case}
                for one in found
            ],
        }
        for document_, found in by_document.items()
    ]


def _declarations(run: Run) -> dict[str, Any]:
    judged = [each for each in run.results if each.verdict in SCORES]
    return {
        "assessors": [
            {"bom-ref": ASSESSOR, "thirdParty": False, "organization": {"name": "the network's own operator"}}
        ],
        "attestations": [
            {
                "summary": f"{run.target}: {run.head}",
                "assessor": ASSESSOR,
                "map": [_mapped(each) for each in run.results],
            }
        ],
        "claims": [_claim(each) for each in judged],
        "evidence": [_evidence(each, run.began) for each in judged if each.evidence],
        "targets": {"components": [{"bom-ref": TARGET, "type": "application", "name": run.target}]},
    }


def _mapped(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {"requirement": f"requirement-{name(result)}"}
    if result.verdict not in SCORES:
        return {**entry, "confidence": {"score": 0, "rationale": f"{result.verdict}: {result.reason}"}}
    kind = "claims" if result.verdict is Verdict.PASS else "counterClaims"
    conformance = {"score": SCORES[result.verdict], "rationale": result.reason}
    return {**entry, kind: [f"claim-{name(result)}"], "conformance": conformance}


def _claim(result: Result) -> dict[str, Any]:
    held = "meets" if result.verdict is Verdict.PASS else "does not meet"
    claim: dict[str, Any] = {
        "bom-ref": f"claim-{name(result)}",
        "target": TARGET,
        "predicate": f"{held} {result.document} {result.clause} {result.test_case}",
        "reasoning": result.reason,
    }
    if result.evidence:
        claim["evidence"] = [f"evidence-{name(result)}"]
    return claim


def _evidence(result: Result, created: str) -> dict[str, Any]:
    return {
        "bom-ref": f"evidence-{name(result)}",
        "description": f"what crossed the interfaces, the log and the verdict of {result.document} {result.clause}",
        "data": [
            {"name": f"{each.file} sha256:{each.sha256}", "contents": {"url": each.file}} for each in result.evidence
        ],
        "created": created,
    }
