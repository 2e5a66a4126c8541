"""Pools and networks behind terminals, announced by a routing daemon of the host (FRR) while they are served."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from freehold.spec.errors import Unusable

Prefix = IPv4Network | IPv6Network
Runner = Callable[[list[str]], "subprocess.CompletedProcess[str]"]
SHELL: Final = "vtysh"
SECONDS: Final = 10
AT_ONCE: Final = 64
"""Networks in one command."""


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
        self._announced: dict[Prefix, None] = {}
        if run is None and shutil.which(SHELL) is None:
            raise Unusable("upf.announce needs FRR, whose vtysh is not installed here: install frr, or set asn to 0")
        try:
            self.add(networks)
        except BaseException:
            self.close()
            raise

    def add(self, networks: Sequence[Prefix]) -> None:
        """Announce these too; Unusable where the daemon does not."""
        for some in _batches(networks):
            self._announced |= dict.fromkeys(some)
            done = self._say(some, "network")
            said = (done.stdout + done.stderr).strip()
            if done.returncode != 0 or "%" in said:
                reason = (said.splitlines() or ["it failed"])[0]
                raise Unusable(f"upf.announce: {SHELL}: {reason}; start FRR with bgpd, and set asn to its AS")

    def withdraw(self, networks: Sequence[Prefix]) -> None:
        """Announce these no more; a daemon that is gone announces nothing."""
        for some in _batches(networks):
            self._say(some, "no network")
            for network in some:
                self._announced.pop(network, None)

    def close(self) -> None:
        """Announce nothing more; harmless when done twice."""
        self.withdraw([*self._announced][::-1])

    def _say(self, networks: Sequence[Prefix], words: str) -> subprocess.CompletedProcess[str]:
        lines = ["configure terminal", f"router bgp {self._asn}", f"address-family ipv{networks[0].version} unicast"]
        lines += [f"{words} {network}" for network in networks]
        return self._run([SHELL, *self._folder, *(part for line in lines for part in ("-c", line))])


def _batches(networks: Sequence[Prefix]) -> Iterator[list[Prefix]]:
    """Those of one version of IP together, so many in one command."""
    for version in dict.fromkeys(network.version for network in networks):
        chosen = [network for network in networks if network.version == version]
        yield from (chosen[place : place + AT_ONCE] for place in range(0, len(chosen), AT_ONCE))


def route(network: Prefix, interface: str, run: Runner | None = None, *, there: bool = True) -> None:
    """The host sends packets for a network behind terminals to their interface, or no more; it goes with that, too."""
    verb = "add" if there else "del"
    done = (run or _run)(["ip", f"-{network.version}", "route", verb, str(network), "dev", interface])
    if done.returncode != 0:
        raise Unusable(f"the host's route to {network}, behind {interface}: {done.stderr.strip() or f'no {verb}'}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of this module; no argument comes from a peer."""
    path = shutil.which(command[0]) or command[0]
    try:
        return subprocess.run(  # noqa: S603
            [path, *command[1:]], capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "it did not answer")
