"""pfcpsim: an SMF's end of N4 that an operator's command drives, with sessions as SD-Core's SMF has them.

It reads the next datagram into the octets of an answer that it still looks at: while sessions report, each second, an
answer now and then seems to have a wrong cause. So what can be said again is.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from interopkit.namespaces import CORE_ADDRESS
from interopkit.program import Program

TRIES = 5
STEP = 10
"""Its sessions have identifiers so far apart: TEIDs, PDRs, FARs."""


class Pfcpsim:
    """A running simulator at 127.0.0.1 on the core's host."""

    def __init__(self, folder, hosts):
        self._folder = Path(folder)
        self._hosts = hosts
        self._program = Program(hosts.within(hosts.core, self._folder / "pfcpsim", "-i", "lo"))
        self._program.wait_for("server listening")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._program.end()

    def order(self, *words):
        """One command; AssertionError where it was not carried out."""
        done = self._hosts.run(self._hosts.core, self._folder / "pfcpctl", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ERROR" not in done.stdout, done.stdout + done.stderr

    def associate(self, upf):
        """Set up its association with the UPF at that address."""
        self.order("service", "configure", "-r", upf, "-n", CORE_ADDRESS)
        self.order("service", "associate")

    def sessions(self, what, count, *words):
        """Create, modify or delete the first `count` sessions."""
        command = ("session", what, "-c", count, "-i", "1", *words)
        for _ in range(TRIES - 1 if what == "modify" else 0):
            with suppress(AssertionError):
                self.order(*command)
                return
        self.order(*command)


def tunnels(number):
    """The uplink and downlink TEID of a session, counted from 0."""
    return 1 + STEP * number, 2 + STEP * number
