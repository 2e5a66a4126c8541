"""Two hosts on one machine: network namespaces joined by a cable, gone when the test is."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack

CORE_ADDRESS, RAN_ADDRESS = "10.99.1.1", "10.99.1.2"


class Hosts:
    """A namespace `core` and a namespace `ran` with one link between them."""

    def __init__(self):
        self._undo = ExitStack()
        self.core, self.ran = (f"fh{os.getpid()}{name}" for name in ("core", "ran"))
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _make(self):
        for name in (self.core, self.ran):
            _ip("netns", "add", name)
            self._undo.callback(_ip, "netns", "del", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("link", "add", "up0", "netns", self.core, "type", "veth", "peer", "name", "up0", "netns", self.ran)
        for name, address in ((self.core, CORE_ADDRESS), (self.ran, RAN_ADDRESS)):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "up0")
            _ip("-n", name, "link", "set", "up0", "up")

    def close(self):
        """Remove both; what still runs inside keeps its own namespace until it ends."""
        self._undo.close()

    @staticmethod
    def within(name, *command):
        """A command as it runs in one of them."""
        return ["ip", "netns", "exec", name, *map(str, command)]

    def run(self, name, *command, seconds=30):
        """Run a command in one of them to its end."""
        return subprocess.run(self.within(name, *command), capture_output=True, text=True, timeout=seconds, check=False)


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
