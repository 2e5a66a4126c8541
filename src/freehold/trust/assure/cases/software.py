"""TS 33.117: what is installed: nothing unused, nothing abandoned, nothing known to be vulnerable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.verdict import Blocked, need, require
from freehold.trust.origin.advisories import read_decisions, search
from freehold.trust.origin.locks import Locked
from freehold.trust.origin.parts import Part
from freehold.trust.seal import read_json

PYTHONS: Final = {(3, 11): date(2027, 10, 31), (3, 12): date(2028, 10, 31), (3, 13): date(2029, 10, 31),
                  (3, 14): date(2030, 10, 31)}  # fmt: skip
"""Until when the interpreter's authors mend what endangers its users (PEP 664, 693, 719, 745)."""
ABANDONED: Final = "7 - Inactive"
"""The word of a package's author that nobody works on it any more."""
SUFFIXES: Final = frozenset({".py", ".pyi", ".so", ".typed", ".json", ".per", ".o", ".html", ".js", ".css", ".svg"})
"""What the product's files are: code, tables, programs for the kernel, and the console's pages."""
UNDECIDED: Final = frozenset({"", "exploitable", "in_triage"})
_PURL: Final = re.compile(r"pkg:(pypi|cargo|npm)/([^?#]+)@([^@?#/]+)")


@case("TS 33.117", "4.3.2.3", "inside")
async def no_unused_software(lab: Lab) -> str:
    """Everything that is installed for the product is used by it."""
    components = lab.inside.components()
    declared = [each for each in components if each.declared]
    need(declared, "the product names no package that it needs")
    used = lab.inside.imported()
    unused = [each.name for each in declared if each.modules and not used & set(each.modules)]
    require(not unused, f"installed for the product, and used by no file of it: {', '.join(unused)}")
    files = [name for name, _ in lab.inside.files()]
    strange = [name for name in files if PurePosixPath(name).suffix not in SUFFIXES]
    require(not strange, f"files of the product that are no part of it: {', '.join(strange[:3])}")
    return f"{len(declared)} packages that the product asks for, each imported by it; {len(files)} files of its own"


@case("TS 33.117", "4.3.2.4", "inside")
async def no_unused_functions(lab: Lab) -> str:
    """Functions that a network can do without are off until its owner turns them on."""
    optional = lab.inside.optional()
    need(optional, "the product names no function that can be done without")
    on = [name for name, active in optional.items() if active]
    require(not on, f"on without a setting: {', '.join(on)}")
    return f"{len(optional)} functions are off until they are set: {', '.join(optional)}"


@case("TS 33.117", "4.3.2.5", "inside")
async def no_unsupported_components(lab: Lab) -> str:
    """No part of the product is one that nobody cares for any more."""
    components = lab.inside.components()
    need(components, "the product names no part")
    lab.note(", ".join(f"{each.name} {each.version}" for each in components))
    today = datetime.now(UTC).date()
    for each in components:
        require(ABANDONED not in each.status, f"{each.name} {each.version}: its author works on it no more")
        if each.name == "python":
            until = PYTHONS.get(_release(each.version))
            if until is None:
                raise Blocked(f"nothing is known of how long Python {each.version} is cared for")
            require(today <= until, f"Python {each.version} has had no security support since {until}")
    return f"{len(components)} parts, the interpreter among them: none is said to be abandoned"


def _release(version: str) -> tuple[int, int]:
    major, minor, *_ = (*(int(part) for part in re.findall(r"\d+", version)[:2]), 0, 0)
    return major, minor


@case("TS 33.117", "4.4.3")
async def vulnerability_scan(lab: Lab) -> str:
    """No part has a vulnerability that is known and that nobody decided about."""
    given = lab.screening
    if given.advisories is None:
        raise Blocked("nobody named a database of advisories to look into (--advisories)")
    if given.bill is not None:
        parts = parts_of_bill(read_json(given.bill))
    else:
        need("inside" in lab.surfaces, "nobody named the bill of materials of this network (--sbom)")
        parts = [_part("pypi", each.name, each.version) for each in lab.inside.components() if each.name != "python"]
    need(parts, "the bill of materials names no package")
    found = search(parts, given.advisories)
    decided = read_decisions(given.decisions) if given.decisions else {}
    open_ = []
    for known in found.known:
        made = next((decided[name] for name in (known.identifier, *known.aliases) if name in decided), None)
        if made is None or made.state in UNDECIDED:
            open_.append(f"{known.identifier} of {', '.join(known.purls)}")
    require(not open_, f"known, and not decided: {'; '.join(open_[:5])}")
    dark = sorted({each.locked.ecosystem for each in parts if not found.records.get(each.locked.ecosystem)})
    need(not dark, f"the database has nothing of {', '.join(dark)}")
    return f"{len(parts)} packages against {found.coverage()}; {len(found.known)} known vulnerabilities, all decided"


def parts_of_bill(document: Any) -> list[Part]:
    """The packages of a CycloneDX document whose ecosystem advisories are told by, whoever made it."""
    found = (_PURL.match(purl) for purl in _purls(document))
    return [_part(*map(unquote, named)) for named in dict.fromkeys(each.groups() for each in found if each)]


def _purls(document: Any) -> Iterable[str]:
    components = document.get("components") if isinstance(document, dict) else None
    for each in components if isinstance(components, list) else ():
        purl = each.get("purl") if isinstance(each, dict) else None
        if isinstance(purl, str):
            yield purl


def _part(ecosystem: str, name: str, version: str) -> Part:
    return Part(Locked(ecosystem, name, version, ()), "installed")
