"""5GSM values of sessions shared, relayed, steered or mapped (TS 24.501 9.11.4)."""

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
    OctetString,
    Plmn,
    Repeat,
    Rest,
    Sized,
    Spare,
    Switch,
    Value,
    When,
)
from freehold.codecs.nas.values.qos import PortRange
from freehold.spec.identities import PlmnId

MacAddressOctets = Annotated[bytes, Octets(6)]
EthernetHeaderCompression = Annotated[int, Spare(6), Bits(2)]
"""Ethernet header compression configuration: 0 not used, 1 CIDs of 7 bits, 2 of 15 (TS 24.501 9.11.4.28)."""


class EpsParameter(Value, frozen=True):
    """One parameter of a mapped EPS bearer, in the coding of TS 24.301 9.9.4 (TS 24.501 9.11.4.8)."""

    identifier: U8
    value: Annotated[bytes, Sized(8), Rest()]


class EpsBearerContext(Value, frozen=True):
    """A mapped EPS bearer context: operation 1 create, 2 delete, 3 modify (TS 24.501 9.11.4.8)."""

    identity: U4
    operation: Annotated[int, Spare(4), Length(16), Bits(2)]
    all_parameters: Annotated[bool, Spare(1), Bits(1)]
    parameters: Annotated[list[EpsParameter], Count(4), Repeat(counted=True)]


MappedEpsBearerContexts = Annotated[list[EpsBearerContext], Repeat(11)]
"""Mapped EPS bearer contexts (TS 24.501 9.11.4.8)."""


class AtsssParameter(Value, frozen=True):
    """An ATSSS parameter: 1 ATSSS rules, 2 network steering functionalities, 3 measurement (TS 24.193 6.1.3)."""

    identifier: U8
    contents: Annotated[bytes, Sized(16), Rest()]


AtsssContainer = Annotated[list[AtsssParameter], Repeat()]
"""ATSSS container (TS 24.501 9.11.4.22)."""


class SessionNetworkFeatureSupport(Value, frozen=True):
    """5GSM network feature support: Ethernet in S1 mode (TS 24.501 9.11.4.18)."""

    ethernet_s1: Annotated[bool, Spare(7), Bits(1)]
    more: OctetString = b""


class HeaderCompression(Value, frozen=True):
    """IP header compression configuration: ROHC profiles, a bit each, and CIDs (TS 24.501 9.11.4.24).

    `additional` are context setup parameters of `additional_type`, as TS 24.301 9.9.4.22 has them.
    """

    profiles: Annotated[int, Spare(1), Bits(7)]
    maximum_cid: U16
    additional_type: Annotated[int | None, IfLeft(), Bits(8)] = None
    additional: OctetString = b""


class RemoteUeContext(Value, frozen=True):
    """A UE behind a relay: protocol 1 IPv4, 2 IPv6, 4 unstructured, 5 Ethernet (TS 24.501 9.11.4.29)."""

    short_identity: Annotated[bool, Length(8), Spare(4), Bits(1)]
    identity_type: U3
    identity: Annotated[bytes, Sized(8), Rest()]
    has_udp_ports: Annotated[bool, Spare(3), Bits(1)]
    has_tcp_ports: U1
    protocol: U3
    address: Annotated[
        bytes,
        Switch(
            "protocol",
            {
                1: Annotated[bytes, Octets(4)],
                2: Annotated[bytes, Octets(8)],
                5: Annotated[bytes, Octets(6)],
            },
            Annotated[bytes, Octets(0)],
        ),
    ]
    udp_ports: Annotated[PortRange | None, When("has_udp_ports", frozenset({1}))] = None
    tcp_ports: Annotated[PortRange | None, When("has_tcp_ports", frozenset({1}))] = None
    home_plmn: Annotated[PlmnId | None, IfLeft(), Plmn()] = None


class RemoteUeContexts(Value, frozen=True):
    """Remote UE context list (TS 24.501 9.11.4.29)."""

    contexts: Annotated[list[RemoteUeContext], Count(8), Repeat(counted=True)]
    more: OctetString = b""


ResidenceTime = Annotated[int, Bits(64)]
"""UE-DS-TT residence time, in the unit of IEEE 802.1AS (TS 24.501 9.11.4.26)."""
ServingPlmnRateControl = U16
"""How many uplink messages in six minutes (TS 24.501 9.11.4.20, TS 24.301 9.9.4.28)."""
