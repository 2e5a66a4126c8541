"""Information elements of several fields (TS 29.244 8.2): the patterns are the octets from 5 on, bit 8 to bit 1."""

from typing import Annotated

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


class FTEID(Layout):
    """Where a tunnel ends, or the wish that the UP function chooses it (TS 29.244 8.2.3)."""

    number = 21
    any_field = True

    teid: Annotated[int | None, U32, If(".....0..")] = None
    ipv4: Annotated[bytes | None, IPV4, If(".....0.1")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".....01.")] = None
    choose_ipv4: Annotated[bool, If(".....1.1")] = False
    choose_ipv6: Annotated[bool, If(".....11.")] = False
    choose_id: Annotated[int | None, U8, If("....11..")] = None


class SDFFilter(Layout):
    """A service data flow filter (TS 29.244 8.2.5)."""

    number = 23

    flow_description: Annotated[bytes | None, COUNTED16, If(".......1 ........")] = None
    tos_traffic_class: Annotated[int | None, U16, If("......1. ........")] = None
    security_parameter_index: Annotated[int | None, U32, If(".....1.. ........")] = None
    flow_label: Annotated[int | None, U24, If("....1... ........")] = None
    sdf_filter_id: Annotated[int | None, U32, If("...1.... ........")] = None


class GateStatus(Layout):
    """Whether packets may pass: 0 open, 1 closed (TS 29.244 8.2.7)."""

    number = 25

    ul_gate: Annotated[int, Bits("....xx..")]
    dl_gate: Annotated[int, Bits("......xx")]


class MBR(Layout):
    """Maximum bit rates in kbit/s (TS 29.244 8.2.8)."""

    number = 26

    ul_mbr: Annotated[int, U40]
    dl_mbr: Annotated[int, U40]


class GBR(Layout):
    """Guaranteed bit rates in kbit/s (TS 29.244 8.2.9)."""

    number = 27

    ul_gbr: Annotated[int, U40]
    dl_gbr: Annotated[int, U40]


class VolumeThreshold(Layout):
    """Octets after which to report (TS 29.244 8.2.13)."""

    number = 31
    any_field = True

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class SubsequentVolumeThreshold(Layout):
    """Octets after the monitoring time after which to report (TS 29.244 8.2.16)."""

    number = 34
    any_field = True

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class RedirectInformation(Layout):
    """Where to send traffic instead; type 0 IPv4, 1 IPv6, 2 URL, 3 SIP URI, 4 both (TS 29.244 8.2.20)."""

    number = 38

    address_type: Annotated[int, Bits("....xxxx")]
    address: Annotated[bytes, COUNTED16]
    other_address: Annotated[bytes | None, COUNTED16, Tail()] = None


class DownlinkDataServiceInformation(Layout):
    """Paging policy and QFI of the packet that waits (TS 29.244 8.2.27)."""

    number = 45

    paging_policy_indication: Annotated[int | None, U8, If(".......1")] = None
    qfi: Annotated[int | None, U8, If("......1.")] = None


class DLBufferingDuration(Layout):
    """How long to buffer; unit 0 two seconds, 1 minute, 2 ten minutes, 3 hour, 4 ten hours, 7 endless (TS 29.244 8.2.29)."""

    number = 47

    unit: Annotated[int, Bits("xxx.....")]
    value: Annotated[int, Bits("...xxxxx")]


class Timer(Layout):
    """A length of time, units as in DLBufferingDuration (TS 29.244 8.2.35)."""

    number = 55

    unit: Annotated[int, Bits("xxx.....")]
    value: Annotated[int, Bits("...xxxxx")]


class FSEID(Layout):
    """A session's endpoint identifier and whose it is (TS 29.244 8.2.37)."""

    number = 57
    any_field = True

    seid: Annotated[int, U64]
    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None


class NodeID(Layout):
    """Who a PFCP entity is: an address or a domain name (TS 29.244 8.2.38)."""

    number = 60
    any_field = True

    ipv4: Annotated[bytes | None, IPV4, If("....0000")] = None
    ipv6: Annotated[bytes | None, IPV6, If("....0001")] = None
    fqdn: Annotated[str | None, LABELS, If("....0010")] = None


class VolumeMeasurement(Layout):
    """Octets and packets that passed (TS 29.244 8.2.44)."""

    number = 66

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None
    total_packets: Annotated[int | None, U64, If("....1...")] = None
    uplink_packets: Annotated[int | None, U64, If("...1....")] = None
    downlink_packets: Annotated[int | None, U64, If("..1.....")] = None


class DroppedDLTrafficThreshold(Layout):
    """Dropped packets and octets after which to report (TS 29.244 8.2.49)."""

    number = 72

    downlink_packets: Annotated[int | None, U64, If(".......1")] = None
    downlink_bytes: Annotated[int | None, U64, If("......1.")] = None


class VolumeQuota(Layout):
    """Octets that may pass (TS 29.244 8.2.50)."""

    number = 73
    any_field = True

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class OuterHeaderCreation(Layout):
    """The header to put before a packet (TS 29.244 8.2.56): with GTP-U a TEID, with UDP a port."""

    number = 84
    any_field = True

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


class UEIPAddress(Layout):
    """The UE's address, or the wish that the UP function chooses it (TS 29.244 8.2.62)."""

    number = 93

    ipv4: Annotated[bytes | None, IPV4, If("...0..1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If("..0....1")] = None
    destination: Annotated[bool, If(".....1..")] = False
    choose_ipv4: Annotated[bool, If("...1..0.")] = False
    choose_ipv6: Annotated[bool, If("..1....0")] = False
    ipv6_prefix_delegation_bits: Annotated[int | None, U8, If("....1...")] = None
    ipv6_prefix_length: Annotated[int | None, U8, If(".1......")] = None


class PacketRate(Layout):
    """Packets that may pass in a unit of time (TS 29.244 8.2.63)."""

    number = 94

    uplink_time_unit: Annotated[int | None, U8, If(".......1")] = None
    max_uplink: Annotated[int | None, U16, If(".......1")] = None
    downlink_time_unit: Annotated[int | None, U8, If("......1.")] = None
    max_downlink: Annotated[int | None, U16, If("......1.")] = None
    additional: Annotated[bytes | None, REST, If(".....1..")] = None


class OuterHeaderRemoval(Layout):
    """The header to take away: 0 GTP-U/UDP/IPv4, 1 GTP-U/UDP/IPv6, 6 GTP-U/UDP/IP (TS 29.244 8.2.64)."""

    number = 95

    description: Annotated[int, U8]
    gtpu_extension_header_deletion: Annotated[int | None, U8, Tail()] = None


class DLFlowLevelMarking(Layout):
    """Marks of downlink packets (TS 29.244 8.2.66)."""

    number = 97

    tos_traffic_class: Annotated[int | None, U16, If(".......1")] = None
    service_class_indicator: Annotated[int | None, U16, If("......1.")] = None


class HeaderEnrichment(Layout):
    """A header field to add; type 0 is HTTP (TS 29.244 8.2.67)."""

    number = 98

    header_type: Annotated[int, Bits("...xxxxx")]
    name: Annotated[bytes, COUNTED8]
    value: Annotated[bytes, COUNTED8]


class FlowInformation(Layout):
    """A flow description and its direction (TS 29.244 8.2.61)."""

    number = 92

    direction: Annotated[int, Bits(".....xxx")]
    flow_description: Annotated[bytes, COUNTED16]


class RemoteGTPUPeer(Layout):
    """A GTP-U peer by its address (TS 29.244 8.2.70)."""

    number = 103
    any_field = True

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
    destination_interface: Annotated[bytes | None, COUNTED16, If(".....1..")] = None
    network_instance: Annotated[bytes | None, COUNTED16, If("....1...")] = None


class GracefulReleasePeriod(Layout):
    """A length of time, units as in DLBufferingDuration (TS 29.244 8.2.78)."""

    number = 112

    unit: Annotated[int, Bits("xxx.....")]
    value: Annotated[int, Bits("...xxxxx")]


class FailedRuleID(Layout):
    """The rule that could not be stored (TS 29.244 8.2.80)."""

    number = 114
    any_field = True

    pdr_id: Annotated[int | None, U16, If("...00000")] = None
    far_id: Annotated[int | None, U32, If("...00001")] = None
    qer_id: Annotated[int | None, U32, If("...00010")] = None
    urr_id: Annotated[int | None, U32, If("...00011")] = None
    bar_id: Annotated[int | None, U8, If("...00100")] = None


class TimeQuotaMechanism(Layout):
    """Continuous or discrete time periods (TS 29.244 8.2.81)."""

    number = 115

    base_time_interval_type: Annotated[int, Bits("......xx")]
    base_time_interval: Annotated[int, U32]


class Multiplier(Layout):
    """A factor as two's complement digits and exponent (TS 29.244 8.2.84)."""

    number = 119

    value_digits: Annotated[int, U64]
    exponent: Annotated[int, U32]


class SubsequentVolumeQuota(Layout):
    """Octets that may pass after the monitoring time (TS 29.244 8.2.86)."""

    number = 121
    any_field = True

    total_volume: Annotated[int | None, U64, If(".......1")] = None
    uplink_volume: Annotated[int | None, U64, If("......1.")] = None
    downlink_volume: Annotated[int | None, U64, If(".....1..")] = None


class MACAddress(Layout):
    """Source and destination addresses or ranges of them (TS 29.244 8.2.93)."""

    number = 133
    any_field = True

    source: Annotated[bytes | None, octets(6), If(".......1")] = None
    destination: Annotated[bytes | None, octets(6), If("......1.")] = None
    upper_source: Annotated[bytes | None, octets(6), If(".....1..")] = None
    upper_destination: Annotated[bytes | None, octets(6), If("....1...")] = None


class CTAG(Layout):
    """A customer VLAN tag: which of its parts count, then the parts (TS 29.244 8.2.94)."""

    number = 134

    parts: Annotated[int, Bits(".....xxx")]
    tag: Annotated[bytes, octets(2)]


class STAG(Layout):
    """A service VLAN tag: which of its parts count, then the parts (TS 29.244 8.2.95)."""

    number = 135

    parts: Annotated[int, Bits(".....xxx")]
    tag: Annotated[bytes, octets(2)]


class UserID(Layout):
    """Identities of the user, digits as TBCD (TS 29.244 8.2.101)."""

    number = 141

    imsi: Annotated[bytes | None, COUNTED8, If(".......1")] = None
    imei: Annotated[bytes | None, COUNTED8, If("......1.")] = None
    msisdn: Annotated[bytes | None, COUNTED8, If(".....1..")] = None
    nai: Annotated[bytes | None, COUNTED8, If("....1...")] = None
    supi: Annotated[bytes | None, COUNTED8, If("...1....")] = None
    gpsi: Annotated[bytes | None, COUNTED8, If("..1.....")] = None
    pei: Annotated[bytes | None, COUNTED8, If(".1......")] = None


class AlternativeSMFIPAddress(Layout):
    """Another address of the same SMF or SMF set (TS 29.244 8.2.129)."""

    number = 178
    any_field = True

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
    preferred: Annotated[bool, If(".....1..")] = False


class CPPFCPEntityIPAddress(Layout):
    """An address of the CP function's PFCP entity (TS 29.244 8.2.135)."""

    number = 185
    any_field = True

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None


class SourceIPAddress(Layout):
    """An address or range the sender's messages come from (TS 29.244 8.2.138)."""

    number = 192
    any_field = True

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
    mask_prefix_length: Annotated[int | None, U8, If(".....1..")] = None


class PacketDelayThresholds(Layout):
    """Delays in milliseconds above which to report (TS 29.244 8.2.170)."""

    number = 245

    downlink: Annotated[int | None, U32, If(".......1")] = None
    uplink: Annotated[int | None, U32, If("......1.")] = None
    round_trip: Annotated[int | None, U32, If(".....1..")] = None


class QoSMonitoringMeasurement(Layout):
    """Measured delays in milliseconds (TS 29.244 8.2.172)."""

    number = 248

    measurement_failure: Annotated[bool, If("....1...")] = False
    downlink: Annotated[int | None, U32, If(".......1")] = None
    uplink: Annotated[int | None, U32, If("......1.")] = None
    round_trip: Annotated[int | None, U32, If(".....1..")] = None


class RequestedQoSMonitoring(Layout):
    """Which delays to measure (TS 29.244 8.2.168)."""

    number = 243

    downlink: Annotated[bool, If(".......1")] = False
    uplink: Annotated[bool, If("......1.")] = False
    round_trip: Annotated[bool, If(".....1..")] = False


class SNSSAI(Layout):
    """A slice; slice differentiator ffffff where it has none (TS 29.244 8.2.176)."""

    number = 257

    sst: Annotated[int, U8]
    sd: Annotated[int, U24]


class OffendingIEInformation(Layout):
    """The IE that caused a partial failure, with its value (TS 29.244 8.2.185)."""

    number = 274

    ie_type: Annotated[int, U16]
    value: Annotated[bytes, REST]


class CPIPAddress(Layout):
    """An address of a CP function (TS 29.244 8.2.199)."""

    number = 292
    any_field = True

    ipv4: Annotated[bytes | None, IPV4, If("......1.")] = None
    ipv6: Annotated[bytes | None, IPV6, If(".......1")] = None
