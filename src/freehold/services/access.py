"""The access side's user plane: bearers of a gNB and IP stacks of terminals, in one native engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec


class Tunnel(msgspec.Struct, frozen=True, gc=False):
    """One end of a GTP-U tunnel: an IP address and a TEID (TS 29.281 5.1)."""

    address: str
    teid: int


class BearerPlane(Protocol):
    """What a gNB asks of the engine; every method returns at once."""

    @property
    def address(self) -> str:
        """This gNB's N3 address, as peers reach it."""

    def add_bearer(self, uplink: Tunnel, qfi: int) -> tuple[int, Tunnel]:
        """Make a bearer towards the UPF's tunnel: its handle and this side's tunnel."""

    def update_bearer(self, handle: int, uplink: Tunnel, qfi: int) -> None:
        """Move a bearer to another tunnel or default flow."""

    def remove_bearer(self, handle: int) -> None:
        """Forget a bearer; packets on it are answered by error indications."""

    def take_activity(self, handle: int) -> bool:
        """Whether a bearer carried anything since this was last asked: what a user inactivity timer needs."""

    def on_tunnel_lost(self, callback: Callable[[int], None]) -> None:
        """Call with the handle of a bearer whose tunnel the UPF says it does not know (TS 29.281 7.3.1)."""

    def on_end_marker(self, callback: Callable[[int], None]) -> None:
        """Call with the handle of a bearer whose old path brought its end marker (TS 29.281 7.3.2)."""

    def forward(self, handle: int, target: Tunnel) -> None:
        """Send what comes for a bearer's terminal on to the target of its handover (TS 38.300 9.2.3.2.3)."""

    def await_forwarding(self, handle: int) -> Tunnel:
        """A tunnel for what the source of a handover forwards; the new path waits for its end marker."""

    def end_forwarding(self, handle: int) -> None:
        """Nothing more is forwarded to a bearer, or from it: what waited for that is handed out."""

    def counts(self, handle: int) -> tuple[int, int]:
        """The PDCP COUNTs of a bearer: packets uplink and downlink (TS 38.323 7.1)."""

    def set_counts(self, handle: int, uplink: int, downlink: int) -> None:
        """Go on from the COUNTs that the source's bearer had."""


class PingResult(msgspec.Struct, frozen=True, gc=False):
    """One echo reply, or none: round-trip time in milliseconds, octets of the reply."""

    sequence: int
    rtt_ms: float | None
    octets: int


UplinkRule = tuple[int, list[tuple[int, bytes]]]
"""A QFI, and the components of a packet filter: type and octets of each (TS 24.501 9.11.4.13)."""


class TerminalPlane(Protocol):
    """What a terminal asks of the engine: an IP stack on a PDU session."""

    def attach(self, session: int, address: str, mtu: int) -> None:
        """Give a PDU session (a number unique in the engine) its IPv4 address and MTU in octets."""

    def ethernet(self, session: int, mtu: int) -> None:
        """Make a PDU session one of Ethernet frames that carry so many octets: it has no address."""

    def link(self, session: int, identifier: int, mtu: int, done: Callable[[str | None], None]) -> None:
        """Give a PDU session the interface identifier of its IPv6 link; its prefix is asked for on the first bearer.

        `done` is called with each address that the link gets (TS 23.501 5.8.2.2.3), or None where no router answers.
        """

    def classify(self, session: int, rules: list[UplinkRule]) -> None:
        """Put uplink packets on the flow of the first rule that matches; on the bearer's own where none does."""

    def bind(self, session: int, handle: int | None) -> None:
        """Carry a session on a bearer; None while the user plane is inactive."""

    def pause(self, session: int) -> None:
        """The terminal goes to another cell: uplink packets wait for the bearer there, and ask for none."""

    def settle(self, session: int) -> None:
        """There is no bearer where the terminal went: uplink packets ask for one as ever."""

    def detach(self, session: int) -> None:
        """The session is released: sockets close."""

    def ping(self, session: int, destination: str, size: int, done: Callable[[PingResult], None]) -> None:
        """Send one ICMP echo request; `done` is called with the reply or after one second without."""

    def on_uplink_pending(self, session: int, callback: Callable[[], None]) -> None:
        """Call when there is uplink data while the session has no bearer (the terminal sends a SERVICE REQUEST)."""

    def octets(self, session: int) -> tuple[int, int]:
        """Uplink and downlink octets of IP carried so far."""
