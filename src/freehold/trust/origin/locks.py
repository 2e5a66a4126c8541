"""What the locks of a source name: packages with their versions and the hashes of their files."""

from __future__ import annotations

import base64
import binascii
import json
import re
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from freehold.spec.errors import Unusable

_PACKAGE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)([^\\\n]*)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
PYTHON_LOCKS: Final = ("bootstrap", "build", "run", "trust", "web")
"""The locks of what a wheel is built with and runs with."""


class Locked(msgspec.Struct, frozen=True):
    """A package of a lock; a Python package has a hash for each of its files, others have one alone.

    `algorithm` is of hashlib; `marker` is the condition under which the lock wants it.
    """

    ecosystem: str
    name: str
    version: str
    hashes: tuple[str, ...]
    algorithm: str = "sha256"
    marker: str = ""


def python_lock(root: Path, name: str) -> list[Locked]:
    """The packages of `locks/NAME.txt`."""
    packages: list[Locked] = []
    for block in re.split(r"\n(?=\S)", _text(root / "locks" / f"{name}.txt")):
        if found := _PACKAGE.match(block):
            hashes = tuple(_HASH.findall(block))
            packages.append(Locked("pypi", found[1].lower(), found[2], hashes, marker=found[3].strip(" ;")))
    return packages


def cargo_lock(root: Path) -> list[Locked]:
    """The crates of `native/Cargo.lock` that are not this source's own."""
    packages = tomllib.loads(_text(root / "native" / "Cargo.lock"))["package"]
    return [
        Locked("cargo", each["name"], each["version"], (each["checksum"],)) for each in packages if "checksum" in each
    ]


def npm_lock(root: Path) -> list[Locked]:
    """The packages of `web/package-lock.json`, those of other systems too."""
    packages = json.loads(_text(root / "web" / "package-lock.json"))["packages"]
    found = []
    for place, each in packages.items():
        if place and "integrity" in each:
            name = each.get("name") or place.rpartition("node_modules/")[2]
            found.append(_npm(name, each["version"], each["integrity"]))
    return found


def _npm(name: str, version: str, integrity: str) -> Locked:
    algorithm, _, digest = integrity.partition("-")
    try:
        return Locked("npm", name, version, (base64.b64decode(digest, validate=True).hex(),), algorithm)
    except binascii.Error:
        raise Unusable(f"web/package-lock.json: the integrity of {name} is no Base64") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: {error}") from None
