"""An installation against the wheels it should be of: every file, octet by octet, and what Python would run besides."""

from __future__ import annotations

import base64
import csv
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.origin.locks import python_lock
from freehold.trust.origin.source import digest_of
from freehold.trust.seal import Refused

MOST_MEMBERS: Final = 20_000
MOST_OCTETS: Final = 1 << 30
WRITTEN: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"})
"""Files of a `.dist-info` folder that the installer writes for this machine; Python runs none of them."""
STARTED: Final = ("*.pth", "sitecustomize", "sitecustomize.*", "usercustomize", "usercustomize.*")
"""What Python runs at its start because it lies in this folder."""
_SHOWN: Final = 100
_ENTRY: Final = "from freehold.cli.main import main\n"
_LAUNCHERS: Final = frozenset({
    "# -*- coding: utf-8 -*-\nimport sys\n" + _ENTRY + 'if __name__ == "__main__":\n'
    '    if sys.argv[0].endswith("-script.pyw"):\n        sys.argv[0] = sys.argv[0][:-11]\n'
    '    elif sys.argv[0].endswith(".exe"):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit(main())\n',
    "# -*- coding: utf-8 -*-\nimport re\nimport sys\n" + _ENTRY + "if __name__ == '__main__':\n"
    "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(main())\n",
    "import sys\n" + _ENTRY + "if __name__ == '__main__':\n"
    "    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(main())\n",
})  # fmt: skip
"""What uv and pip, older and newer, make of the entry `freehold`, below the line that names the interpreter."""
_INTERPRETER: Final = re.compile(r"#!/[^\s'\"]*/python[0-9.]*\Z")
_COMPARE_BYTECODE: Final = """
import marshal, sys, importlib.util
for line in sys.stdin.read().split("\\0"):
    cached, source = line.split("\\n")
    try:
        octets = open(cached, "rb").read()
        code = compile(open(source, "rb").read(), source, "exec", dont_inherit=True)
        same = octets[:4] != importlib.util.MAGIC_NUMBER or marshal.loads(octets[16:]) == code
    except Exception:
        same = False
    print(int(same), flush=True)
"""


class Difference(msgspec.Struct, frozen=True):
    """A file that is not what the wheel holds; `offset` is the first octet that differs, -1 where none can be named."""

    path: str
    what: str
    offset: int = -1


def compare(wheel: Path, site: Path) -> Iterator[Difference]:
    """Every difference between a wheel and the folder of packages it is installed in."""
    with open_wheel(wheel) as archive:
        expected: dict[Path, tuple[zipfile.ZipFile, str]] = {}
        for name in members(archive, wheel):
            place = _place(name, site)
            if place is not None and PurePosixPath(name).name not in WRITTEN:
                expected[place] = (archive, name)
                yield from _file(archive, name, place)
        yield from _beside(expected, site)
        for folder in {path.parent for path in expected if path.parent.name.endswith(".dist-info")}:
            yield from _recorded(folder / "RECORD", site, expected)
    yield from bytecode(path for path in expected if path.suffix == ".py")


def open_wheel(path: Path) -> zipfile.ZipFile:
    """A wheel to read; Refused where it is no zip archive."""
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refused(f"{path} is no wheel: {error}") from None


def members(archive: zipfile.ZipFile, wheel: Path) -> list[str]:
    """The names of a wheel's files; Refused where one leaves its folder, comes twice, or all are too much."""
    found = [each for each in archive.infolist() if not each.is_dir()]
    if len(found) > MOST_MEMBERS or sum(each.file_size for each in found) > MOST_OCTETS:
        raise Refused(f"{wheel} holds more than {MOST_MEMBERS} files or {MOST_OCTETS} octets")
    names = [each.filename for each in found]
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or "\0" in name or {"..", ".", ""} & set(parts) or ":" in parts[0]:
            raise Refused(f"{wheel}: the name {name!r} leaves the folder it is unpacked in")
    if len(set(names)) != len(names):
        raise Refused(f"{wheel} holds a file twice")
    return names


def hashes(wheel: Path) -> dict[str, str]:
    """The SHA-256 of each file of a wheel."""
    with open_wheel(wheel) as archive:
        return {name: sha256(_octets(archive, name)).hexdigest() for name in members(archive, wheel)}


def locked_wheels(root: Path, folder: Path, lock: str = "run") -> list[Path]:
    """The wheels of `folder` that a lock of the source names by hash."""
    known = {digest for each in python_lock(root, lock) for digest in each.hashes}
    return [path for path in sorted(folder.glob("*.whl")) if digest_of(path) in known]


def bytecode(sources: Iterable[Path]) -> Iterator[Difference]:
    """Cached bytecode that Python would run in place of these sources, and that does not come from them."""
    pairs = [(cached, source) for source in sources
             for cached in source.parent.glob(f"__pycache__/{source.stem}.*.pyc")]  # fmt: skip
    if not pairs:
        return
    fed = "\0".join(f"{cached}\n{source}" for cached, source in pairs)
    finished = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-I", "-S", "-B", "-W", "ignore", "-c", _COMPARE_BYTECODE],
        input=fed, capture_output=True, text=True, check=False,
    )  # fmt: skip
    verdicts = finished.stdout.split()
    for (cached, _), same in zip(pairs, verdicts + ["0"] * (len(pairs) - len(verdicts)), strict=True):
        if same != "1":
            yield Difference(str(cached), "bytecode that is not of the source beside it")


def strangers(site: Path, known: Iterable[str] = ()) -> Iterator[Difference]:
    """What Python runs at its start because it lies in `site`, and nobody accounts for."""
    for pattern in STARTED:
        for path in sorted(site.glob(pattern)):
            if path.name not in set(known):
                yield Difference(str(path), "run at every start of Python, and of no wheel that was compared")


def launcher(path: Path) -> Iterator[Difference]:
    """The program that the installer made of the entry point, where it is not one that installers make."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield Difference(str(path), f"cannot be read: {error}")
        return
    first, _, body = text.partition("\n")
    if body not in _LAUNCHERS or not _INTERPRETER.match(first):
        yield Difference(str(path), "is not the launcher that uv or pip makes")


def _file(archive: zipfile.ZipFile, name: str, place: Path) -> Iterator[Difference]:
    if place.is_symlink() or not place.is_file():
        yield Difference(str(place), "is missing" if not place.exists() else "is no regular file")
        return
    built, found = _octets(archive, name), place.read_bytes()
    if built != found:
        offset = next((at for at, (left, right) in enumerate(zip(built, found, strict=False)) if left != right), -1)
        offset = min(len(built), len(found)) if offset < 0 else offset
        yield Difference(str(place), f"differs from octet {offset} of {len(built)}, has {len(found)}", offset)


def _recorded(record: Path, site: Path, expected: dict[Path, tuple[zipfile.ZipFile, str]]) -> Iterator[Difference]:
    """What the installer wrote down of the files (PyPA, recording installed projects), and what is not so.

    The wheel's own files are held against the wheel; those that the installer made, against what it wrote.
    """
    try:
        rows = list(csv.reader(record.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield Difference(str(record), f"cannot be read: {error}")
        return
    listed = set[Path]()
    for row in rows:
        told = len(row) == 3 and "\0" not in row[0]
        place = Path(os.path.normpath(site / row[0])) if told else record
        listed.add(place)
        if not told or not _so(row[1], row[2], place, record, expected):
            named = record if place in expected or not place.exists() else place
            yield Difference(str(named), f"is not what the installer wrote down: {','.join(row)[:_SHOWN]}")
    for each in sorted(expected.keys() - listed):
        yield Difference(str(record), f"does not list {each.relative_to(site)}")


def _so(digest: str, size: str, place: Path, record: Path, expected: dict[Path, tuple[zipfile.ZipFile, str]]) -> bool:
    """Whether a file is of the hash and the size that are written down; what Python makes and the list have none."""
    if place == record or (place.suffix == ".pyc" and place.parent.name == "__pycache__"):
        return digest == size == "" and place.is_file()
    try:
        octets = _octets(*expected[place]) if place in expected else place.read_bytes()
    except OSError:
        return False
    made = base64.urlsafe_b64encode(sha256(octets).digest()).rstrip(b"=").decode()
    return digest == f"sha256={made}" and size == str(len(octets))


def _octets(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise Refused(f"{archive.filename}: {name}: {error}") from None


def _place(name: str, site: Path) -> Path | None:
    """Where an installer puts a file of a wheel; None for those outside of the folder of packages."""
    parts = PurePosixPath(name).parts
    if parts[0].endswith(".data"):
        return site.joinpath(*parts[2:]) if len(parts) > 2 and parts[1] in {"purelib", "platlib"} else None
    return site.joinpath(*parts)


def _beside(expected: Iterable[Path], site: Path) -> Iterator[Difference]:
    """Files in the packages of a wheel that the wheel does not hold."""
    known = set(expected)
    tops = {path.relative_to(site).parts[0] for path in known if len(path.relative_to(site).parts) > 1}
    for top in sorted(tops):
        for path in sorted((site / top).rglob("*")):
            # A link to a folder is a package that Python imports: nothing below it is looked at, so it is named itself.
            if (path.is_dir() and not path.is_symlink()) or path in known:
                continue
            if path.parent == site / top and path.name in WRITTEN and "." in top:
                continue
            if path.parent.name == "__pycache__" and path.suffix == ".pyc" and _source_of(path) in known:
                continue
            yield Difference(str(path), "is in no wheel that was compared")


def _source_of(cached: Path) -> Path:
    return cached.parent.parent / f"{cached.name.partition('.')[0]}.py"
