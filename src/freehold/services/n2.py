"""N2 transport: an SCTP association as its users see it (TS 38.412 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

NGAP_PPID: Final = 60
"""Payload protocol identifier of NGAP (TS 38.412 7)."""


class AssociationUser(Protocol):
    """Who owns one end of an association."""

    def received(self, octets: bytes, stream: int, ppid: int) -> None:
        """One message came on a stream."""

    def lost(self, reason: str) -> None:
        """The association is gone; nothing more will come."""


class Association(Protocol):
    """One end of an association; octets are sent in order per stream."""

    @property
    def peer(self) -> str:
        """The other end, printable: `127.0.0.1:38412`, `unix:...`, `local`."""

    @property
    def outbound_streams(self) -> int:
        """How many streams may be sent on, at least 1; stream 0 is for non-UE signalling."""

    def send(self, octets: bytes, stream: int, ppid: int = NGAP_PPID) -> None:
        """Send one message; nothing happens once the association is lost."""

    def close(self) -> None:
        """End the association; the user is not called for its own close."""


Acceptor = Callable[[Association], AssociationUser]
"""Called with each new association; gives the user of this end."""
