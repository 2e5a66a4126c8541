"""The user plane as its control sees it: the rules of a session, compiled from PFCP, and what the packets tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol

import msgspec

from freehold.services.access import Tunnel
from freehold.spec.errors import PeerError

Network = tuple[str, int]
"""An address and the length of its prefix."""

PortRange = tuple[int, int]
"""The first and the last port."""

EVERY_PORT: PortRange = (0, 65535)

Action = Literal["drop", "forward", "buffer", "notify"]
"""What happens to a packet (TS 29.244 5.2.3); `notify` buffers too, and tells of the first packet."""

Refusal = Literal[
    "full",
    "unknown_session",
    "unknown_instance",
    "wrong_instance",
    "address_outside_pools",
    "address_in_use",
    "too_many_rules",
    "unknown_tunnel",
    "tunnel_in_use",
]


class Filter(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A service data flow filter (TS 29.244 8.2.5), seen from the terminal; protocol 0 and None match everything."""

    protocol: int = 0
    local: Network | None = None
    remote: Network | None = None
    local_ports: PortRange = EVERY_PORT
    remote_ports: PortRange = EVERY_PORT
    service: tuple[int, int] = (0, 0)
    security_parameter_index: int | None = None
    flow_label: int | None = None


MacRange = tuple[bytes, bytes]
"""The first and the last address."""

Tag = tuple[int, int]
"""The sixteen bits of a VLAN tag, and those that count."""


class FrameFilter(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A filter of Ethernet frames (TS 29.244 7.5.2.2) as its direction has them; what is empty matches everything."""

    sources: tuple[MacRange, ...] = ()
    destinations: tuple[MacRange, ...] = ()
    kind: int | None = None
    customer_tag: Tag | None = None
    service_tag: Tag | None = None
    filters: tuple[Filter, ...] = ()


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A packet detection rule with the action, gate, flow and rates it points to.

    `rates` are QER identifiers with bit/s, 0 is none: rules of a direction that name the same one share its bucket.
    Of downlink packets, `reflective` sets the indicator of reflective QoS (TS 38.415 5.5.3.4) and `service` is the type
    of service or traffic class of the outer header (TS 29.244 8.2.12). `id` is what events call it. `tunnel` is the
    local TEID its packets come in; 0 is the session's own for uplink, and N6 for downlink. `peer` is the tunnel that it
    forwards into; without one, uplink goes to N6 and downlink to the session's peer. `counters` names the session's
    counters of its packets, `copies` where copies of them go (TS 29.244 5.2.3). `windows` are the milliseconds of some
    of `rates` that may come at once (TS 29.244 8.2.115), `packet_rates` packets in nanoseconds (TS 29.244 8.2.63).
    `frames` are the filters of an Ethernet session.
    """

    filters: tuple[Filter, ...] = ()
    match_qfi: int = 0
    action: Action = "drop"
    gate_closed: bool = False
    qfi: int = 0
    rates: tuple[tuple[int, int], ...] = ()
    reflective: bool = False
    service: int = 0
    id: int = 0
    tunnel: int = 0
    peer: Tunnel | None = None
    counters: tuple[int, ...] = ()
    copies: tuple[Tunnel, ...] = ()
    windows: tuple[tuple[int, int], ...] = ()
    packet_rates: tuple[tuple[int, int, int], ...] = ()
    frames: tuple[FrameFilter, ...] = ()


class Counter(msgspec.Struct, frozen=True, gc=False):
    """A count of some rules' packets (TS 29.244 5.2.2): when to tell of it, and from where on nothing passes.

    `report_at` are octets of both directions, `quota` uplink, downlink and total octets, `dropped_at` dropped downlink
    packets and octets; 0 and None are never. `before_enforcement` counts what gates and rates drop, `inactive` counts
    nothing (TS 29.244 8.2.68). `restart` makes the next packet the first, as far as its time is concerned.
    """

    id: int
    report_at: int = 0
    quota: tuple[int, int, int] | None = None
    dropped_at: tuple[int, int] = (0, 0)
    before_enforcement: bool = False
    inactive: bool = False
    restart: bool = False


class SessionRules(msgspec.Struct, frozen=True, gc=False):
    """Everything a session is installed with; rules in the order of their precedence.

    `report_at` asks for one Volume event when the session's octets, both directions, pass it. `quota` are the session's
    uplink, downlink and total octets from which on no packet passes (TS 29.244 5.2.2.2). `framed` are the networks
    behind the terminal, each of the session whose prefix is longest (TS 23.501 5.6.14). `held_packets` bounds what is
    held for the terminal below the bound of all (TS 29.244 8.2.30). `ethernet` is a session of frames (TS 23.501
    5.6.10.2).
    """

    instance: int
    ipv4: str | None = None
    ipv6: str | None = None
    uplink: tuple[Rule, ...] = ()
    downlink: tuple[Rule, ...] = ()
    peer: Tunnel | None = None
    report_at: int = 0
    quota: tuple[int, int, int] | None = None
    framed: tuple[Network, ...] = ()
    counters: tuple[Counter, ...] = ()
    held_packets: int | None = None
    ethernet: bool = False


class Usage(msgspec.Struct, frozen=True, gc=False):
    """What a session carried, in octets and packets of IP (TS 29.244 8.2.40)."""

    uplink_octets: int
    uplink_packets: int
    downlink_octets: int
    downlink_packets: int


NOTHING: Final = Usage(0, 0, 0, 0)


class Measured(msgspec.Struct, frozen=True, gc=False):
    """What a counter counted, what was dropped, and when its first and last packet came, in seconds; 0 is never."""

    usage: Usage
    dropped_octets: int = 0
    dropped_packets: int = 0
    first: float = 0.0
    last: float = 0.0


class DownlinkData(msgspec.Struct, frozen=True, gc=False):
    """The first packet of `rule` held for a terminal, its QoS flow and type of service (TS 29.244 5.2.4.2)."""

    teid: int
    rule: int
    qfi: int
    service: int


class VolumeReached(msgspec.Struct, frozen=True, gc=False):
    """The session's volume passed `report_at` (TS 29.244 5.2.2.2)."""

    teid: int


class PeerLostTunnel(msgspec.Struct, frozen=True, gc=False):
    """A peer of the session sent an error indication for its tunnel (TS 23.527 5.3.3)."""

    teid: int
    address: str
    remote_teid: int


class CoreAttacked(msgspec.Struct, frozen=True, gc=False):
    """A terminal sent to a node of the core, or a tunnel inside its tunnel; the packet was dropped."""

    teid: int


class ForeignSource(msgspec.Struct, frozen=True, gc=False):
    """Uplink packets of a session came from `source`, which is not its gNB's tunnel address; they were dropped."""

    teid: int
    source: str


class StationHeard(msgspec.Struct, frozen=True, gc=False):
    """A frame of an Ethernet session came from a MAC address that none came from before (TS 23.501 5.6.10.2)."""

    teid: int
    address: bytes


class PathFailed(msgspec.Struct, frozen=True, gc=False):
    """A peer of tunnels does not answer echo requests any more (TS 23.527 5.4)."""

    address: str


class PathRecovered(msgspec.Struct, frozen=True, gc=False):
    """A peer of tunnels answers again."""

    address: str


PathEvent = PathFailed | PathRecovered
SessionEvent = DownlinkData | VolumeReached | PeerLostTunnel | CoreAttacked | ForeignSource | StationHeard
PlaneEvent = SessionEvent | PathEvent


class RulesRefused(PeerError):  # noqa: N818 - what happened to them
    """The user plane cannot take these rules; what was installed before stays."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"the user plane refuses: {reason.replace('_', ' ')}")
        self.reason = reason


class SessionPlane(Protocol):
    """The packets of one user plane function; every method returns at once. A session is named by its own TEID."""

    @property
    def address(self) -> str:
        """The N3 address of every tunnel."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The same, and one of the other version of IP where N3 has both."""

    def instance(self, name: str) -> int | None:
        """The number of a network instance by its name (a DNN), in any case; None where it is not served."""

    def instances_of(self, addresses: Sequence[str]) -> list[int]:
        """The numbers of the network instances in whose pools all these addresses are; of all without one."""

    def open(self) -> int:
        """Open a session: its TEID, not guessable. RulesRefused where no more fit."""

    def reopen(self, teid: int, carried: Usage = NOTHING) -> bool:
        """Whether a session of an earlier process is open, again or still, under its TEID; its usage goes on.

        `carried` is what was `fleeting` of it. From now on its rules are the caller's.
        """

    def reopen_tunnel(self, teid: int, tunnel: int) -> bool:
        """Whether one more local tunnel of such a session is open again under its TEID."""

    def fleeting(self, teid: int) -> Usage:
        """What of a session's usage ends with this process."""

    def install(self, teid: int, rules: SessionRules, *, end_marker: bool = False) -> None:
        """Give a session its rules, all at once or not at all (RulesRefused); held packets leave or are discarded."""

    def open_tunnel(self, teid: int, wanted: int = 0) -> int:
        """Open one more local tunnel of a session: its TEID; rules that do not name it close it. RulesRefused.

        `wanted` is a TEID that the control plane chose: its packets are taken from known nodes only.
        """

    def close(self, teid: int) -> Usage:
        """Close a session: what it carried."""

    def usage(self, teid: int) -> Usage:
        """What a session carried until now."""

    def measured(self, teid: int) -> dict[int, Measured]:
        """What the counters of a session counted until now, by identifier."""

    def discard(self, teid: int) -> None:
        """Discard what is held for a session: its terminal was not found."""

    def tell_again(self, teid: int) -> None:
        """Tell of the next packet that is held for a session as of the first."""

    def teids(self) -> list[int]:
        """The TEIDs of all open sessions, in no order."""

    def listen(self, listener: Callable[[PlaneEvent], None]) -> None:
        """Call `listener` with what the packets tell, from the control plane's own thread."""
