"""The rules of a session as PFCP gave them, small enough to keep for every session (TS 29.244 5.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.core.upf.state.measuring import Urr
from freehold.services.userplane import Filter, FrameFilter, Network

End = tuple[str, int]
"""An address and a TEID."""


class Pdr(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A packet detection rule: what it finds, and the rules it points to (TS 29.244 5.2.1A).

    `teid` is the local tunnel of its packets; 0 is the session's own for uplink, and N6 for downlink. `application` is
    whose packets it finds, where it says so by a name (TS 29.244 8.2.6).
    """

    precedence: int
    uplink: bool
    filters: tuple[Filter, ...]
    qfis: tuple[int, ...]
    far: int
    qers: tuple[int, ...]
    urrs: tuple[int, ...]
    framed: tuple[Network, ...] = ()
    teid: int = 0
    frames: tuple[FrameFilter, ...] = ()
    application: str = ""


class Far(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A forwarding action rule: its apply action, the tunnel it leads to, the mark of the tunnel (TS 29.244 5.2.3).

    `bar` says how it buffers, `copies` are the tunnels of its duplicates.
    """

    action: int
    to_access: bool | None = None
    address: str | None = None
    teid: int = 0
    service: int = 0
    bar: int | None = None
    copies: tuple[End, ...] = ()


class Bar(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A buffering action rule: its notification delay in units of 50 ms, and packets at most (TS 29.244 5.2.4)."""

    delay: int = 0
    packets: int | None = None


PacketLimit = tuple[int, int]
"""Packets, and the nanoseconds in which so many may pass."""


class Qer(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A QoS enforcement rule: gates, maximum bit rates in bit/s, the flow it marks, and how (TS 29.244 5.4).

    `window` are the milliseconds over which its rates are averaged; 0 leaves them to the packet engine.
    """

    uplink_closed: bool
    downlink_closed: bool
    uplink_rate: int = 0
    downlink_rate: int = 0
    qfi: int = 0
    reflective: bool = False
    window: int = 0
    uplink_packets: PacketLimit | None = None
    downlink_packets: PacketLimit | None = None


class RuleSet(msgspec.Struct, gc=False, array_like=True):
    """Everything a session's rules are compiled from; the keys are the identifiers of PFCP."""

    instance: int = 0
    ipv4: str | None = None
    ipv6: str | None = None
    pdrs: dict[int, Pdr] = {}
    fars: dict[int, Far] = {}
    qers: dict[int, Qer] = {}
    urrs: dict[int, Urr] = {}
    bars: dict[int, Bar] = {}
    counted: bool = False
    """Whether each usage reporting rule has a counter of its own."""
    ethernet: bool = False
    """Whether it is an Ethernet PDU session (TS 23.501 5.6.10.2)."""
    frames: dict[int, FrameFilter] = {}
    """Ethernet filters for both directions, by identifier."""
    inactivity: int = 0
    """Seconds without a packet after which the SMF is told (TS 29.244 8.2.83); 0 is never."""


_DECODER: Final = msgspec.msgpack.Decoder(RuleSet)
_ENCODER: Final = msgspec.msgpack.Encoder()


def pack(rules: RuleSet) -> bytes:
    """The rules as octets."""
    return _ENCODER.encode(rules)


def unpack(octets: bytes) -> RuleSet:
    """The rules of `pack`, a copy of their own."""
    return _DECODER.decode(octets)
