"""The source in hand: its files with their hashes, and a copy of it that holds nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from freehold.spec.errors import Unusable

MADE: Final = frozenset({
    ".build", ".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".ruff_cache", ".venv", "__pycache__",
    "_console", "_gen", "dist", "node_modules", "target",
})  # fmt: skip
"""Folders that building makes; in a tree without git they are no source."""


class Source(msgspec.Struct, frozen=True):
    """A source tree: the SHA-256 of each file by its path, and the commit they are of where git knows one.

    `changed` says that files differ from that commit.
    """

    root: Path
    files: dict[str, str]
    commit: str = ""
    changed: bool = False

    @property
    def listed(self) -> str:
        """A line `hash  path` a file, in the order of their paths: what `sha256sum -c` reads."""
        return "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))

    @property
    def digest(self) -> str:
        """One SHA-256 over all of it: that of its list."""
        return sha256(self.listed.encode()).hexdigest()

    def copy(self, target: Path) -> None:
        """Copy its files, executable where they are, into an empty folder."""
        for name in self.files:
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / name, place)
            place.chmod(0o755 if os.access(self.root / name, os.X_OK) else 0o644)


def read_source(root: Path) -> Source:
    """The source at `root`; Unusable where there is none."""
    root = root.resolve()
    if not (root / "pyproject.toml").is_file() or not (root / "native" / "Cargo.lock").is_file():
        raise Unusable(f"{root} holds no source of this program: name it with --source")
    commit = _git(root, "rev-parse", "HEAD").strip()
    names = _git(root, "ls-files", "-z").split("\0")[:-1] if commit else _walk(root)
    files = {name: digest_of(root / name) for name in sorted(names) if (root / name).is_file()}
    return Source(root, files, commit, bool(commit and _git(root, "status", "--porcelain", "-uno")))


def digest_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        made = sha256()
        while part := file.read(1 << 20):
            made.update(part)
    return made.hexdigest()


def _git(root: Path, *arguments: str) -> str:
    """What git says of this very tree; nothing where it is no work tree of its own."""
    if not (root / ".git").exists() or not (git := shutil.which("git")):
        return ""
    finished = subprocess.run(  # noqa: S603 - our own words
        [git, "-C", str(root), "-c", "safe.directory=*", *arguments], capture_output=True, text=True, check=False
    )
    return finished.stdout if finished.returncode == 0 else ""


def _walk(root: Path) -> list[str]:
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each not in MADE]
        names += [str((Path(folder) / each).relative_to(root)) for each in files if not each.endswith(".so")]
    return names
