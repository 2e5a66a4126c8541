"""Networks behind terminals (TS 23.501 5.6.14): the host's routes to them, and BGP, while their sessions last.

Routes and a routing daemon are slow, and sessions come in thousands: a thread of its own carries out what is due, all
that gathered meanwhile at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

import msgspec

from freehold.net.announce import Announcement, Prefix, Runner, route
from freehold.services.userplane import Network
from freehold.spec.errors import Unusable


class Outside(msgspec.Struct, frozen=True):
    """Where packets of a network instance leave: its interface, what leads there anyway, whether BGP is to know."""

    interface: str
    covered: tuple[Prefix, ...] = ()
    announced: bool = False


class Behind:
    """The networks behind terminals, as the host and its neighbours are to know them; a `BehindListener` by `changed`.

    `told` hears, in the thread, of what could not be done. `close` withdraws everything; the interfaces take their
    routes with them.
    """

    def __init__(
        self,
        outside: Mapping[int, Outside],
        announcement: Announcement | None,
        told: Callable[[str], None],
        run: Runner | None = None,
    ) -> None:
        self._outside = outside
        self._announcement = announcement
        self._told = told
        self._run = run
        self._wanted: dict[Prefix, Outside] = {}
        self._done: dict[Prefix, Outside] = {}
        self._changed = threading.Condition()
        self._ends = False
        self._thread: threading.Thread | None = None

    def changed(self, instance: int, network: Network, there: bool) -> None:
        """A network is behind a terminal of an instance, or no more; what leads there anyway needs nothing."""
        outside = self._outside.get(instance)
        prefix = ip_network(network)
        if outside is None or any(_within(prefix, other) for other in outside.covered):
            return
        with self._changed:
            if there:
                self._wanted[prefix] = outside
            elif self._wanted.get(prefix) is outside:
                del self._wanted[prefix]
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="behind", daemon=True)
            self._thread.start()

    def settle(self) -> None:
        """Carry out what is due now, in this thread."""
        with self._changed:
            wanted = dict(self._wanted)
        gone = {prefix: outside for prefix, outside in self._done.items() if wanted.get(prefix) is not outside}
        come = {prefix: outside for prefix, outside in wanted.items() if self._done.get(prefix) is not outside}
        if self._announcement is not None:
            self._announcement.withdraw([prefix for prefix, outside in gone.items() if outside.announced])
        for prefix, outside in gone.items():
            del self._done[prefix]
            self._route(prefix, outside, there=False)
        routed = []
        for prefix, outside in come.items():
            self._done[prefix] = outside
            if self._route(prefix, outside, there=True) and outside.announced:
                routed.append(prefix)
        try:
            if self._announcement is not None:
                self._announcement.add(routed)
        except Unusable as refused:
            self._told(str(refused))

    def close(self) -> None:
        """Do nothing more, and withdraw what was announced; harmless when done twice."""
        with self._changed:
            self._ends = True
            self._wanted.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self.settle()

    def _route(self, prefix: Prefix, outside: Outside, *, there: bool) -> bool:
        try:
            route(prefix, outside.interface, self._run, there=there)
        except Unusable as refused:
            if there:  # one that is gone already is gone
                self._told(str(refused))
            return False
        return True

    def _due(self) -> bool:
        return self._ends or self._wanted != self._done

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._due)
                if self._ends:
                    return
            self.settle()


def _within(prefix: Prefix, other: Prefix) -> bool:
    if isinstance(prefix, IPv4Network) and isinstance(other, IPv4Network):
        return prefix.subnet_of(other)
    return isinstance(prefix, IPv6Network) and isinstance(other, IPv6Network) and prefix.subnet_of(other)
