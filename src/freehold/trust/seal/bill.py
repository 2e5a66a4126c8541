"""CycloneDX 1.7 documents: written as JSON, held to the schema strictly, without a look outside."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from freehold.trust.seal.keys import needs
from freehold.trust.seal.reading import Refused

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

VERSION: Final = "1.7"
SCHEMAS: Final = (
    "bom-1.7.SNAPSHOT.schema.json",
    "spdx.SNAPSHOT.schema.json",
    "jsf-0.82.SNAPSHOT.schema.json",
    "cryptography-defs.SNAPSHOT.schema.json",
)
_TOLD: Final = 8
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")


def head(name: str, version: str, kind: str = "application", **more: Any) -> dict[str, Any]:
    """The beginning of a document about one component."""
    return frame({"component": {"type": kind, "bom-ref": name, "name": name, "version": version, **more}})


def frame(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A document with nothing in it but what it says of itself."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "version": 1,
        "metadata": dict(metadata),
    }


def numbered(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a serial number that its own content gives: the same content, the same number."""
    made = sha256(json.dumps(document, sort_keys=True).encode()).digest()
    return {**document, "serialNumber": f"urn:uuid:{UUID(bytes=made[:16], version=4)}"}


def properties(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Properties under this program's own name."""
    return [{"name": f"freehold:{name}", "value": value} for name, value in values.items() if value]


def licences(stated: str) -> list[dict[str, Any]]:
    """A licence as its author states it: an expression of SPDX where it is one, else by its name."""
    try:
        from cyclonedx.spdx import is_expression, is_supported_id
    except ImportError:
        raise needs("cyclonedx-python-lib") from None
    if is_supported_id(stated):
        return [{"license": {"id": stated}}]
    if is_expression(stated):
        return [{"expression": stated}]
    return [{"license": {"name": stated}}] if stated else []


def validate(document: Mapping[str, Any], name: str) -> None:
    """Hold a document to the schema of CycloneDX 1.7; Refused names what does not, and where."""
    faults = [fault for _, fault in zip(range(_TOLD), faults_of(document), strict=False)]
    if faults:
        raise Refused(f"{name} is no CycloneDX {VERSION}: {'; '.join(faults)}")


def faults_of(document: Mapping[str, Any]) -> Iterator[str]:
    """What of a document the schema does not allow, and references that lead nowhere or to two."""
    if document.get("specVersion") != VERSION:  # the schema allows any word here
        yield f"$.specVersion: it is not {VERSION}"
    wrong = False
    for error in _validator().iter_errors(document):
        wrong = True
        yield f"{error.json_path}: {error.message[:160]}"
    if wrong:  # what is not of the schema cannot be followed
        return
    known = Counter(_references(document))
    yield from (f"the reference {each!r} is of two things" for each in sorted(known) if known[each] > 1)
    for each in document.get("dependencies", ()):
        for reference in [each.get("ref"), *each.get("dependsOn", ())]:
            if reference not in known:
                yield f"the reference {reference!r} leads nowhere"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("bom-ref"), str):
            yield reference
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


@lru_cache(maxsize=1)
def _validator() -> Validator:
    try:
        import jsonschema
        from referencing import Registry, Resource
    except ImportError:
        raise needs("jsonschema") from None
    try:
        folder = resources.files("cyclonedx.schema") / "_res"
        texts = {name: json.loads((folder / name).read_text(encoding="utf-8")) for name in SCHEMAS}
    except (ImportError, OSError):
        raise needs("cyclonedx-python-lib") from None
    top = texts[SCHEMAS[0]]
    resources_of = {name: Resource.from_contents(each) for name, each in texts.items()}
    base = top["$id"].rpartition("/")[0]
    registry: Registry[Any] = Registry().with_resources(
        [
            *((each.id() or "", each) for each in resources_of.values()),
            *((f"{base}/{name}", each) for name, each in resources_of.items()),
        ]
    )
    kind = jsonschema.validators.validator_for(top)
    made: Validator = kind(top, registry=registry, format_checker=_formats(jsonschema.FormatChecker(())))
    return made


def _formats(checker: Any) -> Any:
    """The formats that the schema asks for, where telling them apart matters: a word is no URI."""
    checker.checks("uri")(lambda value: not isinstance(value, str) or bool(_URI.match(value)))
    checker.checks("date", ValueError)(lambda value: not isinstance(value, str) or bool(date.fromisoformat(value)))
    checker.checks("date-time", ValueError)(
        lambda value: not isinstance(value, str) or bool(datetime.fromisoformat(value))
    )
    return checker
