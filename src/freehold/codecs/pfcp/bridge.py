"""Time-sensitive communication: the UP function as a bridge, and the drift of its clocks (TS 29.244 5.26)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp import quality as q
from freehold.codecs.pfcp.table import IE, REST, U8, U32, U64, C, CList, Group, If, Layout, M, O, OList, flags

CreateBridgeInfoForTSC = Annotated[int, IE(194, flags(1, 1), "8.2.140")]
DSTTPortNumber = Annotated[int, IE(196, U32, "8.2.141")]
NWTTPortNumber = Annotated[int, IE(197, U32, "8.2.142")]
PortManagementInformationContainer = Annotated[bytes, IE(202, REST, "8.2.144")]
RequestedClockDriftInformation = Annotated[int, IE(204, flags(1, 1), "8.2.145")]
TimeDomainNumber = Annotated[int, IE(206, U8, "8.2.146")]
# Nanoseconds and (rate ratio - 1) x 2^41, as two's complement
TimeOffsetThreshold = Annotated[int, IE(207, U64, "8.2.147")]
CumulativeRateRatioThreshold = Annotated[int, IE(208, U32, "8.2.148")]
TimeOffsetMeasurement = Annotated[int, IE(209, U64, "8.2.149")]
CumulativeRateRatioMeasurement = Annotated[int, IE(210, U32, "8.2.150")]
UserPlaneNodeManagementInformationContainer = Annotated[bytes, IE(266, REST, "8.2.182")]
ConfiguredTimeDomain = Annotated[int, IE(321, flags(1, 1), "8.2.218")]


class FiveGSUserPlaneNode(Layout, frozen=True):
    """The identity of the bridge (TS 29.244 8.2.143)."""

    number = 198

    identity: Annotated[bytes | None, REST, If(".......1")] = None


class CreatedBridgeInfoForTSC(Group, frozen=True):
    """The port and bridge that the UP function chose (TS 29.244 7.5.3.6)."""

    number = 195

    ds_tt_port_number: C[DSTTPortNumber] = None
    fivegs_user_plane_node: C[FiveGSUserPlaneNode] = None


class TSCManagementInformation(Group, frozen=True):
    """Containers for ports and bridge: common to the three messages that carry them (TS 29.244 7.5.4.18)."""

    port_management_information_container: OList[PortManagementInformationContainer] = ()
    user_plane_node_management_information_container: OList[UserPlaneNodeManagementInformationContainer] = ()
    nw_tt_port_number: C[NWTTPortNumber] = None


class TSCManagementInformationInModificationRequest(TSCManagementInformation, frozen=True):
    """Containers for the UP function's ports and bridge (TS 29.244 7.5.4.18)."""

    number = 199
    direct_reporting_information: C[q.DirectReportingInformation] = None


class TSCManagementInformationInModificationResponse(TSCManagementInformation, frozen=True):
    """The containers that answer (TS 29.244 7.5.5.3)."""

    number = 200


class TSCManagementInformationInReportRequest(TSCManagementInformation, frozen=True):
    """Containers that the UP function's ports and bridge send (TS 29.244 7.5.8.5)."""

    number = 201


class ClockDriftControlInformation(Group, frozen=True):
    """Of which clocks to report the drift (TS 29.244 7.4.4.1.2)."""

    number = 203

    requested_clock_drift_information: M[RequestedClockDriftInformation]
    time_domain_number: CList[TimeDomainNumber] = ()
    configured_time_domain: C[ConfiguredTimeDomain] = None
    time_offset_threshold: C[TimeOffsetThreshold] = None
    cumulative_rate_ratio_threshold: C[CumulativeRateRatioThreshold] = None


class ClockDriftReport(Group, frozen=True):
    """How far a clock drifted (TS 29.244 7.4.5.1.4)."""

    number = 205

    time_domain_number: M[TimeDomainNumber]
    time_offset_measurement: O[TimeOffsetMeasurement] = None
    cumulative_rate_ratio_measurement: O[CumulativeRateRatioMeasurement] = None
    event_time_stamp: O[e.EventTimeStamp] = None
    network_instance: C[e.NetworkInstance] = None
    apn_dnn: C[e.APNDNN] = None
    s_nssai: C[v.SNSSAI] = None
