"""Completion by real shells: what a person who presses the tabulator sees."""

import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

FOLDER = Path(sys.executable).parent
SETUP = {
    "bash": 'PS1="ready> "; eval "$(_FREEHOLD_COMPLETE=source_bash freehold)"',
    "zsh": 'PS1="ready> "; autoload -U compinit; compinit -u -D; eval "$(_FREEHOLD_COMPLETE=source_zsh freehold)"',
}
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x08")
OPTIONS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}


class Shell:
    """An interactive shell in a terminal of its own."""

    def __init__(self, name, home):
        self.seen = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            environment = {
                "PATH": f"{FOLDER}:{os.environ['PATH']}",
                "HOME": str(home),
                "TERM": "xterm",
                "XDG_CONFIG_HOME": str(home),
                "XDG_DATA_HOME": str(home),
                "XDG_RUNTIME_DIR": str(home),
            }
            os.chdir(home)
            os.execve(shutil.which(name), [name, *OPTIONS[name]], environment)

    def type(self, text):
        os.write(self._terminal, text.encode())

    def until(self, wanted):
        """Read until the screen shows what fits this expression, however it is coloured."""
        end = time.monotonic() + 60
        while not re.search(wanted, COLOURS.sub("", self.seen)):
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"{wanted!r} is not in {self.seen!r}")
            self.seen += os.read(self._terminal, 65536).decode(errors="replace")

    def forget(self):
        self.seen = ""

    def close(self):
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._terminal)


@pytest.fixture(params=["bash", "zsh"])
def shell(request, tmp_path):
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} on this machine")
    if not (FOLDER / "freehold").exists():
        pytest.skip("freehold is not installed beside this Python")
    made = Shell(request.param, tmp_path)
    made.type(f"{SETUP[request.param]}; echo se''t\n")
    made.until("set\r\n")
    made.forget()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("freehold alar", "freehold alarms"),
        ("freehold subscriber exp", "freehold subscriber export"),
        ("freehold ue --wat", "freehold ue --watch"),
    ],
)
def test_when_somebody_presses_the_tabulator_then_the_word_is_completed(shell, typed, completed):
    shell.type(f"{typed}\t#")  # what is typed next stands after the completed word
    shell.until(f"{completed} *#")
