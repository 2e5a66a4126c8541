"""Information elements of several fields (TS 29.244 8.2): the patterns are the octets from 5 on, bit 8 to bit 1."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp.table import (
    COUNTED8,
    COUNTED16,
    IPV4,
    IPV6,
    LABELS,
    REST,
    U8,
    U16,
    U24,
    U32,
    U40,
    U64,
    AnyOf,
    Bits,
    If,
    Layout,
    Tail,
    octets,
)


class FTEID(Layout, frozen=True):
    """Where a tunnel ends, or the wish that the UP function chooses it (TS 29.244 8.2.3)."""

    number = 21
    one_of = ("ipv4", "ipv6", "choose_ipv4", "choose_ipv6")

    teid: Annotated[int | None, U32, If(".....0..")] = None
    ipv4: Annotated[bytes | None, IPV4, If(".....0.1")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".....01.")] = None
    choose_ipv4: Annotated[bool, If(".....1.1")] = False
    choose_ipv6: Annotated[bool, If(".....11.")] = False
    choose_id: Annotated[int | None, U8, If("....11..")] = None


class SDFFilter(Layout, frozen=True):
    """A service data flow filter (TS 29.244 8.2.5)."""

    number = 23

    flow_description: Annotated[bytes | None, COUNTED16, If(".......1 ........")] = None
    tos_traffic_class: Annotated[int | None, U16, If("......1. ........")] = None
    security_parameter_index: Annotated[int | None, U32, If(".....1.. ........")] = None
    flow_label: Annotated[int | None, U24, If("....1... ........")] = None
    sdf_filter_id: Annotated[int | None, U32, If("...1.... ........")] = None


class GateStatus(Layout, frozen=True):
    """Whether packets may pass: 0 open, 1 closed (TS 29.244 8.2.7)."""

    number = 25

    ul_gate: Annotated[int, Bits("....xx..")]
    dl_gate: Annotated[int, Bits("......xx")]


class MBR(Layout, frozen=True):
    """Maximum bit rates in kbit/s (TS 29.244 8.2.8)."""

    number = 26

    ul_mbr: Annotated[int, U40]
    dl_mbr: Annotated[int, U40]


class GBR(Layout, frozen=True):
    """Guaranteed bit rates in kbit/s (TS 29.244 8.2.9)."""

    number = 27

    ul_gbr: Annotated[int, U40]
    dl_gbr: Annotated[int, U40]


class VolumeThreshold(Layout, frozen=True):
    """Octets after which to report (TS 29.244 8.2.13)."""

    number = 31
    one_of = ("total_volume", "uplink_volume", "downlink_volume")

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class SubsequentVolumeThreshold(Layout, frozen=True):
    """Octets after the monitoring time after which to report (TS 29.244 8.2.16)."""

    number = 34
    one_of = ("total_volume", "uplink_volume", "downlink_volume")

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class RedirectInformation(Layout, frozen=True):
    """Where to send traffic instead; type 0 IPv4, 1 IPv6, 2 URL, 3 SIP URI, 4 both (TS 29.244 8.2.20)."""

    number = 38

    address_type: Annotated[int, Bits("....xxxx")]
    address: Annotated[bytes, COUNTED16]
    other_address: Annotated[bytes | None, COUNTED16, Tail()] = None


class DownlinkDataServiceInformation(Layout, frozen=True):
    """Paging policy and QFI of the packet that waits (TS 29.244 8.2.27)."""

    number = 45

    paging_policy_indication: Annotated[int | None, U8, If(".......1")] = None
    qfi: Annotated[int | None, U8, If("......1.")] = None


class DLBufferingDuration(Layout, frozen=True):
    """How long to buffer (TS 29.244 8.2.29): unit 0 is 2 s, 1 one minute, 2 ten, 3 one hour, 4 ten, 7 without end."""

    number = 47

    unit: Annotated[int, Bits("xxx.....")]
    value: Annotated[int, Bits("...xxxxx")]


class Timer(Layout, frozen=True):
    """A length of time, units as in DLBufferingDuration (TS 29.244 8.2.35)."""

    number = 55

    unit: Annotated[int, Bits("xxx.....")]
    value: Annotated[int, Bits("...xxxxx")]


class FSEID(Layout, frozen=True):
    """A session's endpoint identifier and whose it is (TS 29.244 8.2.37)."""

    number = 57
    one_of = ("ipv4", "ipv6")

    seid: Annotated[int, U64]
    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None


class NodeID(Layout, frozen=True):
    """Who a PFCP entity is: an address or a domain name (TS 29.244 8.2.38)."""

    number = 60
    one_of = ("ipv4", "ipv6", "fqdn")

    ipv4: Annotated[bytes | None, IPV4, If("....0000")] = None
    ipv6: Annotated[bytes | None, IPV6, If("....0001")] = None
    fqdn: Annotated[str | None, LABELS, If("....0010")] = None


class VolumeMeasurement(Layout, frozen=True):
    """Octets and packets that passed (TS 29.244 8.2.44)."""

    number = 66

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None
    total_packets: Annotated[int | None, U64, If("....1...")] = None
    uplink_packets: Annotated[int | None, U64, If("...1....")] = None
    downlink_packets: Annotated[int | None, U64, If("..1.....")] = None


class DroppedDLTrafficThreshold(Layout, frozen=True):
    """Dropped packets and octets after which to report (TS 29.244 8.2.49)."""

    number = 72

    downlink_packets: Annotated[int | None, U64, If(".......1")] = None
    downlink_bytes: Annotated[int | None, U64, If("......1.")] = None


class VolumeQuota(Layout, frozen=True):
    """Octets that may pass (TS 29.244 8.2.50)."""

    number = 73
    one_of = ("total_volume", "uplink_volume", "downlink_volume")

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class OuterHeaderCreation(Layout, frozen=True):
    """The header to put before a packet (TS 29.244 8.2.56): with GTP-U a TEID, with UDP a port."""

    number = 84
    one_of = ("gtpu_ipv4", "gtpu_ipv6", "udp_ipv4", "udp_ipv6", "raw_ipv4", "raw_ipv6", "c_tag", "s_tag")

    gtpu_ipv4: Annotated[bool, If(".......1 ........")] = False
    gtpu_ipv6: Annotated[bool, If("......1. ........")] = False
    udp_ipv4: Annotated[bool, If(".....1.. ........")] = False
    udp_ipv6: Annotated[bool, If("....1... ........")] = False
    raw_ipv4: Annotated[bool, If("...1.... ........")] = False
    raw_ipv6: Annotated[bool, If("..1..... ........")] = False
    c_tag_flag: Annotated[bool, If(".1...... ........")] = False
    s_tag_flag: Annotated[bool, If("1....... ........")] = False
    n19_indication: Annotated[bool, If("........ .......1")] = False
    n6_indication: Annotated[bool, If("........ ......1.")] = False
    teid: Annotated[int | None, U32, AnyOf("......11 ........")] = None
    ipv4: Annotated[bytes | None, IPV4, AnyOf("...1.1.1 ........")] = None
    ipv6: Annotated[bytes | None, IPV6, AnyOf("..1.1.1. ........")] = None
    port: Annotated[int | None, U16, AnyOf("....11.. ........")] = None
    c_tag: Annotated[bytes | None, octets(3), AnyOf(".1...... ........")] = None
    s_tag: Annotated[bytes | None, octets(3), AnyOf("1....... ........")] = None


class UEIPAddress(Layout, frozen=True):
    """The UE's address, or the wish that the UP function chooses it (TS 29.244 8.2.62)."""

    number = 93

    ipv4: Annotated[bytes | None, IPV4, If("...0..1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If("..0....1")] = None
    destination: Annotated[bool, If(".....1..")] = False
    choose_ipv4: Annotated[bool, If("...1..0.")] = False
    choose_ipv6: Annotated[bool, If("..1....0")] = False
    ipv6_prefix_delegation_bits: Annotated[int | None, U8, If("....1...")] = None
    ipv6_prefix_length: Annotated[int | None, U8, If(".1......")] = None


class PacketRate(Layout, frozen=True):
    """Packets that may pass in a unit of time (TS 29.244 8.2.63)."""

    number = 94

    uplink_time_unit: Annotated[int | None, U8, If(".......1")] = None
    max_uplink: Annotated[int | None, U16, If(".......1")] = None
    downlink_time_unit: Annotated[int | None, U8, If("......1.")] = None
    max_downlink: Annotated[int | None, U16, If("......1.")] = None
    additional: Annotated[bytes | None, REST, If(".....1..")] = None


class OuterHeaderRemoval(Layout, frozen=True):
    """The header to take away: 0 GTP-U/UDP/IPv4, 1 GTP-U/UDP/IPv6, 6 GTP-U/UDP/IP (TS 29.244 8.2.64)."""

    number = 95

    description: Annotated[int, U8]
    gtpu_extension_header_deletion: Annotated[int | None, U8, Tail()] = None


class DLFlowLevelMarking(Layout, frozen=True):
    """Marks of downlink packets (TS 29.244 8.2.66)."""

    number = 97

    tos_traffic_class: Annotated[int | None, U16, If(".......1")] = None
    service_class_indicator: Annotated[int | None, U16, If("......1.")] = None


class HeaderEnrichment(Layout, frozen=True):
    """A header field to add; type 0 is HTTP (TS 29.244 8.2.67)."""

    number = 98

    header_type: Annotated[int, Bits("...xxxxx")]
    name: Annotated[bytes, COUNTED8]
    value: Annotated[bytes, COUNTED8]


class FlowInformation(Layout, frozen=True):
    """A flow description and its direction (TS 29.244 8.2.61)."""

    number = 92

    direction: Annotated[int, Bits(".....xxx")]
    flow_description: Annotated[bytes, COUNTED16]


class RemoteGTPUPeer(Layout, frozen=True):
    """A GTP-U peer by its address (TS 29.244 8.2.70)."""

    number = 103
    one_of = ("ipv4", "ipv6")

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
    destination_interface: Annotated[bytes | None, COUNTED16, If(".....1..")] = None
    network_instance: Annotated[bytes | None, COUNTED16, If("....1...")] = None


class GracefulReleasePeriod(Layout, frozen=True):
    """A length of time, units as in DLBufferingDuration (TS 29.244 8.2.78)."""

    number = 112

    unit: Annotated[int, Bits("xxx.....")]
    value: Annotated[int, Bits("...xxxxx")]


class FailedRuleID(Layout, frozen=True):
    """The rule that could not be stored (TS 29.244 8.2.80)."""

    number = 114
    one_of = ("pdr_id", "far_id", "qer_id", "urr_id", "bar_id")

    pdr_id: Annotated[int | None, U16, If("...00000")] = None
    far_id: Annotated[int | None, U32, If("...00001")] = None
    qer_id: Annotated[int | None, U32, If("...00010")] = None
    urr_id: Annotated[int | None, U32, If("...00011")] = None
    bar_id: Annotated[int | None, U8, If("...00100")] = None


class TimeQuotaMechanism(Layout, frozen=True):
    """Continuous or discrete time periods (TS 29.244 8.2.81)."""

    number = 115

    base_time_interval_type: Annotated[int, Bits("......xx")]
    base_time_interval: Annotated[int, U32]


class Multiplier(Layout, frozen=True):
    """A factor as two's complement digits and exponent (TS 29.244 8.2.84)."""

    number = 119

    value_digits: Annotated[int, U64]
    exponent: Annotated[int, U32]


class SubsequentVolumeQuota(Layout, frozen=True):
    """Octets that may pass after the monitoring time (TS 29.244 8.2.86)."""

    number = 121
    one_of = ("total_volume", "uplink_volume", "downlink_volume")

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class MACAddress(Layout, frozen=True):
    """Source and destination addresses or ranges of them (TS 29.244 8.2.93)."""

    number = 133
    one_of = ("source", "destination", "upper_source", "upper_destination")

    source: Annotated[bytes | None, octets(6), If(".......1")] = None
    destination: Annotated[bytes | None, octets(6), If("......1.")] = None
    upper_source: Annotated[bytes | None, octets(6), If(".....1..")] = None
    upper_destination: Annotated[bytes | None, octets(6), If("....1...")] = None


class CTAG(Layout, frozen=True):
    """A customer VLAN tag: which of its parts count, then the parts (TS 29.244 8.2.94)."""

    number = 134

    parts: Annotated[int, Bits(".....xxx")]
    tag: Annotated[bytes, octets(2)]


class STAG(Layout, frozen=True):
    """A service VLAN tag: which of its parts count, then the parts (TS 29.244 8.2.95)."""

    number = 135

    parts: Annotated[int, Bits(".....xxx")]
    tag: Annotated[bytes, octets(2)]


class UserID(Layout, frozen=True):
    """Identities of the user, digits as TBCD (TS 29.244 8.2.101)."""

    number = 141

    imsi: Annotated[bytes | None, COUNTED8, If(".......1")] = None
    imei: Annotated[bytes | None, COUNTED8, If("......1.")] = None
    msisdn: Annotated[bytes | None, COUNTED8, If(".....1..")] = None
    nai: Annotated[bytes | None, COUNTED8, If("....1...")] = None
    supi: Annotated[bytes | None, COUNTED8, If("...1....")] = None
    gpsi: Annotated[bytes | None, COUNTED8, If("..1.....")] = None
    pei: Annotated[bytes | None, COUNTED8, If(".1......")] = None


class AlternativeSMFIPAddress(Layout, frozen=True):
    """Another address of the same SMF or SMF set (TS 29.244 8.2.129)."""

    number = 178
    one_of = ("ipv4", "ipv6")

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
    preferred: Annotated[bool, If(".....1..")] = False


class CPPFCPEntityIPAddress(Layout, frozen=True):
    """An address of the CP function's PFCP entity (TS 29.244 8.2.135)."""

    number = 185
    one_of = ("ipv4", "ipv6")

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None


class SourceIPAddress(Layout, frozen=True):
    """An address or range the sender's messages come from (TS 29.244 8.2.138)."""

    number = 192
    one_of = ("ipv4", "ipv6")

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
    mask_prefix_length: Annotated[int | None, U8, If(".....1..")] = None


class PacketDelayThresholds(Layout, frozen=True):
    """Delays in milliseconds above which to report (TS 29.244 8.2.169)."""

    number = 245

    downlink: Annotated[int | None, U32, If(".......1")] = None
    uplink: Annotated[int | None, U32, If("......1.")] = None
    round_trip: Annotated[int | None, U32, If(".....1..")] = None


class QoSMonitoringMeasurement(Layout, frozen=True):
    """Measured delays in milliseconds (TS 29.244 8.2.171)."""

    number = 248

    measurement_failure: Annotated[bool, If("....1...")] = False
    downlink: Annotated[int | None, U32, If(".......1")] = None
    uplink: Annotated[int | None, U32, If("......1.")] = None
    round_trip: Annotated[int | None, U32, If(".....1..")] = None


class RequestedQoSMonitoring(Layout, frozen=True):
    """Which delays to measure (TS 29.244 8.2.167)."""

    number = 243

    downlink: Annotated[bool, If(".......1")] = False
    uplink: Annotated[bool, If("......1.")] = False
    round_trip: Annotated[bool, If(".....1..")] = False


class SNSSAI(Layout, frozen=True):
    """A slice; slice differentiator ffffff where it has none (TS 29.244 8.2.176)."""

    number = 257

    sst: Annotated[int, U8]
    sd: Annotated[int, U24]


class HPLMNSNSSAI(Layout, frozen=True):
    """The slice of the home network; slice differentiator ffffff where it has none (TS 29.244 8.2.232)."""

    number = 338

    sst: Annotated[int, U8]
    sd: Annotated[int, U24]


class OffendingIEInformation(Layout, frozen=True):
    """The IE that caused a partial failure, with its value (TS 29.244 8.2.185)."""

    number = 274

    ie_type: Annotated[int, U16]
    value: Annotated[bytes, REST]


class CPIPAddress(Layout, frozen=True):
    """An address of a CP function (TS 29.244 8.2.199)."""

    number = 292
    one_of = ("ipv4", "ipv6")

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None


class IPAddressAndPortNumberReplacement(Layout, frozen=True):
    """Addresses and ports to write into packets: destination, then source (TS 29.244 8.2.200)."""

    number = 293

    destination_ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    destination_ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None
    destination_port: Annotated[int | None, U16, If(".....1..")] = None
    source_ipv4: Annotated[bytes | None, IPV4, If("....1...")] = None
    source_ipv6: Annotated[bytes | None, IPV6, If("...1....")] = None
    source_port: Annotated[int | None, U16, If("..1.....")] = None


class DNSQueryFilter(Layout, frozen=True):
    """A pattern of names that a UE asks for (TS 29.244 8.2.201)."""

    number = 294

    pattern: Annotated[bytes, COUNTED16]
