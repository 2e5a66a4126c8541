"""Flow records of data networks: what the engine counted, sent to each network's collector."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from freehold.net.ipfix import Exporter
from freehold.net.userplane import UpfPlane
from freehold.services.datagram import Address

IDLE_SECONDS, ACTIVE_SECONDS = 15, 60
"""A flow is told when it had no packet for so long, and every so often while it goes on (RFC 5470 5.1.1)."""
LOOK_SECONDS = 1.0


class FlowRecords:
    """The exporter of one user plane function; `now` and `utc` are the engine's time and seconds since 1970."""

    def __init__(
        self,
        plane: UpfPlane,
        collectors: dict[int, tuple[str, Address]],
        now: Callable[[], float],
        utc: Callable[[], float],
    ) -> None:
        self._plane = plane
        self._now = now
        self._utc = utc
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._collectors = {
            collector: Exporter({number: name for number, (name, one) in collectors.items() if one == collector})
            for collector in dict.fromkeys(address for _, address in collectors.values())
        }
        self._of = {number: collector for number, (_, collector) in collectors.items()}
        self._ports = {
            family: socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            for family in {_family(collector) for collector in self._collectors}
        }
        plane.record_flows(list(self._of))

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell of flows in `loop` from now on."""
        self._loop = loop
        self._look()

    def stop(self) -> None:
        """Tell of every flow that there is, and of no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None
        for exporter in self._collectors.values():
            exporter.repeat()
        self.tell(idle=0, active=0)
        self._plane.record_flows([])
        for port in self._ports.values():
            port.close()

    def tell(self, *, idle: int = IDLE_SECONDS, active: int = ACTIVE_SECONDS) -> None:
        """Send what is due. A collector that is not there loses it: nothing waits for one."""
        now, utc = self._now(), self._utc()
        flows = self._plane.take_flows(now, utc - now, idle, active)
        for collector, exporter in self._collectors.items():
            mine = [flow for flow in flows if self._of[flow.instance] == collector]
            for message in exporter.messages(mine, utc):
                with suppress(OSError):
                    self._ports[_family(collector)].sendto(message, collector)

    def _look(self) -> None:
        self.tell()
        if self._loop is not None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET
