"""Acceptance, unattended: inventory, compile, compare octet by octet, full function; a certificate of each level."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.origin.build import Built, build, copied
from freehold.trust.origin.source import Source
from freehold.trust.seal import Refused, Signer, seal_envelope

LEVELS: Final = ("inventory", "compile", "compare", "function")
CERTIFICATE: Final = "application/vnd.freehold.acceptance+json"
FUNCTIONS: Final = (("make", "test"), (".venv/bin/freehold", "demo"))
"""What the level `function` runs, one after the other, in a copy of the source."""


class Level(msgspec.Struct, frozen=True):
    """One level: whether it was met, and what shows it."""

    name: str
    met: bool
    shown: str


class Certificate(msgspec.Struct, frozen=True):
    """What was accepted: the hand-over's serial number, digests of source and wheel, when, and every level."""

    handover: str
    source: str
    wheel: str
    time: str
    levels: tuple[Level, ...]

    @property
    def accepted(self) -> bool:
        """Whether every level that was asked for was met."""
        return all(level.met for level in self.levels)


def accept(
    document: Mapping[str, Any], source: Source, upto: str, work: Path,
    tools: Path | None = None, mirror: Path | None = None, functions: Sequence[Sequence[str]] = FUNCTIONS,
    tell: Callable[[Level], None] = lambda _: None, keep: Callable[[Built], None] = lambda _: None,
) -> Certificate:  # fmt: skip
    """Go through the levels up to `upto`; after one that is not met none is tried. `keep` hears of what was built."""
    told = {each["name"]: each["value"] for each in document["metadata"]["component"].get("properties", ())}
    wheel = ""
    levels: list[Level] = []

    def inventory() -> str:
        if source.digest != told.get("freehold:source:sha256"):
            raise Refused(
                f"the source in hand is {source.digest}, handed over was {told.get('freehold:source:sha256')}"
            )
        return f"{len(source.files)} files, sha256 {source.digest}"

    def compiled() -> str:
        nonlocal wheel
        built = build(source, work, tools, mirror)
        wheel = built.digest
        keep(built)
        return f"{built.wheel.name}, by {', '.join(f'{name} {version}' for name, version in built.tools.items())}"

    def compared() -> str:
        if wheel != told.get("freehold:wheel:sha256"):
            raise Refused(f"built was {wheel}, handed over was {told.get('freehold:wheel:sha256')}")
        return f"equal: sha256 {wheel}"

    steps: tuple[Callable[[], str], ...] = (
        inventory, compiled, compared, lambda: _function(source, functions, mirror),
    )  # fmt: skip
    for name, step in zip(LEVELS[: LEVELS.index(upto) + 1], steps, strict=False):
        try:
            level = Level(name, True, step())
        except Unusable as error:
            level = Level(name, False, str(error))
        levels.append(level)
        tell(level)
        if not level.met:
            break
    when = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Certificate(str(document.get("serialNumber", "")), source.digest, wheel, when, tuple(levels))


def _function(source: Source, functions: Sequence[Sequence[str]], mirror: Path | None) -> str:
    shown = []
    with copied(source, None, mirror) as (tree, environment):
        home = tree.parent / "home"
        home.mkdir()
        folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA")}
        for command in functions:
            finished = subprocess.run(  # noqa: S603 - named by who accepts
                list(command), cwd=tree, env={**environment, **folders, "XDG_RUNTIME_DIR": str(home)}, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            line = " ".join(map(os.fspath, command))
            if finished.returncode:
                last = finished.stdout.decode(errors="replace").strip().splitlines()[-3:]
                raise Refused(f"{line} ended with {finished.returncode}: {' / '.join(last)}")
            shown.append(f"{line}: exit 0, log sha256 {sha256(finished.stdout).hexdigest()}")
    return "; ".join(shown)


def sign(certificate: Certificate, signer: Signer) -> bytes:
    """The certificate, signed by who accepts."""
    return seal_envelope(msgspec.to_builtins(certificate), [signer], CERTIFICATE)
