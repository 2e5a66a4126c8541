"""L2TP towards a network server, and redundant tunnels of N3 and N9 (TS 29.244 5.24.2 and 5.31)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp.table import (
    COUNTED8,
    IE,
    REST,
    TEXT,
    U8,
    U16,
    U24,
    Bits,
    C,
    Group,
    If,
    Layout,
    M,
    O,
    OList,
    flags,
)

# Addresses of 4 or 16 octets: their length says which
LNSAddress = Annotated[bytes, IE(280, REST, "8.2.188")]
TunnelPreference = Annotated[int, IE(281, U24, "8.2.189")]
CallingNumber = Annotated[str, IE(282, TEXT, "8.2.190")]
CalledNumber = Annotated[str, IE(283, TEXT, "8.2.191")]
L2TPSessionIndications = Annotated[int, IE(284, flags(1, 1), "8.2.192")]
DNSServerAddress = Annotated[bytes, IE(285, REST, "8.2.193")]
NBNSServerAddress = Annotated[bytes, IE(286, REST, "8.2.194")]
MaximumReceiveUnit = Annotated[int, IE(287, U16, "8.2.195")]
TunnelPassword = Annotated[bytes, IE(313, REST, "8.2.212")]


class L2TPUserAuthentication(Layout, frozen=True):
    """What a proxy already knows of the user; types of RFC 2661 4.4.5, 1 to 5 (TS 29.244 8.2.187)."""

    number = 278

    proxy_authen_type: Annotated[int, Bits("........ xxxxxxxx ........")]
    proxy_authen_name: Annotated[bytes | None, COUNTED8, If("........ ........ .......1")] = None
    proxy_authen_challenge: Annotated[bytes | None, COUNTED8, If("........ ........ ......1.")] = None
    proxy_authen_response: Annotated[bytes | None, COUNTED8, If("........ ........ .....1..")] = None
    proxy_authen_id: Annotated[int | None, U8, If("........ ........ ....1...")] = None


class L2TPTunnelInformation(Group, frozen=True):
    """The network server to reach (TS 29.244 7.5.2.1)."""

    number = 276

    lns_address: M[LNSAddress]
    tunnel_password: O[TunnelPassword] = None
    tunnel_preference: C[TunnelPreference] = None


class L2TPSessionInformation(Group, frozen=True):
    """The call to make there (TS 29.244 7.5.2.1)."""

    number = 277

    calling_number: O[CallingNumber] = None
    called_number: O[CalledNumber] = None
    maximum_receive_unit: O[MaximumReceiveUnit] = None
    l2tp_session_indications: C[L2TPSessionIndications] = None
    l2tp_user_authentication: O[L2TPUserAuthentication] = None


class CreatedL2TPSession(Group, frozen=True):
    """What the network server gave (TS 29.244 7.5.3.1)."""

    number = 279

    dns_server_address: OList[DNSServerAddress] = ()
    nbns_server_address: OList[NBNSServerAddress] = ()
    lns_address: O[LNSAddress] = None


class RedundantTransmissionDetectionParameters(Group, frozen=True):
    """The second tunnel of packets sent twice (TS 29.244 7.5.2.2)."""

    number = 255

    local_f_teid: M[v.FTEID]
    network_instance: C[e.NetworkInstance] = None


class RedundantTransmissionForwardingParameters(Group, frozen=True):
    """Where the second copy goes (TS 29.244 7.5.2.3)."""

    number = 270

    outer_header_creation: M[v.OuterHeaderCreation]
    network_instance: C[e.NetworkInstance] = None


class TransportDelayReporting(Group, frozen=True):
    """The path before, whose delay counts too (TS 29.244 7.5.2.2)."""

    number = 271

    preceding_ul_gtp_u_peer: M[v.RemoteGTPUPeer]
    transport_level_marking: OList[e.TransportLevelMarking] = ()
