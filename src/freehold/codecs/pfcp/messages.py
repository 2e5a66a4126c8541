"""The messages (TS 29.244 7.4 and 7.5): `number` is the message type (7.3)."""

from typing import Final

from freehold.codecs.pfcp import bridge as d
from freehold.codecs.pfcp import broadcast as b
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp import measuring as w
from freehold.codecs.pfcp import media as x
from freehold.codecs.pfcp import multiaccess as a
from freehold.codecs.pfcp import quality as q
from freehold.codecs.pfcp import reports as g
from freehold.codecs.pfcp import rules as r
from freehold.codecs.pfcp import tunnels as t
from freehold.codecs.pfcp.table import C, CList, M, Message, MList, O, OList


class HeartbeatRequest(Message, frozen=True):
    """Is the peer alive (TS 29.244 7.4.2.1)."""

    number = 1
    session = False

    recovery_time_stamp: M[e.RecoveryTimeStamp]
    source_ip_address: O[v.SourceIPAddress] = None


class HeartbeatResponse(Message, frozen=True):
    """Alive, since when (TS 29.244 7.4.2.2)."""

    number = 2
    session = False

    recovery_time_stamp: M[e.RecoveryTimeStamp]


class PFDManagementRequest(Message, frozen=True):
    """Packet flow descriptions to use from now on (TS 29.244 7.4.3.1)."""

    number = 3
    session = False

    application_ids_pfds: CList[g.ApplicationIDsPFDs] = ()
    node_id: O[v.NodeID] = None


class PFDManagementResponse(Message, frozen=True):
    """The answer (TS 29.244 7.4.3.2)."""

    number = 4
    session = False

    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None
    node_id: O[v.NodeID] = None
    pfd_partial_failure_information: CList[g.PFDPartialFailureInformation] = ()


class AssociationSetupRequest(Message, frozen=True):
    """Who asks for an association, and what it supports (TS 29.244 7.4.4.1)."""

    number = 5
    session = False

    node_id: M[v.NodeID]
    recovery_time_stamp: M[e.RecoveryTimeStamp]
    up_function_features: C[e.UPFunctionFeatures] = None
    cp_function_features: C[e.CPFunctionFeatures] = None
    alternative_smf_ip_address: OList[v.AlternativeSMFIPAddress] = ()
    smf_set_id: C[e.SMFSetID] = None
    pfcp_session_retention_information: O[g.PFCPSessionRetentionInformation] = None
    ue_ip_address_pool_information: OList[g.UEIPAddressPoolInformation] = ()
    nf_instance_id: C[e.NFInstanceID] = None
    pfcpasreq_flags: O[e.PFCPASReqFlags] = None
    gtp_u_path_qos_control_information: CList[q.GTPUPathQoSControlInformation] = ()
    clock_drift_control_information: OList[d.ClockDriftControlInformation] = ()
    n6_delay_measurement_control_information: CList[w.N6DelayMeasurementControlInformation] = ()
    n6_delay_measurement_protocols: C[w.N6DelayMeasurementProtocols] = None
    operator_configurable_upf_capability: OList[e.OperatorConfigurableUPFCapability] = ()
    packet_inspection_functionality: O[e.PacketInspectionFunctionality] = None


class AssociationSetupResponse(Message, frozen=True):
    """The answer, and what the answering function supports (TS 29.244 7.4.4.2)."""

    number = 6
    session = False

    node_id: M[v.NodeID]
    cause: M[e.Cause]
    recovery_time_stamp: M[e.RecoveryTimeStamp]
    up_function_features: C[e.UPFunctionFeatures] = None
    cp_function_features: C[e.CPFunctionFeatures] = None
    alternative_smf_ip_address: OList[v.AlternativeSMFIPAddress] = ()
    smf_set_id: C[e.SMFSetID] = None
    pfcpasrsp_flags: O[e.PFCPASRspFlags] = None
    ue_ip_address_pool_information: OList[g.UEIPAddressPoolInformation] = ()
    nf_instance_id: C[e.NFInstanceID] = None
    gtp_u_path_qos_control_information: CList[q.GTPUPathQoSControlInformation] = ()
    clock_drift_control_information: CList[d.ClockDriftControlInformation] = ()
    n6_delay_measurement_control_information: CList[w.N6DelayMeasurementControlInformation] = ()
    n6_delay_measurement_protocols: C[w.N6DelayMeasurementProtocols] = None
    operator_configurable_upf_capability: OList[e.OperatorConfigurableUPFCapability] = ()
    packet_inspection_functionality: O[e.PacketInspectionFunctionality] = None


class AssociationUpdateRequest(Message, frozen=True):
    """Changes of an association (TS 29.244 7.4.4.3)."""

    number = 7
    session = False

    node_id: M[v.NodeID]
    up_function_features: O[e.UPFunctionFeatures] = None
    cp_function_features: O[e.CPFunctionFeatures] = None
    pfcp_association_release_request: C[e.PFCPAssociationReleaseRequestFlags] = None
    graceful_release_period: C[v.GracefulReleasePeriod] = None
    pfcpaureq_flags: O[e.PFCPAUReqFlags] = None
    alternative_smf_ip_address: OList[v.AlternativeSMFIPAddress] = ()
    smf_set_id: O[e.SMFSetID] = None
    ue_ip_address_pool_information: OList[g.UEIPAddressPoolInformation] = ()
    gtp_u_path_qos_control_information: CList[q.GTPUPathQoSControlInformation] = ()
    clock_drift_control_information: CList[d.ClockDriftControlInformation] = ()
    ue_ip_address_usage_information: OList[q.UEIPAddressUsageInformation] = ()
    n6_delay_measurement_control_information: CList[w.N6DelayMeasurementControlInformation] = ()
    n6_delay_measurement_protocols: C[w.N6DelayMeasurementProtocols] = None
    operator_configurable_upf_capability: CList[e.OperatorConfigurableUPFCapability] = ()
    packet_inspection_functionality: O[e.PacketInspectionFunctionality] = None


class AssociationUpdateResponse(Message, frozen=True):
    """The answer (TS 29.244 7.4.4.4)."""

    number = 8
    session = False

    node_id: M[v.NodeID]
    cause: M[e.Cause]
    up_function_features: O[e.UPFunctionFeatures] = None
    cp_function_features: O[e.CPFunctionFeatures] = None
    ue_ip_address_usage_information: OList[q.UEIPAddressUsageInformation] = ()
    n6_delay_measurement_protocols: O[w.N6DelayMeasurementProtocols] = None
    operator_configurable_upf_capability: CList[e.OperatorConfigurableUPFCapability] = ()
    packet_inspection_functionality: O[e.PacketInspectionFunctionality] = None


class AssociationReleaseRequest(Message, frozen=True):
    """The association ends (TS 29.244 7.4.4.5)."""

    number = 9
    session = False

    node_id: M[v.NodeID]


class AssociationReleaseResponse(Message, frozen=True):
    """The answer (TS 29.244 7.4.4.6)."""

    number = 10
    session = False

    node_id: M[v.NodeID]
    cause: M[e.Cause]


class VersionNotSupportedResponse(Message, frozen=True):
    """The version of the request is not known (TS 29.244 7.4.4.7)."""

    number = 11
    session = False


class NodeReportRequest(Message, frozen=True):
    """A report not about one session (TS 29.244 7.4.5.1)."""

    number = 12
    session = False

    node_id: M[v.NodeID]
    node_report_type: M[e.NodeReportType]
    user_plane_path_failure_report: C[g.UserPlanePathFailureReport] = None
    user_plane_path_recovery_report: C[g.UserPlanePathRecoveryReport] = None
    peer_up_restart_report: C[g.PeerUPRestartReport] = None
    clock_drift_report: CList[d.ClockDriftReport] = ()
    gtp_u_path_qos_report: CList[q.GTPUPathQoSReport] = ()
    vendor_specific_node_report_type: C[e.VendorSpecificNodeReportType] = None
    n6_delay_measurement_report: CList[w.N6DelayMeasurementReport] = ()


class NodeReportResponse(Message, frozen=True):
    """The answer (TS 29.244 7.4.5.2)."""

    number = 13
    session = False

    node_id: M[v.NodeID]
    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None


class SessionSetDeletionRequest(Message, frozen=True):
    """Sessions whose peer failed (TS 29.244 7.4.6.1)."""

    number = 14
    session = False

    node_id: M[v.NodeID]
    fq_csid: CList[e.FQCSID] = ()


class SessionSetDeletionResponse(Message, frozen=True):
    """The answer (TS 29.244 7.4.6.2)."""

    number = 15
    session = False

    node_id: M[v.NodeID]
    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None


class SessionSetModificationRequest(Message, frozen=True):
    """Sessions that another SMF takes over (TS 29.244 7.4.7.1)."""

    number = 16
    session = False

    node_id: M[v.NodeID]
    pfcp_session_change_info: MList[g.PFCPSessionChangeInfo]


class SessionSetModificationResponse(Message, frozen=True):
    """The answer (TS 29.244 7.4.7.2)."""

    number = 17
    session = False

    node_id: M[v.NodeID]
    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None


class SessionEstablishmentRequest(Message, frozen=True):
    """A new session with its rules (TS 29.244 7.5.2.1)."""

    number = 50

    node_id: M[v.NodeID]
    cp_f_seid: M[v.FSEID]
    create_pdr: MList[r.CreatePDR]
    create_far: MList[r.CreateFAR]
    create_urr: CList[r.CreateURR] = ()
    create_qer: CList[r.CreateQER] = ()
    create_bar: O[r.CreateBAR] = None
    create_traffic_endpoint: CList[r.CreateTrafficEndpoint] = ()
    pdn_type: C[e.PDNType] = None
    fq_csid: CList[e.FQCSID] = ()
    user_plane_inactivity_timer: O[e.UserPlaneInactivityTimer] = None
    user_id: O[v.UserID] = None
    trace_information: O[e.TraceInformation] = None
    apn_dnn: O[e.APNDNN] = None
    pfcpsereq_flags: C[e.PFCPSEReqFlags] = None
    create_srr: OList[r.CreateSRR] = ()
    recovery_time_stamp: O[e.RecoveryTimeStamp] = None
    s_nssai: O[v.SNSSAI] = None
    rat_type: O[e.RATType] = None
    group_id: O[e.GroupID] = None
    create_mar: CList[a.CreateMAR] = ()
    create_bridge_info_for_tsc: C[d.CreateBridgeInfoForTSC] = None
    provide_atsss_control_information: C[a.ProvideATSSSControlInformation] = None
    provide_rds_configuration_information: O[r.ProvideRDSConfigurationInformation] = None
    l2tp_tunnel_information: C[t.L2TPTunnelInformation] = None
    l2tp_session_information: C[t.L2TPSessionInformation] = None
    mbs_session_n4mb_control_information: C[b.MBSSessionN4mbControlInformation] = None
    mbs_session_n4_control_information: CList[b.MBSSessionN4ControlInformation] = ()
    dscp_to_ppi_control_information: OList[q.DSCPToPPIControlInformation] = ()
    alternative_smf_ip_address: O[v.AlternativeSMFIPAddress] = None
    hplmn_s_nssai: C[v.HPLMNSNSSAI] = None
    tl_container: CList[e.TLContainer] = ()
    trace_collection_entity_uri: O[e.URI] = None
    ue_level_measurements_configuration: O[w.UELevelMeasurementsConfiguration] = None
    moq_control_information: C[x.MoQControlInformation] = None


class SessionEstablishmentResponse(Message, frozen=True):
    """The answer (TS 29.244 7.5.3.1)."""

    number = 51

    node_id: M[v.NodeID]
    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None
    up_f_seid: C[v.FSEID] = None
    created_pdr: CList[r.CreatedPDR] = ()
    load_control_information: O[g.LoadControlInformation] = None
    overload_control_information: O[g.OverloadControlInformation] = None
    fq_csid: CList[e.FQCSID] = ()
    failed_rule_id: C[v.FailedRuleID] = None
    created_traffic_endpoint: CList[r.CreatedTrafficEndpoint] = ()
    partial_failure_information: CList[r.PartialFailureInformation] = ()
    created_bridge_info_for_tsc: C[d.CreatedBridgeInfoForTSC] = None
    atsss_control_parameters: C[a.ATSSSControlParameters] = None
    rds_configuration_information: O[e.RDSConfigurationInformation] = None
    created_l2tp_session: O[t.CreatedL2TPSession] = None
    mbs_session_n4mb_information: C[b.MBSSessionN4mbInformation] = None
    mbs_session_n4_information: CList[b.MBSSessionN4Information] = ()
    tl_container: CList[e.TLContainer] = ()
    moq_information: C[x.MoQInformation] = None


class SessionModificationRequest(Message, frozen=True):
    """Changes of a session's rules (TS 29.244 7.5.4.1)."""

    number = 52
    updates = True

    cp_f_seid: C[v.FSEID] = None
    remove_pdr: CList[r.RemovePDR] = ()
    remove_far: CList[r.RemoveFAR] = ()
    remove_urr: CList[r.RemoveURR] = ()
    remove_qer: CList[r.RemoveQER] = ()
    remove_bar: C[r.RemoveBAR] = None
    remove_traffic_endpoint: CList[r.RemoveTrafficEndpoint] = ()
    create_pdr: CList[r.CreatePDR] = ()
    create_far: CList[r.CreateFAR] = ()
    create_urr: CList[r.CreateURR] = ()
    create_qer: CList[r.CreateQER] = ()
    create_bar: C[r.CreateBAR] = None
    create_traffic_endpoint: CList[r.CreateTrafficEndpoint] = ()
    update_pdr: CList[r.UpdatePDR] = ()
    update_far: CList[r.UpdateFAR] = ()
    update_urr: CList[r.UpdateURR] = ()
    update_qer: CList[r.UpdateQER] = ()
    update_bar: C[r.UpdateBAR] = None
    update_traffic_endpoint: CList[r.UpdateTrafficEndpoint] = ()
    pfcpsmreq_flags: C[e.PFCPSMReqFlags] = None
    query_urr: CList[r.QueryURR] = ()
    fq_csid: CList[e.FQCSID] = ()
    user_plane_inactivity_timer: C[e.UserPlaneInactivityTimer] = None
    query_urr_reference: O[e.QueryURRReference] = None
    trace_information: O[e.TraceInformation] = None
    remove_srr: CList[r.RemoveSRR] = ()
    create_srr: CList[r.CreateSRR] = ()
    update_srr: CList[r.UpdateSRR] = ()
    node_id: C[v.NodeID] = None
    rat_type: O[e.RATType] = None
    group_id: C[e.GroupID] = None
    remove_mar: CList[a.RemoveMAR] = ()
    update_mar: CList[a.UpdateMAR] = ()
    create_mar: CList[a.CreateMAR] = ()
    tsc_management_information: CList[d.TSCManagementInformationInModificationRequest] = ()
    provide_atsss_control_information: C[a.ProvideATSSSControlInformation] = None
    ethernet_context_information: C[g.EthernetContextInformation] = None
    access_availability_information: OList[a.AccessAvailabilityInformation] = ()
    query_packet_rate_status: CList[q.QueryPacketRateStatus] = ()
    s_nssai: O[v.SNSSAI] = None
    mbs_session_n4mb_control_information: C[b.MBSSessionN4mbControlInformation] = None
    mbs_session_n4_control_information: CList[b.MBSSessionN4ControlInformation] = ()
    dscp_to_ppi_control_information: CList[q.DSCPToPPIControlInformation] = ()
    alternative_smf_ip_address: O[v.AlternativeSMFIPAddress] = None
    hplmn_s_nssai: C[v.HPLMNSNSSAI] = None
    tl_container: CList[e.TLContainer] = ()
    trace_collection_entity_uri: O[e.URI] = None
    ue_level_measurements_configuration: O[w.UELevelMeasurementsConfiguration] = None
    moq_control_information: C[x.MoQControlInformation] = None


class SessionModificationResponse(Message, frozen=True):
    """The answer (TS 29.244 7.5.5.1)."""

    number = 53

    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None
    created_pdr: CList[r.CreatedPDR] = ()
    load_control_information: O[g.LoadControlInformation] = None
    overload_control_information: O[g.OverloadControlInformation] = None
    usage_report: CList[g.UsageReportInModificationResponse] = ()
    failed_rule_id: C[v.FailedRuleID] = None
    additional_usage_reports_information: C[e.AdditionalUsageReportsInformation] = None
    created_traffic_endpoint: CList[r.CreatedTrafficEndpoint] = ()
    updated_pdr: CList[r.UpdatedPDR] = ()
    partial_failure_information: CList[r.PartialFailureInformation] = ()
    tsc_management_information: CList[d.TSCManagementInformationInModificationResponse] = ()
    atsss_control_parameters: C[a.ATSSSControlParameters] = None
    packet_rate_status_report: CList[q.PacketRateStatusReportInModificationResponse] = ()
    mbs_session_n4mb_information: C[b.MBSSessionN4mbInformation] = None
    mbs_session_n4_information: CList[b.MBSSessionN4Information] = ()
    tl_container: CList[e.TLContainer] = ()
    moq_information: C[x.MoQInformation] = None


class SessionDeletionRequest(Message, frozen=True):
    """The session ends (TS 29.244 7.5.6)."""

    number = 54
    tl_container: CList[e.TLContainer] = ()
    node_id: C[v.NodeID] = None
    cp_f_seid: C[v.FSEID] = None


class SessionDeletionResponse(Message, frozen=True):
    """The answer, with the last usage (TS 29.244 7.5.7.1)."""

    number = 55

    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None
    load_control_information: O[g.LoadControlInformation] = None
    overload_control_information: O[g.OverloadControlInformation] = None
    usage_report: CList[g.UsageReportInDeletionResponse] = ()
    additional_usage_reports_information: C[e.AdditionalUsageReportsInformation] = None
    packet_rate_status_report: CList[q.PacketRateStatusReport] = ()
    session_report: OList[g.SessionReport] = ()
    mbs_session_n4_information: CList[b.MBSSessionN4Information] = ()
    pfcpsdrsp_flags: C[e.PFCPSDRspFlags] = None
    tl_container: CList[e.TLContainer] = ()


class SessionReportRequest(Message, frozen=True):
    """Something happened in the user plane (TS 29.244 7.5.8.1)."""

    number = 56

    report_type: M[e.ReportType]
    downlink_data_report: C[g.DownlinkDataReport] = None
    usage_report: CList[g.UsageReportInReportRequest] = ()
    error_indication_report: C[g.ErrorIndicationReport] = None
    load_control_information: O[g.LoadControlInformation] = None
    overload_control_information: O[g.OverloadControlInformation] = None
    additional_usage_reports_information: C[e.AdditionalUsageReportsInformation] = None
    pfcpsrreq_flags: C[e.PFCPSRReqFlags] = None
    old_cp_f_seid: C[v.FSEID] = None
    session_report: CList[g.SessionReport] = ()
    packet_rate_status_report: CList[q.PacketRateStatusReport] = ()
    tsc_management_information: CList[d.TSCManagementInformationInReportRequest] = ()
    cause: O[e.Cause] = None
    smf_change_reason: O[e.SMFChangeReason] = None


class SessionReportResponse(Message, frozen=True):
    """The answer (TS 29.244 7.5.9.1)."""

    number = 57

    cause: M[e.Cause]
    offending_ie: C[e.OffendingIE] = None
    update_bar: C[r.UpdateBARInReportResponse] = None
    pfcpsrrsp_flags: C[e.PFCPSRRspFlags] = None
    cp_f_seid: O[v.FSEID] = None
    n4_u_f_teid: O[v.FTEID] = None
    alternative_smf_ip_address: O[v.AlternativeSMFIPAddress] = None
    fq_csid: OList[e.FQCSID] = ()
    group_id: CList[e.GroupID] = ()
    node_id: C[v.NodeID] = None


MESSAGES: Final[tuple[type[Message], ...]] = (
    HeartbeatRequest,
    HeartbeatResponse,
    PFDManagementRequest,
    PFDManagementResponse,
    AssociationSetupRequest,
    AssociationSetupResponse,
    AssociationUpdateRequest,
    AssociationUpdateResponse,
    AssociationReleaseRequest,
    AssociationReleaseResponse,
    VersionNotSupportedResponse,
    NodeReportRequest,
    NodeReportResponse,
    SessionSetDeletionRequest,
    SessionSetDeletionResponse,
    SessionSetModificationRequest,
    SessionSetModificationResponse,
    SessionEstablishmentRequest,
    SessionEstablishmentResponse,
    SessionModificationRequest,
    SessionModificationResponse,
    SessionDeletionRequest,
    SessionDeletionResponse,
    SessionReportRequest,
    SessionReportResponse,
)
"""Every message this room knows."""
