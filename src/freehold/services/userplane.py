"""The user plane as its control sees it: the rules of a session, compiled from PFCP, and what the packets tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

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
    "address_outside_pools",
    "address_in_use",
    "too_many_rules",
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


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A packet detection rule with the action, gate, flow and rates it points to.

    `rates` are QER identifiers with bit/s, 0 is none: rules of a direction that name the same one share its bucket.
    Of downlink packets, `reflective` sets the indicator of reflective QoS (TS 38.415 5.5.3.4) and `service` is the type
    of service or traffic class of the outer header (TS 29.244 8.2.12).
    """

    filters: tuple[Filter, ...] = ()
    match_qfi: int = 0
    action: Action = "drop"
    gate_closed: bool = False
    qfi: int = 0
    rates: tuple[tuple[int, int], ...] = ()
    reflective: bool = False
    service: int = 0


class SessionRules(msgspec.Struct, frozen=True, gc=False):
    """Everything a session is installed with; rules in the order of their precedence.

    `report_at` asks for one Volume event when the session's octets, both directions, pass it. `quota` are the session's
    uplink, downlink and total octets from which on no packet passes (TS 29.244 5.2.2.2). `framed` are the networks
    behind the terminal, each of the session whose prefix is longest (TS 23.501 5.6.14).
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


class Usage(msgspec.Struct, frozen=True, gc=False):
    """What a session carried, in octets and packets of IP (TS 29.244 8.2.40)."""

    uplink_octets: int
    uplink_packets: int
    downlink_octets: int
    downlink_packets: int


class DownlinkData(msgspec.Struct, frozen=True, gc=False):
    """The first packet held for a terminal, in QoS flow `qfi` with type of service `service` (TS 29.244 5.2.4.2)."""

    teid: int
    qfi: int
    service: int


class VolumeReached(msgspec.Struct, frozen=True, gc=False):
    """The session's volume passed `report_at` (TS 29.244 5.2.2.2)."""

    teid: int


class PeerLostTunnel(msgspec.Struct, frozen=True, gc=False):
    """The session's peer sent an error indication for its tunnel (TS 23.527 5.3.3)."""

    teid: int


class CoreAttacked(msgspec.Struct, frozen=True, gc=False):
    """A terminal sent to a node of the core, or a tunnel inside its tunnel; the packet was dropped."""

    teid: int


class ForeignSource(msgspec.Struct, frozen=True, gc=False):
    """Uplink packets of a session came from `source`, which is not its gNB's tunnel address; they were dropped."""

    teid: int
    source: str


SessionEvent = DownlinkData | VolumeReached | PeerLostTunnel | CoreAttacked | ForeignSource


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

    def open(self) -> int:
        """Open a session: its TEID, not guessable. RulesRefused where no more fit."""

    def install(self, teid: int, rules: SessionRules, *, end_marker: bool = False) -> None:
        """Give a session its rules, all at once or not at all (RulesRefused); held packets leave or are discarded."""

    def close(self, teid: int) -> Usage:
        """Close a session: what it carried."""

    def usage(self, teid: int) -> Usage:
        """What a session carried until now."""

    def discard(self, teid: int) -> None:
        """Discard what is held for a session: its terminal was not found."""

    def teids(self) -> list[int]:
        """The TEIDs of all open sessions, in no order."""

    def listen(self, listener: Callable[[SessionEvent], None]) -> None:
        """Call `listener` with what the packets tell, from the control plane's own thread."""
