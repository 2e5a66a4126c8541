"""Delays of GTP-U paths, packet rates, events reported directly, and paging by DSCP (TS 29.244 5.4.11 and 5.24)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp.table import (
    IE,
    REST,
    TEXT,
    U16,
    U32,
    U64,
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
    OList,
    flags,
)

# Milliseconds
AveragePacketDelay = Annotated[int, IE(234, U32, "8.2.162")]
MinimumPacketDelay = Annotated[int, IE(235, U32, "8.2.163")]
MaximumPacketDelay = Annotated[int, IE(236, U32, "8.2.164")]
QoSReportTrigger = Annotated[int, IE(237, flags(1, 1), "8.2.165")]
GTPUPathInterfaceType = Annotated[int, IE(241, flags(1, 1), "8.2.166")]
# Minutes
ValidityTimer = Annotated[int, IE(269, U16, "8.2.184")]
EventNotificationURI = Annotated[str, IE(296, TEXT, "8.2.202")]
NotificationCorrelationID = Annotated[bytes, IE(297, REST, "8.2.203")]
ReportingFlags = Annotated[int, IE(298, flags(1, 1), "8.2.204")]
BindingIndication = Annotated[bytes, IE(402, REST, "8.2.281")]


class PacketRateStatus(Layout, frozen=True):
    """How many packets may still pass, and until when as NTP time (TS 29.244 8.2.139)."""

    number = 193

    uplink: Annotated[int | None, U16, If(".......1")] = None
    additional_uplink: Annotated[int | None, U16, If(".....1.1")] = None
    downlink: Annotated[int | None, U16, If("......1.")] = None
    additional_downlink: Annotated[int | None, U16, If(".....11.")] = None
    validity_time: Annotated[int | None, U64, AnyOf("......11")] = None


class NumberOfUEIPAddresses(Layout, frozen=True):
    """How many addresses of a pool are in use (TS 29.244 8.2.183)."""

    number = 268

    ipv4: Annotated[int | None, U32, If(".......1")] = None
    ipv6: Annotated[int | None, U32, If("......1.")] = None


class DSCPToPPIMappingInformation(Layout, frozen=True):
    """A paging policy and the DSCPs, an octet each, that mean it (TS 29.244 8.2.214)."""

    number = 317

    ppi: Annotated[int, Bits(".....xxx")]
    dscps: Annotated[bytes, REST]


class GTPUPathQoSControlInformation(Group, frozen=True):
    """Of which paths to measure the delay, and when to report (TS 29.244 7.4.4.1.3)."""

    number = 238

    qos_report_trigger: M[QoSReportTrigger]
    remote_gtp_u_peer: CList[v.RemoteGTPUPeer] = ()
    gtp_u_path_interface_type: C[GTPUPathInterfaceType] = None
    transport_level_marking: CList[e.TransportLevelMarking] = ()
    measurement_period: C[e.MeasurementPeriod] = None
    average_packet_delay_threshold: C[AveragePacketDelay] = None
    minimum_packet_delay_threshold: C[MinimumPacketDelay] = None
    maximum_packet_delay_threshold: C[MaximumPacketDelay] = None
    minimum_waiting_time: C[v.Timer] = None


class QoSInformationInGTPUPathQoSReport(Group, frozen=True):
    """Measured delays (TS 29.244 7.4.5.1.6)."""

    number = 240

    average_packet_delay: M[AveragePacketDelay]
    minimum_packet_delay: C[MinimumPacketDelay] = None
    maximum_packet_delay: C[MaximumPacketDelay] = None
    transport_level_marking: C[e.TransportLevelMarking] = None


class GTPUPathQoSReport(Group, frozen=True):
    """The delay of a path (TS 29.244 7.4.5.1.5)."""

    number = 239

    remote_gtp_u_peer: M[v.RemoteGTPUPeer]
    qos_report_trigger: M[QoSReportTrigger]
    event_time_stamp: M[e.EventTimeStamp]
    qos_information: MList[QoSInformationInGTPUPathQoSReport]
    gtp_u_path_interface_type: C[GTPUPathInterfaceType] = None
    start_time: C[e.StartTime] = None


class QueryPacketRateStatus(Group, frozen=True):
    """Of which rule to tell the packet rate status (TS 29.244 7.5.4.22)."""

    number = 263

    qer_id: M[e.QERID]


class PacketRateStatusReport(Group, frozen=True):
    """The packet rate status of a rule, at the end of the session (TS 29.244 7.5.7.1)."""

    number = 252

    qer_id: M[e.QERID]
    packet_rate_status: M[PacketRateStatus]


class PacketRateStatusReportInModificationResponse(Group, frozen=True):
    """The packet rate status of a rule, as asked for (TS 29.244 7.5.5.4)."""

    number = 264

    qer_id: M[e.QERID]
    packet_rate_status: M[PacketRateStatus]


class UEIPAddressUsageInformation(Group, frozen=True):
    """How full a pool of UE addresses is (TS 29.244 7.4.4.3.1)."""

    number = 267

    sequence_number: M[e.SequenceNumber]
    metric: M[e.Metric]
    validity_timer: M[ValidityTimer]
    number_of_ue_ip_addresses: M[NumberOfUEIPAddresses]
    network_instance: M[e.NetworkInstance]
    ue_ip_address_pool_identity: O[e.UEIPAddressPoolIdentity] = None
    s_nssai: O[v.SNSSAI] = None


class DirectReportingInformation(Group, frozen=True):
    """Whom the UP function tells of events without the SMF (TS 29.244 7.5.2.9)."""

    number = 295

    event_notification_uri: M[EventNotificationURI]
    notification_correlation_id: C[NotificationCorrelationID] = None
    reporting_flags: C[ReportingFlags] = None
    notification_binding_indication: C[BindingIndication] = None


class DSCPToPPIControlInformation(Group, frozen=True):
    """Which paging policies to derive from DSCPs, for which flows (TS 29.244 7.5.2.1)."""

    number = 316

    dscp_to_ppi_mapping_information: MList[DSCPToPPIMappingInformation]
    qfi: OList[e.QFI] = ()
