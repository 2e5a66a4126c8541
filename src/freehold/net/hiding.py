"""Hidden terminals on the fast path: what the host translates is carried past it, as long as it says so (RFC 3022)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network

from freehold._native.xdp import Datapath
from freehold.net.conntrack import Connection, Conntrack, timeout
from freehold.net.ways import Ways

KEEP_SECONDS = 15.0
"""How often the host hears which connections are in use: below every timeout that it has for one in use."""
MOST_CONNECTIONS = 1 << 16


class Hiding:
    """The program's connections, as the host's connection tracking has them.

    Each begins in the host, which chooses address and port; what ends one, or is not plain, goes through the host.
    """

    def __init__(self, datapath: Datapath, ways: Ways, networks: list[IPv4Network]) -> None:
        self._datapath = datapath
        self._ways = ways
        self._networks = networks
        self._carried: set[Connection] = set()
        self._outside: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._taken_over = False
        self._host = Conntrack()

    def __len__(self) -> int:
        return len(self._carried)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Follow the host's connections in `loop`."""
        self._loop = loop
        self._ask()
        loop.add_reader(self._host.fileno(), self._hear)
        self._timer = loop.call_later(KEEP_SECONDS, self._keep)

    def stop(self) -> None:
        """Follow them no more."""
        if self._loop is not None:
            self._loop.remove_reader(self._host.fileno())
            self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        self._host.close()

    def refresh(self) -> None:
        """Hide behind the address that the host has now; connections behind another one are the host's again."""
        if self._ways.outside == self._outside:
            return
        self._outside = self._ways.outside
        for connection in tuple(self._carried):
            self._show(connection)
        self._datapath.hide_behind(self._outside)
        self._ask()

    def _ask(self) -> None:
        with suppress(OSError):  # it is asked again when something changes
            self._host.dump()

    def _hear(self) -> None:
        try:
            for connection, settled in self._host.changes():
                if settled:
                    self._hide(connection)
                elif connection in self._carried:
                    self._show(connection)
        except OSError:  # more changed than the socket holds: an end may be among it
            for connection in tuple(self._carried):
                self._show(connection)
            self._ask()

    def _hide(self, connection: Connection) -> None:
        if connection in self._carried or connection.outside[0] != self._outside:
            return
        terminal = IPv4Address(connection.terminal[0])
        if len(self._carried) >= MOST_CONNECTIONS or not any(terminal in network for network in self._networks):
            return
        with suppress(OSError):  # the host hears of it again while it is used
            self._host.keep(connection, timeout(connection.protocol))
        if self._datapath.hide(*connection.fields()):
            self._carried.add(connection)

    def _show(self, connection: Connection) -> None:
        self._datapath.show(*connection.fields())
        self._carried.discard(connection)

    def _keep(self) -> None:
        """Tell the host which connections were used since it was last told."""
        if not self._taken_over:  # what an earlier process left and the host has no more
            self._datapath.hide_only([connection.fields() for connection in self._carried])
            self._taken_over = True
        for connection in tuple(self._carried):
            idle = self._datapath.idle(*connection.fields())
            if idle is None:
                self._carried.discard(connection)
            elif idle <= KEEP_SECONDS:
                with suppress(OSError):
                    self._host.keep(connection, timeout(connection.protocol))
        if self._loop is not None:
            self._timer = self._loop.call_later(KEEP_SECONDS, self._keep)
