"""The program `freehold` in a process of its own, and what it uses."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

PROGRAM: Final = "from freehold.cli.main import main; main()"
PROFILED: Final = "import cProfile, sys; from freehold.cli.main import main; cProfile.run('main()', {!r})"
ENDING: Final = 20.0
"""Seconds for a process to end after it was told to."""


def command(*arguments: str, profile: str = "") -> list[str]:
    """The command line of `freehold` with these arguments, by this Python; `profile` is a file to write one to."""
    return [sys.executable, "-c", PROFILED.format(profile) if profile else PROGRAM, *arguments]


@contextlib.contextmanager
def running(
    arguments: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to a file; it is told to end with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            arguments, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:  # it is still taking tens of thousands of sessions down
                process.kill()
                process.wait()


def last_words(log: Path) -> str:
    """The last line a process wrote, for the owner to read."""
    return " ".join(log.read_text(encoding="utf-8").strip().splitlines()[-1:]) or "it says nothing"


def cpu_ms(pid: int) -> float:
    """CPU that a process's threads have used, in milliseconds."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that ended meanwhile
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1_000_000


def rss(pid: int) -> float:
    """Resident memory of a process in MB (10^6 octets)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000
