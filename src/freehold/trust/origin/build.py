"""Building the wheel from the source in hand: in a copy that holds nothing else, online or from a mirror alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.origin.mirror import environment_of
from freehold.trust.origin.source import Source, digest_of

LEFT_OUT: Final = frozenset({
    "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "OUT", "ARGS", "PYTHONPATH", "PYTHONHOME", "RUSTFLAGS", "VIRTUAL_ENV",
    "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "CC", "CFLAGS", "LDFLAGS",
})  # fmt: skip
"""Variables of the environment that would change what is built, or where."""
LONGEST: Final = 2 * 3600.0
"""Seconds that a build takes at most."""
_LAST_LINES: Final = 12


class Built(msgspec.Struct, frozen=True):
    """A wheel, its SHA-256, when its build began and ended, and the versions of what built it."""

    wheel: Path
    digest: str
    began: str
    ended: str
    tools: dict[str, str]


def build(source: Source, out: Path, tools: Path | None = None, mirror: Path | None = None) -> Built:
    """Build the wheel of `source` into the folder `out`; Unusable with the end of the log where that fails.

    `tools` is the `.build` folder of a tree that is set up, from which nothing is taken but pinned tools.
    """
    with copied(source, tools, mirror) as (tree, environment):
        return build_in(tree, environment, out)


def build_in(tree: Path, environment: Mapping[str, str], out: Path) -> Built:
    """Build the wheel of a copy into the folder `out`."""
    began = _now()
    make(tree, environment, "wheel", f"OUT={tree / 'dist'}")
    wheels = list((tree / "dist").glob("*.whl"))
    if len(wheels) != 1:
        raise Unusable(f"the build made {len(wheels)} wheels")
    out.mkdir(parents=True, exist_ok=True)
    wheel = Path(shutil.copyfile(wheels[0], out / wheels[0].name))
    return Built(wheel, digest_of(wheel), began, _now(), versions_of(tree, environment))


@contextmanager
def copied(source: Source, tools: Path | None, mirror: Path | None) -> Iterator[tuple[Path, dict[str, str]]]:
    """A copy of the source to build in, and the environment to build with; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="freehold-origin-") as work:
        tree = Path(work) / "source"
        tree.mkdir()
        source.copy(tree)
        if tools is not None:
            _borrow(tree, tools)
        environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        if mirror is not None:
            environment |= environment_of(mirror, source.root, Path(work))
        yield tree, environment


def make(tree: Path, environment: Mapping[str, str], *arguments: str) -> None:
    """Run make in the copy."""
    _run(["make", "--no-print-directory", *arguments], tree, environment)


def versions_of(tree: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What the compilers and the tools outside of the locks say that they are."""
    asked = {
        "rustc": ["rustc", "--version"],
        "cargo": ["cargo", "--version"],
        "python": [str(tree / ".build" / "env" / "bin" / "python"), "--version"],
        "cc": ["cc", "-dumpfullversion"],
        "node": ["node", "--version"],
    }
    found = {}
    for name, command in asked.items():
        finished = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if finished.returncode == 0:
            found[name] = re.sub(rf"^{name}\s+", "", finished.stdout.strip(), flags=re.IGNORECASE)
    return found


def _borrow(tree: Path, tools: Path) -> None:
    """Take the pinned tools of another tree that were installed by the very same locks."""
    if not (tools / "env.stamp").exists():
        raise Unusable(f"{tools} holds no tools to build with: run make setup there, or leave --tools away")
    for lock in ("bootstrap.txt", "build.txt"):
        theirs = tools.parent / "locks" / lock
        if not theirs.is_file() or theirs.read_bytes() != (tree / "locks" / lock).read_bytes():
            raise Unusable(f"the tools of {tools} were installed by another locks/{lock}: leave --tools away")
    made = tree / ".build"
    made.mkdir()
    for name in ("bootstrap", "env"):
        (made / name).symlink_to(tools.resolve() / name)
    for name in ("bootstrap.stamp", "env.stamp"):
        (made / name).touch()


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        finished = subprocess.run(  # noqa: S603 - our own words
            command, cwd=folder, env=environment, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST,
        )  # fmt: skip
    except OSError as error:
        raise Unusable(f"{command[0]}: {(error.strerror or str(error)).lower()}") from None
    except subprocess.TimeoutExpired:
        raise Unusable(f"{' '.join(command[:3])} did not end within {LONGEST / 3600:.3g} h") from None
    if finished.returncode:
        last = "\n".join(finished.stdout.splitlines()[-_LAST_LINES:])
        raise Unusable(f"{' '.join(command[:3])} ended with {finished.returncode}:\n{last}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
