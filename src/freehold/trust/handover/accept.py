"""Acceptance, unattended: level after level on the source in hand, each with its evidence, and a certificate of it.

`inventory` compares the source with the one handed over, `compile` builds its wheel, `compare` holds that against the
wheel handed over. Full function is `test`, `demo` and `assure`, in a fresh copy of the source; `conformance` is a part
of `test` for who has no hour. The certificate names what was not run beside what was.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import msgspec

from freehold.spec.errors import Unusable
from freehold.trust.handover.grant import inside
from freehold.trust.handover.package import Handed
from freehold.trust.origin.build import LEFT_OUT, Built, build_in, copied, make
from freehold.trust.origin.source import Source, digest_of
from freehold.trust.seal import Refused, Signer, Verifier, open_envelope, read_bounded, seal_envelope, sha256_like

CERTIFICATE: Final = "application/vnd.freehold.acceptance+json"
FILE: Final = "acceptance.json"
FULL: Final = ("inventory", "compile", "compare", "test", "demo", "assure")
"""What full acceptance is."""
LEVELS: Final = ("inventory", "compile", "compare", "conformance", "test", "demo", "assure")
"""Every level, in the order that they are run in."""
EVIDENCE: Final = "{evidence}"
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "conformance": ("make", "--no-print-directory", "test-conformance"),
    "test": ("make", "--no-print-directory", "test"),
    "demo": (".venv/bin/freehold", "demo", "--json"),
    "assure": (".venv/bin/freehold", "assure", "run", "--out", f"{EVIDENCE}/run"),
}
"""What the levels of function run in a copy of the source; the folder of their evidence stands for EVIDENCE."""
LONGEST: Final = 4 * 3600.0
"""Seconds that the command of a level takes at most, where nobody says otherwise."""
BEAT: Final = 30.0
"""Seconds between two signs of life of a level that runs."""
LOG: Final = "log.txt"
_MOST: Final = 1 << 24
_END: Final = 1 << 16
_SHOWN: Final = 300
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) .*$|^!{3,} .* !{3,}$", re.MULTILINE)
"""What names a test that failed in the log of a run of tests, or says what ended the run."""
_MAKES: Final = re.compile(r"^make(?:\[\d+\])?: ")
_MOST_FAILED: Final = 3


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level: whether it was met, the command it ran, what that showed, and its evidence: SHA-256 by file."""

    name: str
    met: bool
    command: str
    shown: str
    evidence: dict[str, str]


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was accepted: serial number and SHA-256 of the hand-over, digests of source and wheel, when, on what.

    `levels` are those that were run and `not_run` all others; `full` says whether every level of FULL was met.
    """

    handover: str
    handover_sha256: str
    source: str
    wheel: str
    began: str
    ended: str
    machine: str
    levels: tuple[Level, ...]
    not_run: tuple[str, ...]
    accepted: bool
    full: bool


class Acceptance:
    """Runs levels on a source, writing their evidence into a folder each below `folder`."""

    def __init__(
        self, told: Handed, source: Source, folder: Path, tools: Path | None = None, mirror: Path | None = None,
        attest: Callable[[Built], None] = lambda _: None, commands: Mapping[str, Sequence[str]] = COMMANDS,
        longest: float = LONGEST,
    ) -> None:  # fmt: skip
        self._told = told
        self._source = source
        self._folder = folder
        self._tools = tools
        self._mirror = mirror
        self._attest = attest
        self._commands = commands
        self._longest = longest
        self._wheel = ""
        self._copy: tuple[Path, dict[str, str]] | None = None
        self._prepared: dict[str, str] | None = None

    def run(
        self, levels: Sequence[str], tell: Callable[[str, Level | None], None] = lambda *_: None,
        beat: Callable[[str, float, str], None] = lambda *_: None,
    ) -> Certificate:  # fmt: skip
        """Run these levels in their order; after one that is not met none is tried.

        `tell` hears of each as it begins, with None, and as it ends; `beat`, from another thread, of one that runs:
        for how many seconds, and the last line that it wrote.
        """
        asked = [name for name in LEVELS if name in levels]
        if "compare" in asked and "compile" not in asked:
            raise Unusable("the level compare needs the level compile: what is not built cannot be compared")
        began, done = _now(), list[Level]()
        with ExitStack() as held:
            for name in asked:
                tell(name, None)
                with _beating(name, self._folder / name / LOG, beat):
                    done.append(self._level(name, held))
                tell(name, done[-1])
                if not done[-1].met:
                    break
        met = {level.name for level in done if level.met}
        return Certificate(
            self._told.serial, self._told.sha256, self._source.digest, self._wheel, began, _now(), _machine(),
            tuple(done), tuple(name for name in LEVELS if name not in {level.name for level in done}),
            met == set(asked) and bool(asked), set(FULL) <= met,
        )  # fmt: skip

    def _level(self, name: str, held: ExitStack) -> Level:
        place = self._folder / name
        place.mkdir(parents=True)
        steps = {"inventory": self._inventory, "compile": self._compile, "compare": self._compare}
        command = " ".join(self._commands.get(name, ()))
        try:
            shown = steps[name](place, held) if name in steps else self._function(name, place, held)
            met = True
        except Unusable as error:
            shown, met = str(error), False
        files = sorted(path for path in place.rglob("*") if path.is_file())
        evidence = {path.relative_to(self._folder).as_posix(): digest_of(path) for path in files}
        return Level(name, met, command, shown, evidence)

    def _tree(self, held: ExitStack) -> tuple[Path, dict[str, str]]:
        """The fresh copy that every level builds and runs in, and what it is built with."""
        if self._copy is None:
            self._copy = held.enter_context(copied(self._source, self._tools, self._mirror))
        return self._copy

    def _inventory(self, place: Path, _: ExitStack) -> str:
        """The list that is kept has the source's digest as its own SHA-256."""
        (place / "files.sha256").write_text(self._source.listed, encoding="utf-8")
        if self._source.digest != self._told.source:
            raise Refused(f"the source in hand is {self._source.digest}, handed over was {self._told.source}")
        return f"{len(self._source.files)} files, sha256 {self._source.digest}"

    def _compile(self, place: Path, held: ExitStack) -> str:
        built = build_in(*self._tree(held), place)
        self._wheel = built.digest
        self._attest(built)
        return f"{built.wheel.name}, by {', '.join(f'{name} {version}' for name, version in built.tools.items())}"

    def _compare(self, _: Path, __: ExitStack) -> str:
        if self._wheel != self._told.wheel:
            raise Refused(f"built was {self._wheel}, handed over was {self._told.wheel}")
        return f"equal octet by octet: sha256 {self._wheel}"

    def _function(self, name: str, place: Path, held: ExitStack) -> str:
        """Run a level's command in the copy."""
        tree, environment = self._tree(held)
        if self._prepared is None:
            home = tree.parent / "home"
            home.mkdir()
            folders = {f"XDG_{word}_HOME": str(home / word.lower()) for word in ("CONFIG", "DATA", "STATE")}
            make(tree, environment, "setup")
            # What is not of the wheel, a mirror does not hold: tests fetch their own tools, by hash.
            plain = {key: each for key, each in os.environ.items() if key not in LEFT_OUT}
            self._prepared = {**plain, **folders, "XDG_RUNTIME_DIR": str(home)}
        environment = self._prepared
        command = [part.replace(EVIDENCE, str(place.resolve())) for part in self._commands[name]]
        status = _logged(command, tree, environment, place / LOG, self._longest)
        if status:
            raise Refused(f"it ended with {status}: {_reason(place / LOG)}")
        return _counted(name, place / LOG) or _last_line(place / LOG)


def _logged(command: Sequence[str], tree: Path, environment: Mapping[str, str], log: Path, longest: float) -> int | str:
    """The exit status of a command whose output is kept; what is left of it is ended with it."""
    with log.open("wb") as file:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own words, or named by who accepts
                command, cwd=tree, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return (error.strerror or str(error)).lower()
        try:
            return process.wait(longest)
        except subprocess.TimeoutExpired:
            return f"no end within {longest / 3600:.3g} h"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _beating(name: str, log: Path, beat: Callable[[str, float, str], None]) -> Iterator[None]:
    """While the block runs, `beat` is told at intervals for how long, and the end of its log where there is one."""
    over, began = Event(), time.monotonic()

    def tell() -> None:
        while not over.wait(BEAT):
            beat(name, time.monotonic() - began, _last_line(log) if log.exists() else "")

    thread = Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _end(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _END))
        return file.read().decode(errors="replace")


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in _end(log).splitlines() if line.strip()]
    return lines[-1][:_SHOWN] if lines else "it wrote nothing"


def _reason(log: Path) -> str:
    """Why a command failed, by its log: the tests that failed by name, or the last line that is not make's own."""
    text = _end(log)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _MAKES.match(line)]
    failed = [each.strip()[:_SHOWN] for each in _FAILED.findall(text)]
    more = (f"and {len(failed) - _MOST_FAILED} more",) if len(failed) > _MOST_FAILED else ()
    return "; ".join((*(lines[-1:] or ["it wrote nothing"]), *failed[:_MOST_FAILED], *more))


def _counted(name: str, log: Path) -> str:
    """What a demonstration counted."""
    if name != "demo":
        return ""
    try:
        told = msgspec.json.decode(log.read_bytes(), type=dict[str, Any])
        return f"{told['registered']} of {told['ues']} registered, {told['sessions']} sessions, {told['ping_ok']} pings"
    except (msgspec.DecodeError, KeyError):
        return ""


def _machine() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def sign(certificate: Certificate, signer: Signer) -> bytes:
    """The certificate, signed by who accepts."""
    return seal_envelope(msgspec.to_builtins(certificate), [signer], CERTIFICATE)


def verify(folder: Path, told: Handed, trusted: Sequence[Verifier]) -> Certificate:
    """The certificate in a folder, once a trusted key, the hand-over and every file of evidence hold; else Refused."""
    path = folder / FILE
    envelope = open_envelope(read_bounded(path, _MOST), trusted, str(path), CERTIFICATE)
    try:
        found = msgspec.json.decode(envelope.payload, type=Certificate)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{path} is signed, but no certificate: {error}") from None
    if (found.handover, found.handover_sha256) != (told.serial, told.sha256):
        raise Refused(f"{path} is of another hand-over: {found.handover}")
    _consistent(found, told, path)
    known = {name: digest for level in found.levels for name, digest in level.evidence.items()}
    for name, digest in known.items():
        place = inside(folder, name)
        if not place.is_file() or digest_of(place) != digest:
            raise Refused(f"{place} is not the evidence that was signed")
    held = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_symlink() or not each.is_dir()}
    if more := held - known.keys() - {FILE}:
        raise Refused(f"{folder / min(more)} is no evidence of this certificate")
    return found


def _consistent(found: Certificate, told: Handed, path: Path) -> None:
    """What a certificate says of all levels is what it says of each."""
    names = [level.name for level in found.levels]
    met = {level.name for level in found.levels if level.met}
    rest = tuple(name for name in LEVELS if name not in names)
    if names != [name for name in LEVELS if name in names] or rest != found.not_run or not names:
        raise Refused(f"{path} names levels in a way of its own")
    if found.full != (set(FULL) <= met) or (found.accepted and len(met) != len(names)):
        raise Refused(f"{path} says of all levels what no level says")
    for level, mine, theirs in (
        ("inventory", found.source, told.source), ("compare", found.wheel, told.wheel),
    ):  # fmt: skip
        if level in met and mine != theirs:
            raise Refused(f"{path} says that {level} was met, with {mine} for {theirs}")
    listed = next((level.evidence for level in found.levels if level.name == "inventory"), None)
    if listed is not None and list(listed.values()) != [found.source]:
        raise Refused(f"{path} lists another source than it names")
    if not all(sha256_like(digest) for level in found.levels for digest in level.evidence.values()):
        raise Refused(f"{path} names evidence by something else than SHA-256")
