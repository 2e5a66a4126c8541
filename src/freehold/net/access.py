"""The native access engine: a gNB's bearers, its terminals' IP stacks and their sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from freehold._native.userplane import Fabric
from freehold.net.tap import TapInterface
from freehold.net.tun import TerminalTun
from freehold.services.access import PingResult, Tunnel, UplinkRule

ENGINE: Final = 32
"""Where the number of its engine stands in a handle of a bearer or socket, in bits."""


class SocketEvent(msgspec.Struct, frozen=True, gc=False):
    """What happened to a terminal's socket: connected, accepted, readable, writable, closed; `fields` by the kind."""

    kind: str
    session: int
    socket: int
    fields: tuple[object, ...] = ()


class Terminals:
    """What the engines of one user plane share about terminals: where each session is, and whom its events are told.

    A session begins at the gNB of its terminal and goes where its bearer is. Numbers of sessions, and handles of
    bearers and sockets, are unique among the engines.
    """

    __slots__ = ("links", "pending", "ping", "pings", "places", "sockets")

    def __init__(self) -> None:
        self.places: dict[int, int] = {}
        """Engines of the sessions that are not where they began."""
        self.pings: dict[tuple[int, int], Callable[[PingResult], None]] = {}
        self.ping = 0
        self.pending: dict[int, Callable[[], None]] = {}
        self.links: dict[int, Callable[[str | None], None]] = {}
        self.sockets: dict[int, Callable[[SocketEvent], None]] = {}


class AccessPlane:
    """One gNB's engine: the native `BearerPlane` and `TerminalPlane`, and sockets on top."""

    def __init__(self, fabric: Fabric, number: int, address: str, terminals: Terminals | None = None) -> None:
        self.fabric = fabric
        self.number = number
        self._address = address
        self._terminals = terminals or Terminals()
        self._lost: Callable[[int], None] | None = None
        self._ended: Callable[[int], None] | None = None
        self._handlers: dict[str, Callable[..., None]] = {
            "ping_reply": self._ping_reply,
            "ping_lost": self._ping_lost,
            "uplink_pending": self._uplink_pending,
            "tunnel_lost": self._tunnel_lost,
            "unknown_tunnel": self._ignored,
            "end_marker": self._end_marker,
            "configured": self._configured,
            "unconfigured": self._configured,
        }

    def at(self, session: int) -> int:
        """The engine where a PDU session is now."""
        return self._terminals.places.get(session, self.number)

    @property
    def address(self) -> str:
        """This gNB's N3 address, as peers reach it."""
        return self._address

    def add_bearer(self, uplink: Tunnel, qfi: int) -> tuple[int, Tunnel]:
        """Make a bearer towards the UPF's tunnel: its handle and this side's tunnel."""
        handle, teid = self.fabric.add_bearer(self.number, uplink.address, uplink.teid, qfi)
        return handle, Tunnel(self._address, teid)

    def update_bearer(self, handle: int, uplink: Tunnel, qfi: int) -> None:
        """Move a bearer to another tunnel or default flow."""
        self.fabric.update_bearer(self.number, handle, uplink.address, uplink.teid, qfi)

    def remove_bearer(self, handle: int) -> None:
        """Forget a bearer; packets on it are answered by error indications."""
        self.fabric.remove_bearer(self.number, handle)

    def take_activity(self, handle: int) -> bool:
        """Whether the bearer carried a packet since the last call: the user inactivity timer asks this."""
        return self.fabric.take_activity(self.number, handle)

    def on_tunnel_lost(self, callback: Callable[[int], None]) -> None:
        """Call with the handle of a bearer whose tunnel the UPF does not know (TS 23.527 5.3.2)."""
        self._lost = callback

    def on_end_marker(self, callback: Callable[[int], None]) -> None:
        """Call with the handle of a bearer whose old path brought its end marker (TS 29.281 7.3.2)."""
        self._ended = callback

    def forward(self, handle: int, target: Tunnel) -> None:
        """Send what comes for a bearer's terminal on to the target of its handover (TS 38.300 9.2.3.2.3)."""
        self.fabric.forward(self.number, handle, target.address, target.teid)

    def await_forwarding(self, handle: int) -> Tunnel:
        """A tunnel for what the source of a handover forwards; the new path waits for its end marker."""
        return Tunnel(self._address, self.fabric.await_forwarding(self.number, handle))

    def end_forwarding(self, handle: int) -> None:
        """Nothing more is forwarded to a bearer, or from it: what waited for that is handed out."""
        self.fabric.end_forwarding(self.number, handle)

    def counts(self, handle: int) -> tuple[int, int]:
        """The PDCP COUNTs of a bearer: packets uplink and downlink (TS 38.323 7.1)."""
        return self.fabric.counts(self.number, handle)

    def set_counts(self, handle: int, uplink: int, downlink: int) -> None:
        """Go on from the COUNTs that the source's bearer had."""
        self.fabric.set_counts(self.number, handle, uplink, downlink)

    def attach(self, session: int, address: str, mtu: int) -> None:
        """Give a PDU session its IPv4 address and MTU in octets."""
        self.fabric.attach(self.at(session), session, address, mtu)

    def ethernet(self, session: int, mtu: int) -> None:
        """Make a PDU session one of Ethernet frames that carry so many octets."""
        self.fabric.ethernet(self.at(session), session, mtu)

    def link(self, session: int, identifier: int, mtu: int, done: Callable[[str | None], None]) -> None:
        """Give a PDU session the interface identifier of its IPv6 link; `done` is called with the address it gets."""
        self._terminals.links[session] = done
        self.fabric.link(self.at(session), session, identifier, mtu)

    def classify(self, session: int, rules: list[UplinkRule]) -> None:
        """Put uplink packets on the flow of the first rule that matches; on the bearer's own where none does."""
        self.fabric.classify(self.at(session), session, rules)

    def bind(self, session: int, handle: int | None) -> None:
        """Carry a session on a bearer, of whichever gNB; None while the user plane is inactive."""
        here = self.at(session)
        if handle is not None and handle >> ENGINE != here:
            self.fabric.relocate(here, handle >> ENGINE, session)
            here = self._terminals.places[session] = handle >> ENGINE
        self.fabric.bind(here, session, handle)

    def pause(self, session: int) -> None:
        """The terminal goes to another cell: uplink packets wait for the bearer there, and ask for none."""
        self.fabric.pause(self.at(session), session)

    def settle(self, session: int) -> None:
        """There is no bearer where the terminal went: uplink packets ask for one as ever."""
        self.fabric.settle(self.at(session), session)

    def detach(self, session: int) -> None:
        """The session is released: its sockets close, its pings end without a reply."""
        self._terminals.pending.pop(session, None)
        self._terminals.links.pop(session, None)
        for key in [key for key in self._terminals.pings if key[0] == session]:
            self._terminals.pings.pop(key)(PingResult(key[1], None, 0))
        self.fabric.detach(self.at(session), session)
        self._terminals.places.pop(session, None)

    def ping(self, session: int, destination: str, size: int, done: Callable[[PingResult], None]) -> None:
        """Send one ICMP echo request; `done` is called with the reply or after one second without."""
        self._terminals.ping = (self._terminals.ping + 1) & 0xFFFFFFFF
        self.fabric.ping(self.at(session), session, destination, size, self._terminals.ping)
        self._terminals.pings[session, self._terminals.ping] = done

    def on_uplink_pending(self, session: int, callback: Callable[[], None]) -> None:
        """Call when there is uplink data while the session has no bearer."""
        self._terminals.pending[session] = callback

    def octets(self, session: int) -> tuple[int, int]:
        """Uplink and downlink octets of IP carried so far."""
        return self.fabric.octets(self.at(session), session) or (0, 0)

    def attach_tun(self, session: int, tun: TerminalTun | TapInterface) -> None:
        """Let a TUN carry a session's packets, or a TAP its frames, for programs of the host."""
        self.fabric.attach_terminal(self.at(session), session, tun.descriptor, tun.offloads)

    def detach_tun(self, session: int) -> None:
        """Carry no more for programs of the host."""
        self.fabric.detach_terminal(self.at(session), session)

    def on_socket(self, socket: int, callback: Callable[[SocketEvent], None] | None) -> None:
        """Call when something happens to a terminal's socket; None ends it."""
        if callback is None:
            self._terminals.sockets.pop(socket, None)
        else:
            self._terminals.sockets[socket] = callback

    def happened(self, name: str, fields: list[object]) -> None:
        """Pass an event of the engine to whom it concerns."""
        self._handlers.get(name, self._socket_event)(name, *fields)

    def _ping_reply(self, _: str, session: int, ping: int, size: int, rtt_ns: int) -> None:
        done = self._terminals.pings.pop((session, ping), None)
        if done is not None:
            done(PingResult(ping, rtt_ns / 1e6, size))

    def _ping_lost(self, _: str, session: int, ping: int) -> None:
        done = self._terminals.pings.pop((session, ping), None)
        if done is not None:
            done(PingResult(ping, None, 0))

    def _uplink_pending(self, _: str, session: int) -> None:
        callback = self._terminals.pending.get(session)
        if callback is not None:
            callback()

    def _configured(self, _: str, session: int, address: str | None = None) -> None:
        done = self._terminals.links.get(session)
        if done is not None:
            done(address)

    def _tunnel_lost(self, _: str, bearer: int) -> None:
        if self._lost is not None:
            self._lost(bearer)

    def _end_marker(self, _: str, bearer: int) -> None:
        if self._ended is not None:
            self._ended(bearer)

    def _ignored(self, _: str, *fields: object) -> None:
        """Counted by the engine; nobody acts on it."""

    def _socket_event(self, kind: str, session: int, socket: int, *fields: object) -> None:
        callback = self._terminals.sockets.get(socket)
        if callback is not None:
            callback(SocketEvent(kind, session, socket, fields))
