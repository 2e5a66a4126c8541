"""Another program that answers one line for each it is given, asked over a pipe."""

from __future__ import annotations

import select
import subprocess
from pathlib import Path

SECONDS = 60  # that an answer may take: a witness that says nothing fails its test instead of holding it


class Pipe:
    """A running program; every answer is waited for at most `SECONDS`."""

    def __init__(self, *command: str | Path) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line: str) -> str:
        """The line that answers `line`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        assert ready, f"no answer in {SECONDS} s to {line[:400]}"
        return self.process.stdout.readline()

    def close(self) -> None:
        """End it."""
        try:
            self.process.communicate(timeout=SECONDS)
        finally:
            self.process.kill()
