"""The parts of a wheel that others wrote: what runs beside it, what is linked in, what is bundled, what built it."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.origin.locks import Locked, cargo_lock, npm_lock, python_lock

UNKNOWN: Final = "unknown"
BUILD_PACKAGES: Final = frozenset({"maturin", "pycrate", "ziglang"})
"""What builds the wheel, makes the tables of ASN.1 protocols, and compiles the programs for the kernel."""
WEB_TOOLS: Final = frozenset({"vite"})


class Part(msgspec.Struct, frozen=True):
    """One part: its lock's row, its role, its licence as its author states it, and who supplies it, where known."""

    locked: Locked
    role: str
    licence: str = ""
    suppliers: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:{self.locked.ecosystem}/{self.locked.name.replace('@', '%40')}@{self.locked.version}"


def parts_of(root: Path) -> list[Part]:
    """Every part of what `root` builds: Python packages run beside, crates linked in, npm packages bundled, tools."""
    run = python_lock(root, "run")
    tools = [each for each in python_lock(root, "build") if each.name in BUILD_PACKAGES]
    return [
        *(_python(each, "run beside") for each in run if not _elsewhere(each)),
        *(_python(each, "build tool") for each in tools),
        *_crates(root),
        *_bundled(root),
    ]


def _elsewhere(package: Locked) -> bool:
    """Whether a package is for another system than the one this program runs on."""
    return "sys_platform == 'win32'" in package.marker


def _python(package: Locked, role: str) -> Part:
    try:
        told = cast("Message", importlib.metadata.metadata(package.name))
    except importlib.metadata.PackageNotFoundError:
        return Part(package, role)
    licence = (
        told.get("License-Expression") or _classified(told.get_all("Classifier") or ()) or _short(told.get("License"))
    )
    people = [
        name for key in ("Author", "Author-email", "Maintainer", "Maintainer-email") for name in _names(told.get(key))
    ]
    return Part(package, role, licence, tuple(dict.fromkeys(people)))


def _classified(classifiers: Iterable[str]) -> str:
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: OSI Approved ::")]
    return _CLASSIFIED.get(named[0], named[0]) if named else ""


_CLASSIFIED: Final = {"MIT License": "MIT", "Apache Software License": "Apache-2.0", "ISC License (ISCL)": "ISC"}


def _short(licence: str | None) -> str:
    """A licence's name; a whole text is none."""
    return licence.strip() if licence and "\n" not in licence.strip() else ""


def _names(field: str | None) -> Iterator[str]:
    for each in re.split(r",\s*", field or ""):
        name, address = parseaddr(each)
        if told := (name or address).strip(' "'):
            yield told


def _crates(root: Path) -> Iterator[Part]:
    """The crates that are linked into the native library, and those that only run while it is compiled."""
    told = _cargo(root)
    packages = {each["id"]: each for each in told["packages"]}
    nodes = {each["id"]: each for each in told["resolve"]["nodes"]}
    top = next(each["id"] for each in told["packages"] if each["name"] == "freehold-python")
    linked = _linked(top, nodes, packages)
    locked = {(each.name, each.version): each for each in cargo_lock(root)}
    for identity in sorted(_reached(top, nodes)):
        package = packages[identity]
        if row := locked.get((package["name"], package["version"])):
            role = "linked in" if identity in linked else "build tool"
            people = tuple(name for each in package["authors"] for name in _names(each))
            yield Part(row, role, (package["license"] or "").replace("/", " OR "), people)


def _cargo(root: Path) -> dict[str, Any]:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", _host(),
               "--manifest-path", str(root / "native" / "Cargo.toml")]  # fmt: skip
    return json.loads(_said(command, root))  # type: ignore[no-any-return]


def _host() -> str:
    found = re.search(r"^host: (\S+)$", _said(["rustc", "-vV"], Path()), re.MULTILINE)
    return found[1] if found else ""


def _said(command: list[str], folder: Path) -> str:
    try:
        finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise Unusable(f"{command[0]}: {(error.strerror or str(error)).lower()}") from None
    if finished.returncode:
        raise Unusable(f"{command[0]} ended with {finished.returncode}: {finished.stderr.strip()[-400:]}")
    return finished.stdout


def _reached(top: str, nodes: Mapping[str, Any], kinds: tuple[str | None, ...] = (None, "build")) -> set[str]:
    found, ahead = {top}, [top]
    while ahead:
        for each in nodes[ahead.pop()]["deps"]:
            if each["pkg"] not in found and any(kind["kind"] in kinds for kind in each["dep_kinds"]):
                found.add(each["pkg"])
                ahead.append(each["pkg"])
    return found


def _linked(top: str, nodes: Mapping[str, Any], packages: Mapping[str, Any]) -> set[str]:
    """Crates whose code is in the library: reached without a build script or a procedural macro in between."""
    compiled = {
        identity: {**node, "deps": [] if _macro(packages[identity]) else node["deps"]}
        for identity, node in nodes.items()
    }
    return {each for each in _reached(top, compiled, (None,)) if not _macro(packages[each])}


def _macro(package: Mapping[str, Any]) -> bool:
    return any("proc-macro" in target["kind"] for target in package["targets"])


def _bundled(root: Path) -> Iterator[Part]:
    """The npm packages of the console's pages, and what bundles them."""
    lock = json.loads((root / "web" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    rows = {(each.name, each.version): each for each in npm_lock(root)}
    wanted = set(lock[""]["dependencies"])
    ahead = sorted(wanted - WEB_TOOLS)
    bundled: list[str] = []
    while ahead:
        name = ahead.pop()
        if name not in bundled:
            bundled.append(name)
            ahead += lock[f"node_modules/{name}"].get("dependencies", {})
    for name in sorted([*bundled, *(wanted & WEB_TOOLS)]):
        told = lock[f"node_modules/{name}"]
        role = "build tool" if name in WEB_TOOLS else "bundled"
        yield Part(rows[name, told["version"]], role, told.get("license", ""), _npm_people(root, name))


def _npm_people(root: Path, name: str) -> tuple[str, ...]:
    try:
        told = json.loads((root / "web" / "node_modules" / name / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    author = told.get("author", "")
    return tuple(_names(author.get("name") if isinstance(author, dict) else re.sub(r"\s*\([^)]*\)", "", author)))
