"""Provenance of a wheel: an in-toto statement with SLSA's predicate, signed with the owner's own key.

It claims SLSA Build L1, and, once two parties sign for the same octets, that these were rebuilt bit-equal. No more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.trust.origin.build import Built
from freehold.trust.origin.source import Source, digest_of
from freehold.trust.seal import Refused, Signer, Verifier, open_envelope, read_bounded, seal_envelope

PREDICATE: Final = "https://slsa.dev/provenance/v1"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
BUILD_TYPE: Final = "urn:freehold:build:make-wheel:1"
MATERIALS: Final = ("locks/", "native/Cargo.lock", "web/package-lock.json")
_MOST: Final = 4 << 20


class Claim(msgspec.Struct, frozen=True):
    """What one provenance says: the wheel's SHA-256, the source's digest and commit, the tools, and who signed."""

    digest: str
    source: str
    commit: str
    tools: dict[str, str]
    key_id: str


def statement(source: Source, built: Built) -> dict[str, Any]:
    """The statement of one build."""
    locks = [name for name in source.files if name.startswith(MATERIALS)]
    materials = [{"name": name, "digest": {"sha256": source.files[name]}} for name in locks]
    tree = {"name": "source", "digest": {"sha256": source.digest}}
    if source.commit and not source.changed:
        tree["digest"] = {"sha256": source.digest, "gitCommit": source.commit}
    return {
        "_type": STATEMENT,
        "subject": [{"name": built.wheel.name, "digest": {"sha256": built.digest}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"target": "wheel"},
                "internalParameters": {"tools": built.tools},
                "resolvedDependencies": [tree, *materials],
            },
            "runDetails": {
                "builder": {"id": "urn:freehold:builder:owner"},
                "metadata": {"startedOn": built.began, "finishedOn": built.ended},
            },
        },
    }


def sign(source: Source, built: Built, signer: Signer) -> bytes:
    """The signed provenance of one build."""
    return seal_envelope(statement(source, built), [signer])


def attested(source: Source, built: Built, signer: Signer) -> None:
    """Write the signed provenance of one build beside its wheel."""
    built.wheel.with_name(built.wheel.name + ".intoto.json").write_bytes(sign(source, built, signer))


def verify(path: Path, trusted: Sequence[Verifier], wheel: Path | None = None) -> Claim:
    """What a provenance claims, once a trusted key is shown to have signed it; Refused with the reason otherwise."""
    envelope = open_envelope(read_bounded(path, _MOST), trusted, str(path))
    try:
        told = msgspec.json.decode(envelope.payload, type=_Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{path} is signed, but no provenance: {error}") from None
    if told.type != STATEMENT or told.predicate_type != PREDICATE or len(told.subject) != 1:
        raise Refused(f"{path} is signed, but no provenance of one wheel")
    definition, subject = told.predicate.definition, told.subject[0]
    if definition.build_type != BUILD_TYPE:
        raise Refused(f"{path} is of another kind of build: {definition.build_type}")
    digest = subject.digest.get("sha256", "")
    if wheel is not None and digest_of(wheel) != digest:
        raise Refused(f"{wheel} is not the wheel that {path} is of")
    tree = next((each.digest for each in definition.dependencies if each.name == "source"), {})
    tools = definition.internal.get("tools", {})
    commit = tree.get("gitCommit", "")
    return Claim(digest, tree.get("sha256", ""), commit, tools, envelope.signers[0].key_id)


def agreed(claims: Sequence[Claim]) -> int:
    """How many parties built the same octets from the same source; Refused where two claims differ."""
    first = claims[0]
    for each in claims[1:]:
        if (each.digest, each.source) != (first.digest, first.source):
            what = "wheels" if each.source == first.source else "sources"
            raise Refused(f"the parties {first.key_id[:16]} and {each.key_id[:16]} have different {what}")
    return len({each.key_id for each in claims})


class _Resource(msgspec.Struct, frozen=True):
    name: str = ""
    digest: dict[str, str] = {}


class _Definition(msgspec.Struct, frozen=True):
    build_type: str = msgspec.field(name="buildType")
    internal: dict[str, dict[str, str]] = msgspec.field(name="internalParameters", default_factory=dict)
    dependencies: list[_Resource] = msgspec.field(name="resolvedDependencies", default_factory=list)


class _Predicate(msgspec.Struct, frozen=True):
    definition: _Definition = msgspec.field(name="buildDefinition")


class _Statement(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="_type")
    subject: list[_Resource]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: _Predicate
