"""A child process, its lines as they come, and its end by its own process id."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

PATIENCE = 90
"""Seconds that what must happen may take: a machine that does something else meanwhile is no failure of ours."""


class Program:
    """A running program whose output is kept; `with` ends it."""

    def __init__(self, command, *, environment=None):
        words = [str(word) for word in command]
        self.name = Path(words[4] if words[:3] == ["ip", "netns", "exec"] else words[0]).name
        self._lines = []
        self._news = threading.Condition()
        self._open = True
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with self._process.stdout as stream:
            for line in stream:
                with self._news:
                    self._lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._open = False
            self._news.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    @property
    def pid(self):
        """The process id: of the program itself, `ip netns exec` having become it."""
        return self._process.pid

    @property
    def output(self):
        """All lines so far."""
        with self._news:
            return "\n".join(self._lines)

    def cpu_seconds(self):
        """User and system time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def found(self, pattern):
        """Every match of a pattern, one a line, in order."""
        with self._news:
            matches = map(re.compile(pattern).search, self._lines)
            return [match for match in matches if match]

    def wait_for(self, pattern, *, count=1, seconds=PATIENCE):
        """The matches of a pattern once there are `count`; an AssertionError with the output where they do not come."""
        end = time.monotonic() + seconds
        with self._news:
            while True:
                matches = [match for match in map(re.compile(pattern).search, self._lines) if match]
                if len(matches) >= count:
                    return matches
                left = end - time.monotonic()
                if left <= 0 or not self._open:
                    tail = "\n".join(self._lines[-60:])
                    raise AssertionError(
                        f"{self.name}: {len(matches)} of {count} {pattern!r} within {seconds} s, "
                        f"{'still running' if self._open else 'it has ended'}:\n{tail}"
                    )
                self._news.wait(left)

    def exited(self, seconds=PATIENCE):
        """The exit status once it ended by itself."""
        status = self._process.wait(seconds)
        self._reader.join(seconds)
        return status

    def kill(self):
        """End it as a crash would."""
        self._process.kill()
        self.exited()

    def interrupt(self):
        """End it as Ctrl-C does; its exit status."""
        self._process.send_signal(signal.SIGINT)
        return self.exited()

    def end(self):
        """End it in order, or else by force."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self.exited(15)
        except subprocess.TimeoutExpired:
            self.kill()
