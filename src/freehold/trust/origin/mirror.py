"""A set of everything that a build takes from outside, each file known to a lock by its hash."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.origin.locks import PYTHON_LOCKS, cargo_lock, npm_lock, python_lock
from freehold.trust.origin.source import Source, digest_of
from freehold.trust.seal import Refused

PARTS: Final = ("python", "crates", "npm")
_CONTENT: Final = ("_cacache", "content-v2")


class Mirrored(msgspec.Struct, frozen=True):
    """How many files of each kind a mirror holds, and all their octets."""

    python: int
    crates: int
    npm: int
    octets: int


def mirror(source: Source, target: Path, python: str = "") -> Mirrored:
    """Fetch into the empty or new folder `target` what building `source` on a machine like this one takes."""
    if target.exists() and any(target.iterdir()):
        raise Unusable(f"{target} is not empty: name a new folder")
    for part in PARTS:
        (target / part).mkdir(parents=True)
    for name in PYTHON_LOCKS:
        lock = source.root / "locks" / f"{name}.txt"
        if lock.exists():
            # fmt: off
            _run([
                python or sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                "--no-deps", "--require-hashes", "--dest", str(target / "python"), "--requirement", str(lock),
            ], source.root)
            # fmt: on
    _crates(source, target / "crates")
    _npm(source, target / "npm")
    return check_mirror(target, source.root)


def _crates(source: Source, target: Path) -> None:
    _run(["cargo", "fetch", "--quiet", "--locked", "--manifest-path", "native/Cargo.toml"], source.root)
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    for each in cargo_lock(source.root):
        name = f"{each.name}-{each.version}.crate"
        kept = next((home / "registry" / "cache").glob(f"*/{name}"), None)
        if kept is None:
            raise Unusable(f"cargo fetch did not keep {name}")
        shutil.copyfile(kept, target / name)


def _npm(source: Source, target: Path) -> None:
    web = target / "web"
    web.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(source.root / "web" / name, web / name)
    _run(
        ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", f"--cache={target}"], web
    )
    for name in ("web", "_logs", "_update-notifier-last-checked", "_cacache/tmp"):
        place = target / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def check_mirror(folder: Path, root: Path) -> Mirrored:
    """Compare every file of a mirror with the locks; Refused names the first that is not of them."""
    known = {digest for name in PYTHON_LOCKS if (root / "locks" / f"{name}.txt").exists()
             for each in python_lock(root, name) for digest in each.hashes}  # fmt: skip
    wheels = _files(folder / "python")
    for path in wheels:
        if digest_of(path) not in known:
            raise Refused(f"{path} is of no lock")
    crates = {f"{each.name}-{each.version}.crate": each.hashes[0] for each in cargo_lock(root)}
    for name, digest in crates.items():
        path = folder / "crates" / name
        if path.is_symlink() or not path.is_file() or digest_of(path) != digest:
            raise Refused(f"{path} is missing, or is not what native/Cargo.lock names")
    parcels = {each.hashes[0] for each in npm_lock(root)}
    content = folder.joinpath("npm", *_CONTENT)
    held = [
        path for path in _files(content / "sha512") if "".join(path.relative_to(content / "sha512").parts) in parcels
    ]
    octets = sum(path.stat().st_size for path in [*wheels, *held, *(folder / "crates" / name for name in crates)])
    return Mirrored(len(wheels), len(crates), len(held), octets)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def environment_of(mirror: Path, root: Path, work: Path) -> dict[str, str]:
    """The environment of a build that takes everything from `mirror`, once that is shown to be of the locks.

    What npm keeps is checked by npm itself against its lock. `work` is a folder that goes away with the build.
    """
    check_mirror(mirror, root)
    mirror = mirror.resolve()
    crates, cargo, npm = work / "crates", work / "cargo", work / "npm"
    for each in cargo_lock(root):
        _unpack(mirror / "crates" / f"{each.name}-{each.version}.crate", crates, each.hashes[0])
    cargo.mkdir()
    (cargo / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\ndirectory = {json.dumps(str(crates))}\n'
        "[net]\noffline = true\n",
        encoding="utf-8",
    )
    shutil.copytree(mirror / "npm", npm)
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(mirror / "python"),
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(mirror / "python"),
        "UV_CACHE_DIR": str(work / "uv"),
        "CARGO_HOME": str(cargo),
        "CARGO_NET_OFFLINE": "true",
        "FREEHOLD_CRATES": str(crates),
        "npm_config_offline": "true",
        "npm_config_cache": str(npm),
    }


def _unpack(archive: Path, target: Path, digest: str) -> None:
    """A crate's files where Cargo reads them; what leaves its own folder is refused."""
    target.mkdir(exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as crate:
            crate.extractall(target, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Refused(f"{archive}: {error}") from None
    place = target / archive.name.removesuffix(".crate")
    if not place.is_dir():
        raise Refused(f"{archive} has no folder {place.name}")
    (place / ".cargo-checksum.json").write_text(json.dumps({"files": {}, "package": digest}), encoding="utf-8")


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    except OSError as error:
        raise Unusable(f"{command[0]}: {(error.strerror or str(error)).lower()}") from None
    if finished.returncode:
        raise Unusable(f"{' '.join(command[:3])} ended with {finished.returncode}: {finished.stderr.strip()[-600:]}")
