"""Access traffic steering, switching and splitting: its IEs and rules (TS 29.244 5.20, 7.5.2.8 and 8.2.123 on)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp.table import (
    COUNTED8,
    IE,
    IPV4,
    IPV6,
    U8,
    U16,
    AnyOf,
    Bits,
    C,
    CList,
    Group,
    If,
    Layout,
    M,
    MList,
    O,
    flags,
    octets,
)

MARID = Annotated[int, IE(170, U16, "8.2.123")]
SteeringFunctionality = Annotated[int, IE(171, Bits("....xxxx"), "8.2.124")]
SteeringMode = Annotated[int, IE(172, Bits("....xxxx"), "8.2.125")]
Weight = Annotated[int, IE(173, U8, "8.2.126")]
Priority = Annotated[int, IE(174, Bits("....xxxx"), "8.2.127")]
RequestedAccessAvailabilityInformation = Annotated[int, IE(217, flags(1, 1), "8.2.152")]
MPTCPControlInformation = Annotated[int, IE(222, flags(1, 1), "8.2.154")]
ATSSSLLControlInformation = Annotated[int, IE(223, flags(1, 1), "8.2.155")]
ATSSSLLInformation = Annotated[int, IE(231, flags(1, 1), "8.2.160")]
MPTCPApplicableIndication = Annotated[int, IE(265, flags(1, 1), "8.2.181")]
SteeringModeIndicator = Annotated[int, IE(289, flags(1, 1), "8.2.197")]
MPQUICControlInformation = Annotated[int, IE(330, flags(1, 1), "8.2.225")]
TransportMode = Annotated[int, IE(333, Bits("....xxxx"), "8.2.227")]


class AccessAvailabilityInformation(Layout, frozen=True):
    """Whether an access is there: type 0 3GPP, 1 non-3GPP; status 0 unavailable, 1 available (TS 29.244 8.2.153)."""

    number = 219

    access_type: Annotated[int, Bits("......xx")]
    availability_status: Annotated[int, Bits("....xx..")]


class PMFControlInformation(Layout, frozen=True):
    """What the performance measurement function has to do, and for which QFIs (TS 29.244 8.2.156)."""

    number = 224

    pmfi: Annotated[bool, If(".......1")] = False
    drtti: Annotated[bool, If("......1.")] = False
    qfis: Annotated[bytes | None, COUNTED8, If(".....1..")] = None


class MPTCPAddressInformation(Layout, frozen=True):
    """The address of the MPTCP proxy; type 0 is the transport converter (TS 29.244 8.2.157)."""

    number = 228
    one_of = ("ipv4", "ipv6")

    proxy_type: Annotated[int, U8]
    proxy_port: Annotated[int, U16]
    ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None


class MPQUICAddressInformation(Layout, frozen=True):
    """The address of the MPQUIC proxy; type as in TS 24.193 6.1.4 (TS 29.244 8.2.226)."""

    number = 332

    proxy_type: Annotated[int, U8, If("........")]
    proxy_port: Annotated[int, U16]
    ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None


class UELinkSpecificIPAddress(Layout, frozen=True):
    """The UE's addresses on either access (TS 29.244 8.2.158)."""

    number = 229

    ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None
    non_3gpp_ipv4: Annotated[bytes | None, IPV4, If(".....1..")] = None
    non_3gpp_ipv6: Annotated[bytes | None, IPV6, If("....1...")] = None


class PMFAddressInformation(Layout, frozen=True):
    """Where the performance measurement function is reached over either access (TS 29.244 8.2.159)."""

    number = 230

    ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None
    port: Annotated[int | None, U16, AnyOf("......11")] = None
    non_3gpp_port: Annotated[int | None, U16, AnyOf("......11")] = None
    mac_address: Annotated[bytes | None, octets(6), If(".....1..")] = None
    non_3gpp_mac_address: Annotated[bytes | None, octets(6), If(".....1..")] = None


class Thresholds(Layout, frozen=True):
    """Round-trip time in milliseconds and packet loss in per cent at which to switch (TS 29.244 8.2.196)."""

    number = 288

    round_trip_time: Annotated[int | None, U16, If(".......1")] = None
    packet_loss_rate: Annotated[int | None, U8, If("......1.")] = None


class AccessForwardingActionInformation(Group, frozen=True):
    """Where one access's packets go, and with what share: common to both accesses (TS 29.244 7.5.2.8)."""

    far_id: M[e.FARID]
    weight: C[Weight] = None
    priority: C[Priority] = None
    urr_id: CList[e.URRID] = ()
    rat_type: O[e.RATType] = None


class TGPPAccessForwardingActionInformation(AccessForwardingActionInformation, frozen=True):
    """The 3GPP access's share (TS 29.244 7.5.2.8)."""

    number = 166


class NonTGPPAccessForwardingActionInformation(AccessForwardingActionInformation, frozen=True):
    """The non-3GPP access's share (TS 29.244 7.5.2.8)."""

    number = 167


class UpdateAccessForwardingActionInformation(Group, frozen=True):
    """Changes of one access's share: common to both accesses (TS 29.244 7.5.4.16)."""

    far_id: C[e.FARID] = None
    weight: C[Weight] = None
    priority: C[Priority] = None
    urr_id: CList[e.URRID] = ()
    rat_type: O[e.RATType] = None


class UpdateTGPPAccessForwardingActionInformation(UpdateAccessForwardingActionInformation, frozen=True):
    """Changes of the 3GPP access's share (TS 29.244 7.5.4.16)."""

    number = 175
    updates = True


class UpdateNonTGPPAccessForwardingActionInformation(UpdateAccessForwardingActionInformation, frozen=True):
    """Changes of the non-3GPP access's share (TS 29.244 7.5.4.16)."""

    number = 176
    updates = True


class CreateMAR(Group, frozen=True):
    """How packets are shared between accesses (TS 29.244 7.5.2.8)."""

    number = 165

    mar_id: M[MARID]
    steering_functionality: M[SteeringFunctionality]
    steering_mode: M[SteeringMode]
    tgpp_access_forwarding_action_information: C[TGPPAccessForwardingActionInformation] = None
    non_tgpp_access_forwarding_action_information: C[NonTGPPAccessForwardingActionInformation] = None
    thresholds: C[Thresholds] = None
    steering_mode_indicator: C[SteeringModeIndicator] = None
    transport_mode: C[TransportMode] = None


class RemoveMAR(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.15)."""

    number = 168

    mar_id: M[MARID]


class UpdateMAR(Group, frozen=True):
    """Changes of how packets are shared (TS 29.244 7.5.4.16)."""

    number = 169
    updates = True

    mar_id: M[MARID]
    steering_functionality: C[SteeringFunctionality] = None
    steering_mode: C[SteeringMode] = None
    update_tgpp_access_forwarding_action_information: C[UpdateTGPPAccessForwardingActionInformation] = None
    update_non_tgpp_access_forwarding_action_information: C[UpdateNonTGPPAccessForwardingActionInformation] = None
    tgpp_access_forwarding_action_information: C[TGPPAccessForwardingActionInformation] = None
    non_tgpp_access_forwarding_action_information: C[NonTGPPAccessForwardingActionInformation] = None
    thresholds: C[Thresholds] = None
    steering_mode_indicator: C[SteeringModeIndicator] = None
    transport_mode: C[TransportMode] = None


class AccessAvailabilityControlInformation(Group, frozen=True):
    """Whether to report accesses that come and go (TS 29.244 7.5.2.9)."""

    number = 216

    requested_access_availability_information: M[RequestedAccessAvailabilityInformation]


class AccessAvailabilityReport(Group, frozen=True):
    """Accesses that came or went (TS 29.244 7.5.8.6)."""

    number = 218

    access_availability_information: MList[AccessAvailabilityInformation]


class ProvideATSSSControlInformation(Group, frozen=True):
    """Which steering functions the session needs (TS 29.244 7.5.2.10)."""

    number = 220

    mptcp_control_information: C[MPTCPControlInformation] = None
    atsss_ll_control_information: C[ATSSSLLControlInformation] = None
    pmf_control_information: C[PMFControlInformation] = None
    mpquic_control_information: C[MPQUICControlInformation] = None


class MPTCPParameters(Group, frozen=True):
    """What the UE needs for MPTCP (TS 29.244 7.5.3.7)."""

    number = 225

    mptcp_address_information: M[MPTCPAddressInformation]
    ue_link_specific_ip_address: M[UELinkSpecificIPAddress]


class MPQUICParameters(Group, frozen=True):
    """What the UE needs for MPQUIC (TS 29.244 7.5.3.7)."""

    number = 331

    mpquic_address_information: M[MPQUICAddressInformation]
    mpquic_link_specific_ip_address: M[UELinkSpecificIPAddress]


class ATSSSLLParameters(Group, frozen=True):
    """What the UE needs for steering below IP (TS 29.244 7.5.3.7)."""

    number = 226

    atsss_ll_information: M[ATSSSLLInformation]


class PMFParameters(Group, frozen=True):
    """What the UE needs for measurements (TS 29.244 7.5.3.7)."""

    number = 227

    pmf_address_information: MList[PMFAddressInformation]
    qfi: O[e.QFI] = None


class ATSSSControlParameters(Group, frozen=True):
    """What the UP function chose for the steering functions (TS 29.244 7.5.3.7)."""

    number = 221

    mptcp_parameters: C[MPTCPParameters] = None
    atsss_ll_parameters: C[ATSSSLLParameters] = None
    pmf_parameters: CList[PMFParameters] = ()
    mpquic_parameters: C[MPQUICParameters] = None
