"""The rules of a session as PFCP gave them, small enough to keep for every session (TS 29.244 5.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.core.upf.state.measuring import Urr
from freehold.services.userplane import Filter, Network


class Pdr(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A packet detection rule: what it finds, and the rules it points to (TS 29.244 5.2.1A)."""

    precedence: int
    uplink: bool
    filters: tuple[Filter, ...]
    qfis: tuple[int, ...]
    far: int
    qers: tuple[int, ...]
    urrs: tuple[int, ...]
    framed: tuple[Network, ...] = ()


class Far(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A forwarding action rule: its apply action, the tunnel it leads to, the mark of the tunnel (TS 29.244 5.2.3)."""

    action: int
    to_access: bool | None = None
    address: str | None = None
    teid: int = 0
    service: int = 0


class Qer(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A QoS enforcement rule: gates, maximum bit rates in bit/s, the flow it marks, and how (TS 29.244 5.4)."""

    uplink_closed: bool
    downlink_closed: bool
    uplink_rate: int = 0
    downlink_rate: int = 0
    qfi: int = 0
    reflective: bool = False


class RuleSet(msgspec.Struct, gc=False, array_like=True):
    """Everything a session's rules are compiled from; the keys are the identifiers of PFCP."""

    instance: int = 0
    ipv4: str | None = None
    ipv6: str | None = None
    pdrs: dict[int, Pdr] = {}
    fars: dict[int, Far] = {}
    qers: dict[int, Qer] = {}
    urrs: dict[int, Urr] = {}


_DECODER: Final = msgspec.msgpack.Decoder(RuleSet)
_ENCODER: Final = msgspec.msgpack.Encoder()


def pack(rules: RuleSet) -> bytes:
    """The rules as octets."""
    return _ENCODER.encode(rules)


def unpack(octets: bytes) -> RuleSet:
    """The rules of `pack`, a copy of their own."""
    return _DECODER.decode(octets)
