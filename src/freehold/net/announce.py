"""Pools and networks behind terminals, announced by a routing daemon of the host (FRR) while they are served."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from freehold.spec.errors import Unusable

Prefix = IPv4Network | IPv6Network
Runner = Callable[[list[str]], "subprocess.CompletedProcess[str]"]
SHELL: Final = "vtysh"
SECONDS: Final = 10


class Announcement:
    """What BGP of the host announces; `close` withdraws it.

    The daemon runs and has its neighbours already: only networks are added to its process of AS `asn`, and taken out
    again. It announces a network while the host has a route to it (`bgp network import-check`), so one whose interface
    went with a killed process is withdrawn too. `folder` is where its sockets are, where that is not the usual one.
    """

    def __init__(self, asn: int, networks: Sequence[Prefix], folder: str = "", run: Runner | None = None) -> None:
        self._asn = asn
        self._folder = ["--vty_socket", folder] if folder else []
        self._run = run or _run
        self._undo = ExitStack()
        if run is None and shutil.which(SHELL) is None:
            raise Unusable("upf.announce needs FRR, whose vtysh is not installed here: install frr, or set asn to 0")
        try:
            for network in networks:
                self._say(network, f"network {network}")
                self._undo.callback(self._withdraw, network)
        except BaseException:
            self._undo.close()
            raise

    def close(self) -> None:
        """Announce nothing more; harmless when done twice."""
        self._undo.close()

    def _withdraw(self, network: Prefix) -> None:
        self._run(self._command(network, f"no network {network}"))  # a daemon that is gone announces nothing

    def _say(self, network: Prefix, words: str) -> None:
        done = self._run(self._command(network, words))
        said = (done.stdout + done.stderr).strip()
        if done.returncode != 0 or "%" in said:
            reason = (said.splitlines() or ["it failed"])[0]
            raise Unusable(f"upf.announce: {SHELL}: {reason}; start FRR with bgpd, and set asn to its AS")

    def _command(self, network: Prefix, words: str) -> list[str]:
        lines = ("configure terminal", f"router bgp {self._asn}", f"address-family ipv{network.version} unicast", words)
        return [SHELL, *self._folder, *(part for line in lines for part in ("-c", line))]


def route(network: Prefix, interface: str, run: Runner | None = None) -> None:
    """The host sends packets for a network behind terminals to their interface; the route goes with it."""
    done = (run or _run)(["ip", f"-{network.version}", "route", "add", str(network), "dev", interface])
    if done.returncode != 0:
        raise Unusable(f"upf.announce.networks: {network}: {done.stderr.strip() or 'no route can be added'}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of this module; no argument comes from a peer."""
    path = shutil.which(command[0]) or command[0]
    try:
        return subprocess.run(  # noqa: S603
            [path, *command[1:]], capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "it did not answer")
