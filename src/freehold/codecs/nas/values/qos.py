"""QoS rules and QoS flow descriptions (TS 24.501 9.11.4.12 and 9.11.4.13)."""

import msgspec

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U3,
    U4,
    U8,
    U16,
    Bits,
    Count,
    IfLeft,
    Length,
    Octets,
    Repeat,
    Rest,
    Sized,
    Spare,
    Switch,
    Value,
)
from freehold.codecs.nas.values.session import BitRate


class Ipv4Remote(Value, frozen=True):
    """An IPv4 address and its mask (TS 24.501 9.11.4.13)."""

    address: Annotated[bytes, Octets(4)]
    mask: Annotated[bytes, Octets(4)]


class Ipv6Prefix(Value, frozen=True):
    """An IPv6 address and the length of its prefix (TS 24.501 9.11.4.13)."""

    address: Annotated[bytes, Octets(16)]
    length: U8


class PortRange(Value, frozen=True):
    """Ports, the limits included (TS 24.501 9.11.4.13)."""

    low: U16
    high: U16


class TrafficClass(Value, frozen=True):
    """Type of service or traffic class, and its mask (TS 24.501 9.11.4.13)."""

    value: U8
    mask: U8


class MacRange(Value, frozen=True):
    """MAC addresses, the limits included (TS 24.501 9.11.4.13)."""

    low: Annotated[bytes, Octets(6)]
    high: Annotated[bytes, Octets(6)]


_FLOW_LABEL = Annotated[int, Spare(4), Bits(20)]
_VLAN = Annotated[int, Spare(4), Bits(12)]
_PRIORITY = Annotated[int, Spare(4), Bits(4)]
_MAC = Annotated[bytes, Octets(6)]

COMPONENTS = {
    0x01: Annotated[bytes, Octets(0)],  # match-all
    0x10: Ipv4Remote,  # IPv4 remote address
    0x11: Ipv4Remote,  # IPv4 local address
    0x21: Ipv6Prefix,  # IPv6 remote address/prefix
    0x23: Ipv6Prefix,  # IPv6 local address/prefix
    0x30: U8,  # protocol identifier/next header
    0x40: U16,  # single local port
    0x41: PortRange,  # local port range
    0x50: U16,  # single remote port
    0x51: PortRange,  # remote port range
    0x60: Annotated[int, Bits(32)],  # security parameter index
    0x70: TrafficClass,  # type of service/traffic class
    0x80: _FLOW_LABEL,  # flow label
    0x81: _MAC,  # destination MAC address
    0x82: _MAC,  # source MAC address
    0x83: _VLAN,  # 802.1Q C-TAG VID
    0x84: _VLAN,  # 802.1Q S-TAG VID
    0x85: _PRIORITY,  # 802.1Q C-TAG PCP/DEI
    0x86: _PRIORITY,  # 802.1Q S-TAG PCP/DEI
    0x87: U16,  # ethertype
    0x88: MacRange,  # destination MAC address range
    0x89: MacRange,  # source MAC address range
}
"""Packet filter components by their type identifier (TS 24.501 9.11.4.13)."""

MATCH_ALL = 0x01
ComponentValue = int | bytes | Ipv4Remote | Ipv6Prefix | PortRange | TrafficClass | MacRange


class Component(Value, frozen=True):
    """One component of a packet filter, as COMPONENTS tells (TS 24.501 9.11.4.13)."""

    kind: U8
    value: Annotated[ComponentValue, Switch("kind", COMPONENTS)] = b""


class PacketFilter(Value, frozen=True):
    """A packet filter: direction 1 downlink, 2 uplink, 3 both (TS 24.501 9.11.4.13)."""

    direction: Annotated[int, Spare(2), Bits(2)]
    identifier: U4
    components: Annotated[list[Component], Length(8), Repeat()]


class PacketFilterIdentifier(Value, frozen=True):
    """A packet filter to delete (TS 24.501 9.11.4.13)."""

    identifier: Annotated[int, Spare(4), Bits(4)]


CREATE, DELETE, ADD_FILTERS, REPLACE_FILTERS, DELETE_FILTERS, MODIFY = range(1, 7)
"""Rule operation codes (TS 24.501 9.11.4.13)."""


class QosRule(Value, frozen=True):
    """A QoS rule; precedence, segregation and QFI are there where its operation needs them (TS 24.501 9.11.4.13)."""

    identifier: U8
    operation: Annotated[int, Length(16), Bits(3)]
    default: U1
    packet_filters: Annotated[
        list[PacketFilter | PacketFilterIdentifier],
        Count(4),
        Repeat(counted=True),
        Switch("operation", {DELETE_FILTERS: PacketFilterIdentifier}, PacketFilter),
    ] = msgspec.field(default_factory=list)
    precedence: Annotated[int | None, IfLeft(), Bits(8)] = None
    segregation: Annotated[bool | None, IfLeft(), Spare(1), Bits(1)] = None
    qfi: Annotated[int | None, IfLeft(), Bits(6)] = None


QosRules = Annotated[list[QosRule], Repeat()]
"""QoS rules (TS 24.501 9.11.4.13)."""

FIVE_QI, GFBR_UPLINK, GFBR_DOWNLINK, MFBR_UPLINK, MFBR_DOWNLINK, AVERAGING_WINDOW, EPS_BEARER_IDENTITY = range(1, 8)
"""QoS flow parameter identifiers (TS 24.501 9.11.4.12)."""

_PARAMETERS = {
    FIVE_QI: U8,
    GFBR_UPLINK: BitRate,
    GFBR_DOWNLINK: BitRate,
    MFBR_UPLINK: BitRate,
    MFBR_DOWNLINK: BitRate,
    AVERAGING_WINDOW: U16,
    EPS_BEARER_IDENTITY: U8,
}


class FlowParameter(Value, frozen=True):
    """One parameter of a QoS flow (TS 24.501 9.11.4.12)."""

    identifier: U8
    value: Annotated[int | bytes | BitRate, Sized(8), Switch("identifier", _PARAMETERS, Annotated[bytes, Rest()])]


class QosFlowDescription(Value, frozen=True):
    """A QoS flow description: operation 1 create, 2 delete, 3 modify (TS 24.501 9.11.4.12)."""

    qfi: Annotated[int, Spare(2), Bits(6)]
    operation: U3
    all_parameters: Annotated[bool, Spare(5), Spare(1), Bits(1)] = False
    parameters: Annotated[list[FlowParameter], Count(6), Repeat(counted=True)] = msgspec.field(default_factory=list)

    def parameter(self, identifier: int) -> int | bytes | BitRate | None:
        """The value of the parameter, None when it is absent."""
        return next((found.value for found in self.parameters if found.identifier == identifier), None)


QosFlowDescriptions = Annotated[list[QosFlowDescription], Repeat()]
"""QoS flow descriptions (TS 24.501 9.11.4.12)."""


def default_rule(qfi: int, identifier: int = 1) -> QosRule:
    """The default QoS rule: matches all, both directions, last precedence (TS 24.501 6.2.5.1.1.2)."""
    everything = PacketFilter(3, 1, [Component(MATCH_ALL)])
    return QosRule(
        identifier, CREATE, default=True, packet_filters=[everything], precedence=255, segregation=False, qfi=qfi
    )
