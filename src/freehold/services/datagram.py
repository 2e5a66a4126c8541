"""UDP as its users see it: N4 and, for control, N3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Address = tuple[str, int]
"""IP address and port."""


class DatagramUser(Protocol):
    """Who owns a datagram port."""

    def received(self, octets: bytes, source: Address) -> None:
        """One datagram came."""


class DatagramPort(Protocol):
    """A bound UDP port, or its equal in process; octets may be lost."""

    @property
    def address(self) -> Address:
        """What it is bound to."""

    def send(self, octets: bytes, destination: Address) -> None:
        """Send one datagram."""


DatagramAcceptor = Callable[[DatagramPort], DatagramUser]
"""Called with a new port; gives its user."""
