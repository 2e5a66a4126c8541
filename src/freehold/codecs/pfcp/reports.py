"""Grouped IEs of reports and associations (TS 29.244 7.4, 7.5.5, 7.5.7 and 7.5.8)."""

from freehold.codecs.pfcp import broadcast as b
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp import measuring as w
from freehold.codecs.pfcp import multiaccess as a
from freehold.codecs.pfcp.table import C, CList, Group, M, MList, O, OList


class LoadControlInformation(Group, frozen=True):
    """How loaded the UP function is (TS 29.244 7.5.3.3)."""

    number = 51

    sequence_number: M[e.SequenceNumber]
    metric: M[e.Metric]


class OverloadControlInformation(Group, frozen=True):
    """How much less to send, and for how long (TS 29.244 7.5.3.4)."""

    number = 54

    sequence_number: M[e.SequenceNumber]
    metric: M[e.Metric]
    timer: M[v.Timer]
    oci_flags: C[e.OCIFlags] = None


class EthernetTrafficInformation(Group, frozen=True):
    """Addresses that came and went (TS 29.244 7.5.8.3)."""

    number = 143

    mac_addresses_detected: CList[e.MACAddressesDetected] = ()
    mac_addresses_removed: CList[e.MACAddressesRemoved] = ()


class ApplicationDetectionInformation(Group, frozen=True):
    """An application that began or ended (TS 29.244 7.5.8.3)."""

    number = 68

    application_id: M[e.ApplicationID]
    application_instance_id: C[e.ApplicationInstanceID] = None
    flow_information: C[v.FlowInformation] = None
    pdr_id: O[e.PDRID] = None


class UsageReport(Group, frozen=True):
    """What was measured: common to the three kinds of report (TS 29.244 7.5.5.2)."""

    urr_id: M[e.URRID]
    ur_seqn: M[e.URSEQN]
    usage_report_trigger: M[e.UsageReportTrigger]
    start_time: C[e.StartTime] = None
    end_time: C[e.EndTime] = None
    volume_measurement: C[v.VolumeMeasurement] = None
    duration_measurement: C[e.DurationMeasurement] = None
    time_of_first_packet: C[e.TimeOfFirstPacket] = None
    time_of_last_packet: C[e.TimeOfLastPacket] = None
    usage_information: C[e.UsageInformation] = None
    query_urr_reference: C[e.QueryURRReference] = None
    event_time_stamp: CList[e.EventTimeStamp] = ()
    ethernet_traffic_information: C[EthernetTrafficInformation] = None


class UsageReportInModificationResponse(UsageReport, frozen=True):
    """What was measured, in answer to a modification (TS 29.244 7.5.5.2)."""

    number = 78


class UsageReportInDeletionResponse(UsageReport, frozen=True):
    """What was measured, in answer to a deletion (TS 29.244 7.5.7.2)."""

    number = 79


class UsageReportInReportRequest(UsageReport, frozen=True):
    """What was measured, in a report (TS 29.244 7.5.8.3)."""

    number = 80

    application_detection_information: C[ApplicationDetectionInformation] = None
    ue_ip_address: C[v.UEIPAddress] = None
    network_instance: C[e.NetworkInstance] = None
    join_ip_multicast_information: CList[b.JoinIPMulticastInformation] = ()
    leave_ip_multicast_information: CList[b.LeaveIPMulticastInformation] = ()
    predefined_rules_name: OList[e.PredefinedRulesName] = ()


class DownlinkDataReport(Group, frozen=True):
    """Downlink packets wait in the buffer, or left it (TS 29.244 7.5.8.2)."""

    number = 83

    pdr_id: MList[e.PDRID]
    downlink_data_service_information: CList[v.DownlinkDataServiceInformation] = ()
    dl_data_packets_size: O[e.DLDataPacketsSize] = None
    data_status: O[e.DataStatus] = None


class ErrorIndicationReport(Group, frozen=True):
    """A peer does not know the tunnel (TS 29.244 7.5.8.4)."""

    number = 99

    remote_f_teid: MList[v.FTEID]


class QoSMonitoringReport(Group, frozen=True):
    """Measured delays of a flow (TS 29.244 7.5.8.6)."""

    number = 247

    qfi: M[e.QFI]
    qos_monitoring_measurement: M[v.QoSMonitoringMeasurement]
    event_time_stamp: M[e.EventTimeStamp]
    start_time: O[e.StartTime] = None
    redundant_n3_n9_transmission_information: C[w.RedundantN3N9TransmissionInformation] = None


class SessionReport(Group, frozen=True):
    """A report about the session (TS 29.244 7.5.8.6)."""

    number = 214

    srr_id: M[e.SRRID]
    qos_monitoring_report: CList[QoSMonitoringReport] = ()
    access_availability_report: C[a.AccessAvailabilityReport] = None
    traffic_parameter_measurement_report: CList[w.TrafficParameterMeasurementReport] = ()


class UserPlanePathFailureReport(Group, frozen=True):
    """Peers that do not answer any more (TS 29.244 7.4.5.1.2)."""

    number = 102

    remote_gtp_u_peer: MList[v.RemoteGTPUPeer]


class UserPlanePathRecoveryReport(Group, frozen=True):
    """Peers that answer again (TS 29.244 7.4.5.1.3)."""

    number = 187

    remote_gtp_u_peer: MList[v.RemoteGTPUPeer]


class PeerUPRestartReport(Group, frozen=True):
    """Peers that restarted (TS 29.244 7.4.5.1.7)."""

    number = 315

    remote_gtp_u_peer: MList[v.RemoteGTPUPeer]


class PFCPSessionRetentionInformation(Group, frozen=True):
    """Which sessions to keep at a restart (TS 29.244 7.4.4.1)."""

    number = 183

    cp_pfcp_entity_ip_address: OList[v.CPPFCPEntityIPAddress] = ()


class UEIPAddressPoolInformation(Group, frozen=True):
    """A pool of UE addresses (TS 29.244 7.4.4.1)."""

    number = 233

    ue_ip_address_pool_identity: MList[e.UEIPAddressPoolIdentity]
    network_instance: O[e.NetworkInstance] = None
    s_nssai: OList[v.SNSSAI] = ()
    ip_version: O[e.IPVersion] = None


class PFDContext(Group, frozen=True):
    """Packet flow descriptions (TS 29.244 7.4.3.1)."""

    number = 59

    pfd_contents: MList[e.PFDContents]


class ApplicationIDsPFDs(Group, frozen=True):
    """The packet flow descriptions of an application (TS 29.244 7.4.3.1)."""

    number = 58

    application_id: M[e.ApplicationID]
    pfd_context: CList[PFDContext] = ()


class PFDPartialFailureInformation(Group, frozen=True):
    """An application whose packet flow descriptions were not taken (TS 29.244 7.4.3.2)."""

    number = 397

    application_id: M[e.ApplicationID]
    failure_cause: M[e.Cause]


class PFCPSessionChangeInfo(Group, frozen=True):
    """Sessions that another SMF takes over (TS 29.244 7.4.7.1)."""

    number = 290

    alternative_smf_ip_address: M[v.AlternativeSMFIPAddress]
    fq_csid: CList[e.FQCSID] = ()
    group_id: CList[e.GroupID] = ()
    cp_ip_address: CList[v.CPIPAddress] = ()


class EthernetContextInformation(Group, frozen=True):
    """Addresses that the UP function shall know already (TS 29.244 7.5.4.21)."""

    number = 254

    mac_addresses_detected: MList[e.MACAddressesDetected]
    mac_addresses_removed: CList[e.MACAddressesRemoved] = ()
