"""Multicast and broadcast: IP multicast of a session, and 5MBS over N4 and N4mb (TS 29.244 5.25 and 5.34)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp.table import (
    IE,
    IPV4,
    IPV6,
    REST,
    U16,
    AnyOf,
    C,
    CList,
    Filters,
    Group,
    If,
    Layout,
    M,
    MList,
    O,
    OList,
    flags,
    octets,
)

# Common tunnel endpoint, distribution and source address; kept as they are coded
MulticastTransportInformation = Annotated[bytes, IE(306, REST, "8.2.207")]
MBSN4mbReqFlags = Annotated[int, IE(307, flags(1, 1), "8.2.208")]
MBSUnicastParametersID = Annotated[int, IE(309, U16, "8.2.210")]
MBSN4RespFlags = Annotated[int, IE(312, flags(1, 1), "8.2.211")]
AreaSessionID = Annotated[int, IE(314, U16, "8.2.213")]


class IPMulticastAddress(Layout, frozen=True):
    """An IP multicast address, a range of them, or any (TS 29.244 8.2.137)."""

    number = 191
    one_of = ("ipv4", "ipv6", "any_address")

    ipv4: Annotated[bytes | None, IPV4, If("....0.1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If("....0..1")] = None
    last_ipv4: Annotated[bytes | None, IPV4, If("....011.")] = None
    last_ipv6: Annotated[bytes | None, IPV6, If("....01.1")] = None
    any_address: Annotated[bool, If("....1...")] = False


class MBSSessionIdentifier(Layout, frozen=True):
    """The TMGI, a source specific multicast address and the NID; the latter two kept as coded (TS 29.244 8.2.206)."""

    number = 305

    tmgi: Annotated[bytes | None, octets(6), If(".......1")] = None
    source_specific: Annotated[bool, If("......1.")] = False
    non_public: Annotated[bool, If(".....1..")] = False
    rest: Annotated[bytes | None, REST, AnyOf(".....11.")] = None


class LocalIngressTunnel(Layout, frozen=True):
    """Where multicast data comes in, or the wish that the UP function chooses it (TS 29.244 8.2.209)."""

    number = 308
    one_of = ("ipv4", "ipv6", "choose_ipv4", "choose_ipv6")

    udp_port: Annotated[int | None, U16, If(".....0..")] = None
    ipv4: Annotated[bytes | None, IPV4, If(".....0.1")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".....01.")] = None
    choose_ipv4: Annotated[bool, If(".....1.1")] = False
    choose_ipv6: Annotated[bool, If(".....11.")] = False


class IPMulticastAddressingInfo(Group, frozen=True):
    """Which multicast traffic a rule is about (TS 29.244 7.5.2.2)."""

    number = 188

    ip_multicast_address: M[IPMulticastAddress]
    source_ip_address: Filters[v.SourceIPAddress] = ()


class JoinIPMulticastInformation(Group, frozen=True):
    """A group that the UE joined (TS 29.244 7.5.8.3)."""

    number = 189

    ip_multicast_address: M[IPMulticastAddress]
    source_ip_address: CList[v.SourceIPAddress] = ()


class LeaveIPMulticastInformation(Group, frozen=True):
    """A group that the UE left (TS 29.244 7.5.8.3)."""

    number = 190

    ip_multicast_address: M[IPMulticastAddress]
    source_ip_address: CList[v.SourceIPAddress] = ()


class MBSSessionN4mbControlInformation(Group, frozen=True):
    """The MBS session of the MB-SMF (TS 29.244 7.5.2.1)."""

    number = 300

    mbs_session_identifier: M[MBSSessionIdentifier]
    area_session_id: C[AreaSessionID] = None
    mbsn4mbreq_flags: C[MBSN4mbReqFlags] = None
    multicast_transport_information: C[MulticastTransportInformation] = None


class MBSMulticastParameters(Group, frozen=True):
    """Where multicast copies go (TS 29.244 7.5.2.3)."""

    number = 301

    destination_interface: M[e.DestinationInterface]
    outer_header_creation: M[v.OuterHeaderCreation]
    network_instance: O[e.NetworkInstance] = None
    transport_level_marking: C[e.TransportLevelMarking] = None
    destination_interface_type: OList[e.TGPPInterfaceType] = ()


class AddMBSUnicastParameters(Group, frozen=True):
    """Where a unicast copy goes (TS 29.244 7.5.2.3)."""

    number = 302

    destination_interface: M[e.DestinationInterface]
    mbs_unicast_parameters_id: M[MBSUnicastParametersID]
    outer_header_creation: M[v.OuterHeaderCreation]
    network_instance: O[e.NetworkInstance] = None
    transport_level_marking: C[e.TransportLevelMarking] = None
    destination_interface_type: O[e.TGPPInterfaceType] = None


class MBSSessionN4mbInformation(Group, frozen=True):
    """What the MB-UPF chose (TS 29.244 7.5.3.1)."""

    number = 303

    multicast_transport_information: C[MulticastTransportInformation] = None


class RemoveMBSUnicastParameters(Group, frozen=True):
    """A unicast copy to end (TS 29.244 7.5.4.3)."""

    number = 304

    mbs_unicast_parameters_id: M[MBSUnicastParametersID]


class MBSSessionN4ControlInformation(Group, frozen=True):
    """An MBS session that the PDU session joins (TS 29.244 7.5.2.1)."""

    number = 310

    mbs_session_identifier: M[MBSSessionIdentifier]
    area_session_id: C[AreaSessionID] = None
    multicast_transport_information: C[MulticastTransportInformation] = None


class MBSSessionN4Information(Group, frozen=True):
    """What the UPF answers about an MBS session (TS 29.244 7.5.3.1)."""

    number = 311

    mbs_session_identifier: MList[MBSSessionIdentifier]
    area_session_id: C[AreaSessionID] = None
    n19mb_dl_tunnel_id: C[v.FTEID] = None
    mbsn4resp_flags: C[MBSN4RespFlags] = None
