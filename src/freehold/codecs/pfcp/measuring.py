"""What the UP function measures of traffic, a terminal, and the way over N6 (TS 29.244 5.15A, 5.38.4, 5.39)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp import quality as q
from freehold.codecs.pfcp.table import (
    COUNTED8,
    IE,
    IPV4,
    IPV6,
    REST,
    U8,
    U16,
    U24,
    U32,
    U40,
    Bits,
    C,
    Group,
    If,
    Layout,
    M,
    MList,
    O,
    Tail,
    flags,
)

TrafficParameterMeasurementIndication = Annotated[int, IE(328, flags(1, 1), "8.2.223")]
MeasurementIndication = Annotated[int, IE(337, flags(1, 1), "8.2.231")]
N6DelayMeasurementProtocols = Annotated[int, IE(354, flags(1, 1), "8.2.246")]
MeasurementReportingType = Annotated[int, IE(375, flags(1, 1), "8.2.262")]
N6DelayMeasurementFailureInformation = Annotated[int, IE(376, U8, "8.2.263")]
N6DelayMeasurementControlInformationID = Annotated[int, IE(377, U16, "8.2.264")]
MeasurementEndpointPortNumber = Annotated[int, IE(379, U16, "8.2.265")]
ReportingControlInformation = Annotated[int, IE(389, flags(1, 1), "8.2.272")]
SecurityModeSTAMP = Annotated[int, IE(390, flags(1, 1), "8.2.273")]
HMACKeySTAMP = Annotated[bytes, IE(391, REST, "8.2.274")]
SecurityModeOWAMPOrTWAMP = Annotated[int, IE(392, U32, "8.2.275")]
RemainingDataReportingIndication = Annotated[int, IE(394, Bits("....xxxx"), "8.2.277")]
SessionReflectorModeSTAMP = Annotated[int, IE(396, flags(1, 1), "8.2.279")]


class TrafficParameterThreshold(Layout, frozen=True):
    """The jitter of N6 in milliseconds above which to report (TS 29.244 8.2.220)."""

    number = 325

    downlink_n6_jitter: Annotated[int | None, U32, If(".......1")] = None


class DLPeriodicity(Layout, frozen=True):
    """After how many milliseconds downlink packets are expected (TS 29.244 8.2.221)."""

    number = 326

    period: Annotated[int, U32, If("........")]


class N6JitterMeasurement(Layout, frozen=True):
    """The period that was taken and the range of jitter in milliseconds as two's complement (TS 29.244 8.2.222)."""

    number = 327

    dl_periodicity: Annotated[int | None, U32, If(".......1")] = None
    lower_dl_jitter: Annotated[int | None, U32, If(".......1")] = None
    higher_dl_jitter: Annotated[int | None, U32, If(".......1")] = None


class ULPeriodicity(Layout, frozen=True):
    """After how many milliseconds uplink packets came (TS 29.244 8.2.224)."""

    number = 329

    period: Annotated[int, U32, If("........")]


class ReportingSuggestionInfo(Layout, frozen=True):
    """Whether a report may wait: 0, then how many seconds at most, or 1, it may not (TS 29.244 8.2.229)."""

    number = 335

    reporting_urgency: Annotated[int, Bits("....xxxx")]
    reporting_time: Annotated[int | None, U32, Tail()] = None


class ReportingThresholds(Layout, frozen=True):
    """Congestion in hundredths of a per cent and data rates in kbit/s at which to report (TS 29.244 8.2.240)."""

    number = 348
    one_of = ("dl_congestion", "ul_congestion", "dl_data_rate", "ul_data_rate")

    dl_congestion: Annotated[int | None, U16, If(".......1")] = None
    ul_congestion: Annotated[int | None, U16, If("......1.")] = None
    dl_data_rate: Annotated[int | None, U40, If(".....1..")] = None
    ul_data_rate: Annotated[int | None, U40, If("....1...")] = None


class UELevelMeasurementsConfiguration(Layout, frozen=True):
    """What to measure of a terminal, an octet a type, and for how many seconds a session (TS 29.244 8.2.245)."""

    number = 353

    job_type: Annotated[int, U8]
    measurement_types: Annotated[bytes, COUNTED8]
    time_period: Annotated[int, U24]


class N6DelayMeasurementInformation(Layout, frozen=True):
    """Delays over N6 in milliseconds (TS 29.244 8.2.247)."""

    number = 357

    average: Annotated[int, U32, If("........")]
    minimum: Annotated[int | None, U32, If(".......1")] = None
    maximum: Annotated[int | None, U32, If("......1.")] = None


class MeasurementEndpointAddress(Layout, frozen=True):
    """The other end of a measurement (TS 29.244 8.2.248)."""

    number = 358
    one_of = ("ipv4", "ipv6")

    ipv4: Annotated[bytes | None, IPV4, If(".......1")] = None
    ipv6: Annotated[bytes | None, IPV6, If("......1.")] = None


class KeyIDAndSharedSecretOWAMPOrTWAMP(Layout, frozen=True):
    """A secret that both ends know by its name, UTF-8 both (TS 29.244 8.2.276)."""

    number = 393

    key_id: Annotated[bytes, COUNTED8]
    shared_secret: Annotated[bytes, COUNTED8]


class TrafficParameterMeasurementControlInformation(Group, frozen=True):
    """Which parameters of which flows to measure (TS 29.244 7.5.2.9)."""

    number = 323

    qfi: MList[e.QFI]
    traffic_parameter_measurement_indication: M[TrafficParameterMeasurementIndication]
    measurement_period: C[e.MeasurementPeriod] = None
    dl_periodicity: C[DLPeriodicity] = None
    traffic_parameter_threshold: C[TrafficParameterThreshold] = None


class TrafficParameterMeasurementReport(Group, frozen=True):
    """What was measured of a flow (TS 29.244 7.5.8.6)."""

    number = 324

    qfi: M[e.QFI]
    time_stamp: M[e.EventTimeStamp]
    n6_jitter_measurement: C[N6JitterMeasurement] = None
    ul_periodicity: C[ULPeriodicity] = None
    start_time: O[e.StartTime] = None


class ProtocolSpecificConfigurationParameters(Group, frozen=True):
    """How a measurement protocol is to be used (TS 29.244 7.4.4.1.4)."""

    number = 378

    measurement_protocol: M[N6DelayMeasurementProtocols]
    measurement_endpoint_port_number: O[MeasurementEndpointPortNumber] = None
    security_mode_stamp: O[SecurityModeSTAMP] = None
    hmac_key_stamp: O[HMACKeySTAMP] = None
    session_reflector_mode_stamp: O[SessionReflectorModeSTAMP] = None
    security_mode_owamp_or_twamp: O[SecurityModeOWAMPOrTWAMP] = None
    key_id_and_shared_secret: O[KeyIDAndSharedSecretOWAMPOrTWAMP] = None


class N6DelayMeasurementControlInformation(Group, frozen=True):
    """Which delays over N6 to measure (TS 29.244 7.4.4.1.4)."""

    number = 355

    n6_delay_measurement_control_information_id: M[N6DelayMeasurementControlInformationID]
    measurement_endpoint_address: MList[MeasurementEndpointAddress]
    network_instance: M[e.NetworkInstance]
    measurement_protocols: MList[N6DelayMeasurementProtocols]
    measurement_reporting_type: M[MeasurementReportingType]
    protocol_specific_configuration_parameters: O[ProtocolSpecificConfigurationParameters] = None
    measurement_period: C[e.MeasurementPeriod] = None
    average_packet_delay: O[q.AveragePacketDelay] = None
    minimum_packet_delay: O[q.MinimumPacketDelay] = None
    maximum_packet_delay: O[q.MaximumPacketDelay] = None
    minimum_waiting_time: O[v.Timer] = None


class N6DelayMeasurementReport(Group, frozen=True):
    """A delay over N6 (TS 29.244 7.4.5.1.8)."""

    number = 356

    measurement_endpoint_address: M[MeasurementEndpointAddress]
    network_instance: M[e.NetworkInstance]
    measurement_reporting_type: M[MeasurementReportingType]
    time_stamp: M[e.EventTimeStamp]
    start_time: C[e.StartTime] = None
    n6_delay_measurement_information: C[N6DelayMeasurementInformation] = None
    n6_delay_measurement_failure_information: C[N6DelayMeasurementFailureInformation] = None
    measurement_endpoint_port_number: O[MeasurementEndpointPortNumber] = None


class LocalN3N9TunnelInformation(Group, frozen=True):
    """Our end of a tunnel that is measured (TS 29.244 7.5.8.6)."""

    number = 400

    f_teid: M[v.FTEID]
    network_instance: O[e.NetworkInstance] = None


class RemoteN3N9TunnelInformation(Group, frozen=True):
    """The other end of a tunnel that is measured (TS 29.244 7.5.8.6)."""

    number = 401

    f_teid: M[v.FTEID]
    network_instance: O[e.NetworkInstance] = None


class RedundantN3N9TransmissionInformation(Group, frozen=True):
    """Which of two tunnels was measured (TS 29.244 7.5.8.6)."""

    number = 399

    local_n3_n9_tunnel_information: M[LocalN3N9TunnelInformation]
    remote_n3_n9_tunnel_information: M[RemoteN3N9TunnelInformation]
