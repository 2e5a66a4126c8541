"""Multicast sessions that a UE asks for and is answered about (TS 24.501 9.11.4.30, 9.11.4.31)."""

from typing import Final

import msgspec

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U2,
    U3,
    U16,
    U24,
    U32,
    Bits,
    Count,
    IfLeft,
    Octets,
    OctetString,
    Plmn,
    Repeat,
    Sized,
    Spare,
    Switch,
    Value,
    When,
)
from freehold.codecs.nas.values.identity import TaiList
from freehold.codecs.nas.values.timer import GprsTimer3
from freehold.spec.identities import PlmnId

TMGI, IPV4, IPV6 = 1, 2, 3
"""Types of multicast MBS session identities (TS 24.501 9.11.4.30)."""
_THERE: Final = frozenset({1})


class Tmgi(Value, frozen=True):
    """Temporary mobile group identity (TS 24.008 10.5.6.13)."""

    service: U24
    plmn: Annotated[PlmnId | None, IfLeft(), Plmn()] = None


class MulticastIpv4(Value, frozen=True):
    """A source specific IPv4 multicast address (TS 24.501 9.11.4.30)."""

    source: Annotated[bytes, Octets(4)]
    destination: Annotated[bytes, Octets(4)]


class MulticastIpv6(Value, frozen=True):
    """A source specific IPv6 multicast address (TS 24.501 9.11.4.30)."""

    source: Annotated[bytes, Octets(16)]
    destination: Annotated[bytes, Octets(16)]


class MulticastRequest(Value, frozen=True):
    """A multicast session to join (1) or leave (2); kind TMGI, IPV4 or IPV6 (TS 24.501 9.11.4.30)."""

    operation: Annotated[int, Spare(4), Bits(2)]
    kind: U2
    session: Annotated[
        Tmgi | MulticastIpv4 | MulticastIpv6,
        Switch("kind", {TMGI: Annotated[Tmgi, Sized(8)], IPV4: MulticastIpv4, IPV6: MulticastIpv6}),
    ]


RequestedMbsContainer = Annotated[list[MulticastRequest], Repeat()]
"""Requested MBS container (TS 24.501 9.11.4.30)."""


class MbsTrafficKey(Value, frozen=True):
    """A traffic key of a multicast session, encrypted under its service key (TS 24.501 9.11.4.31)."""

    identity: U16
    encrypted: Annotated[bytes, Octets(16)]


class MbsSecurityKeySet(Value, frozen=True):
    """The keys of a multicast session's key domain (TS 24.501 9.11.4.31, TS 33.501 Annex W)."""

    has_traffic_key: Annotated[bool, Spare(7), Bits(1)]
    key_domain: U24
    service_key_identity: U32
    service_key: Annotated[bytes, Octets(16)]
    traffic_key: Annotated[MbsTrafficKey | None, When("has_traffic_key", _THERE)] = None


class MbsSecurityContainer(Value, frozen=True):
    """The keys of a multicast session (TS 24.501 9.11.4.31)."""

    key_sets: Annotated[list[MbsSecurityKeySet], Count(8), Repeat(counted=True)]


_Timer = Annotated[
    int | GprsTimer3 | None,
    When("timer_kind", frozenset({1, 2})),
    Switch("timer_kind", {1: Annotated[int, Bits(48)], 2: GprsTimer3}),
]
_Address = Annotated[
    MulticastIpv4 | MulticastIpv6 | None,
    When("has_address", _THERE),
    Switch("is_ipv6", {0: MulticastIpv4, 1: MulticastIpv6}),
]
_Security = Annotated[MbsSecurityContainer | None, When("has_security", _THERE)]


class MbsEverywhere(Value, frozen=True):
    """What a UE is told of a session without a service area (TS 24.501 9.11.4.31).

    `timer` is the session's start in the seconds and fraction of NTP (kind 1), or how long not to ask again (kind 2).
    """

    is_ipv6: Annotated[bool, Spare(3), Bits(1)]
    has_security: U1
    timer_kind: U2
    has_address: U1
    session: Annotated[Tmgi, Sized(8)]
    address: _Address = None
    timer: _Timer = None
    security: _Security = None


class MbsInTrackingAreas(Value, frozen=True):
    """What a UE is told of a session that is served in tracking areas (TS 24.501 9.11.4.31)."""

    is_ipv6: Annotated[bool, Spare(3), Bits(1)]
    has_security: U1
    timer_kind: U2
    has_address: U1
    session: Annotated[Tmgi, Sized(8)]
    address: _Address = None
    tai_list: Annotated[TaiList, Sized(8)] = msgspec.field(default_factory=list)
    timer: _Timer = None
    security: _Security = None


class MbsInCells(Value, frozen=True):
    """What a UE is told of a session that is served in cells; `more` begins with these (TS 24.501 9.11.4.31)."""

    is_ipv6: Annotated[bool, Spare(3), Bits(1)]
    has_security: U1
    timer_kind: U2
    has_address: U1
    session: Annotated[Tmgi, Sized(8)]
    address: _Address = None
    more: OctetString = b""


class ReceivedMbsInformation(Value, frozen=True):
    """The answer about one multicast session; decision 2 is accepted, 3 rejected (TS 24.501 9.11.4.31)."""

    rejection_cause: U3
    service_area: U2
    decision: U3
    information: Annotated[
        MbsEverywhere | MbsInTrackingAreas | MbsInCells,
        Switch("service_area", {0: MbsEverywhere, 1: MbsInTrackingAreas}, MbsInCells),
    ]


ReceivedMbsContainer = Annotated[list[ReceivedMbsInformation], Repeat()]
"""Received MBS container (TS 24.501 9.11.4.31)."""
