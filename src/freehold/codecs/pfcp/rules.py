"""Grouped IEs that make, change and remove a session's rules (TS 29.244 7.5.2 to 7.5.4)."""

from freehold.codecs.pfcp import broadcast as b
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp import layouts as v
from freehold.codecs.pfcp import measuring as w
from freehold.codecs.pfcp import media as x
from freehold.codecs.pfcp import multiaccess as a
from freehold.codecs.pfcp import quality as q
from freehold.codecs.pfcp import tunnels as t
from freehold.codecs.pfcp.table import C, CList, Filter, Filters, Group, M, MList, O, OList


class EthernetPacketFilter(Group, frozen=True):
    """A filter of Ethernet frames (TS 29.244 7.5.2.2)."""

    number = 132

    ethernet_filter_id: C[e.EthernetFilterID] = None
    ethernet_filter_properties: C[e.EthernetFilterProperties] = None
    mac_address: Filters[v.MACAddress] = ()
    ethertype: Filter[e.Ethertype] = None
    c_tag: Filter[v.CTAG] = None
    s_tag: Filter[v.STAG] = None
    sdf_filter: Filters[v.SDFFilter] = ()


class PDI(Group, frozen=True):
    """What packets look like (TS 29.244 7.5.2.2); a fault in a filter refuses it, or it would match too much."""

    number = 2

    source_interface: M[e.SourceInterface]
    local_f_teid: Filter[v.FTEID] = None
    network_instance: Filter[e.NetworkInstance] = None
    ue_ip_address: Filters[v.UEIPAddress] = ()
    traffic_endpoint_id: CList[e.TrafficEndpointID] = ()
    sdf_filter: Filters[v.SDFFilter] = ()
    application_id: Filter[e.ApplicationID] = None
    ethernet_pdu_session_information: Filter[e.EthernetPDUSessionInformation] = None
    ethernet_packet_filter: Filters[EthernetPacketFilter] = ()
    qfi: Filters[e.QFI] = ()
    framed_route: Filters[e.FramedRoute] = ()
    framed_routing: Filter[e.FramedRouting] = None
    framed_ipv6_route: Filters[e.FramedIPv6Route] = ()
    source_interface_type: C[e.TGPPInterfaceType] = None
    local_ingress_tunnel: C[b.LocalIngressTunnel] = None
    redundant_transmission_detection_parameters: Filter[t.RedundantTransmissionDetectionParameters] = None
    ip_multicast_addressing_info: Filters[b.IPMulticastAddressingInfo] = ()
    dns_query_filter: Filters[v.DNSQueryFilter] = ()
    mbs_session_identifier: C[b.MBSSessionIdentifier] = None
    area_session_id: C[b.AreaSessionID] = None
    mapped_n6_ip_address: Filters[x.MappedN6IPAddress] = ()
    n6_routing_information: Filter[x.N6RoutingInformation] = None
    protocol_description: O[x.ProtocolDescription] = None
    expedited_transfer_indication: O[x.ExpeditedTransferIndication] = None


class CreatePDR(Group, frozen=True):
    """A rule that finds packets (TS 29.244 7.5.2.2)."""

    number = 1

    pdr_id: M[e.PDRID]
    precedence: M[e.Precedence]
    pdi: M[PDI]
    outer_header_removal: C[v.OuterHeaderRemoval] = None
    far_id: C[e.FARID] = None
    urr_id: CList[e.URRID] = ()
    qer_id: CList[e.QERID] = ()
    activate_predefined_rules: CList[e.ActivatePredefinedRules] = ()
    activation_time: O[e.ActivationTime] = None
    deactivation_time: O[e.DeactivationTime] = None
    ue_ip_address_pool_identity: OList[e.UEIPAddressPoolIdentity] = ()
    mar_id: C[a.MARID] = None
    packet_replication_and_detection_carry_on_information: C[e.PacketReplicationAndDetectionCarryOnInformation] = None
    ip_multicast_addressing_info: Filters[b.IPMulticastAddressingInfo] = ()
    mptcp_applicable_indication: C[a.MPTCPApplicableIndication] = None
    transport_delay_reporting: C[t.TransportDelayReporting] = None
    rat_type: O[e.RATType] = None


class ForwardingParameters(Group, frozen=True):
    """Where packets go (TS 29.244 7.5.2.3)."""

    number = 4

    destination_interface: M[e.DestinationInterface]
    network_instance: O[e.NetworkInstance] = None
    redirect_information: C[v.RedirectInformation] = None
    outer_header_creation: C[v.OuterHeaderCreation] = None
    transport_level_marking: C[e.TransportLevelMarking] = None
    forwarding_policy: C[e.ForwardingPolicy] = None
    header_enrichment: O[v.HeaderEnrichment] = None
    linked_traffic_endpoint_id: C[e.TrafficEndpointID] = None
    proxying: C[e.Proxying] = None
    destination_interface_type: C[e.TGPPInterfaceType] = None
    data_network_access_identifier: CList[e.DataNetworkAccessIdentifier] = ()
    ip_address_and_port_number_replacement: C[v.IPAddressAndPortNumberReplacement] = None
    extended_transport_level_marking: CList[x.ExtendedTransportLevelMarking] = ()
    transport_level_marking_indications: C[x.TransportLevelMarkingIndications] = None
    metadata: O[x.Metadata] = None
    n6_routing_information: O[x.N6RoutingInformation] = None
    header_handling_control_rule: CList[x.HeaderHandlingControlRule] = ()
    on_path_n6_connection_information: O[x.OnPathN6ConnectionInformation] = None


class DuplicatingParameters(Group, frozen=True):
    """Where copies go (TS 29.244 7.5.2.3)."""

    number = 5

    destination_interface: M[e.DestinationInterface]
    outer_header_creation: C[v.OuterHeaderCreation] = None
    transport_level_marking: C[e.TransportLevelMarking] = None
    forwarding_policy: C[e.ForwardingPolicy] = None


class CreateFAR(Group, frozen=True):
    """What to do with packets (TS 29.244 7.5.2.3)."""

    number = 3

    far_id: M[e.FARID]
    apply_action: M[e.ApplyAction]
    forwarding_parameters: C[ForwardingParameters] = None
    duplicating_parameters: CList[DuplicatingParameters] = ()
    bar_id: O[e.BARID] = None
    redundant_transmission_forwarding_parameters: C[t.RedundantTransmissionForwardingParameters] = None
    mbs_multicast_parameters: CList[b.MBSMulticastParameters] = ()
    add_mbs_unicast_parameters: CList[b.AddMBSUnicastParameters] = ()


class AggregatedURRs(Group, frozen=True):
    """A rule whose usage counts here too (TS 29.244 7.5.2.4)."""

    number = 118

    aggregated_urr_id: M[e.AggregatedURRID]
    multiplier: M[v.Multiplier]


class AdditionalMonitoringTime(Group, frozen=True):
    """A further time at which thresholds and quotas change (TS 29.244 7.5.2.4)."""

    number = 147

    monitoring_time: M[e.MonitoringTime]
    subsequent_volume_threshold: O[v.SubsequentVolumeThreshold] = None
    subsequent_time_threshold: O[e.SubsequentTimeThreshold] = None
    subsequent_volume_quota: O[v.SubsequentVolumeQuota] = None
    subsequent_time_quota: O[e.SubsequentTimeQuota] = None
    subsequent_event_threshold: O[e.SubsequentEventThreshold] = None
    subsequent_event_quota: O[e.SubsequentEventQuota] = None


class CreateURR(Group, frozen=True):
    """What to measure and when to report (TS 29.244 7.5.2.4)."""

    number = 6

    urr_id: M[e.URRID]
    measurement_method: M[e.MeasurementMethod]
    reporting_triggers: M[e.ReportingTriggers]
    measurement_period: C[e.MeasurementPeriod] = None
    volume_threshold: C[v.VolumeThreshold] = None
    volume_quota: C[v.VolumeQuota] = None
    event_threshold: C[e.EventThreshold] = None
    event_quota: C[e.EventQuota] = None
    time_threshold: C[e.TimeThreshold] = None
    time_quota: C[e.TimeQuota] = None
    quota_holding_time: C[e.QuotaHoldingTime] = None
    dropped_dl_traffic_threshold: C[v.DroppedDLTrafficThreshold] = None
    quota_validity_time: C[e.QuotaValidityTime] = None
    monitoring_time: O[e.MonitoringTime] = None
    subsequent_volume_threshold: O[v.SubsequentVolumeThreshold] = None
    subsequent_time_threshold: O[e.SubsequentTimeThreshold] = None
    subsequent_volume_quota: O[v.SubsequentVolumeQuota] = None
    subsequent_time_quota: O[e.SubsequentTimeQuota] = None
    subsequent_event_threshold: O[e.SubsequentEventThreshold] = None
    subsequent_event_quota: O[e.SubsequentEventQuota] = None
    inactivity_detection_time: C[e.InactivityDetectionTime] = None
    linked_urr_id: CList[e.LinkedURRID] = ()
    measurement_information: C[e.MeasurementInformation] = None
    time_quota_mechanism: C[v.TimeQuotaMechanism] = None
    aggregated_urrs: CList[AggregatedURRs] = ()
    far_id_for_quota_action: C[e.FARID] = None
    ethernet_inactivity_timer: C[e.EthernetInactivityTimer] = None
    additional_monitoring_time: OList[AdditionalMonitoringTime] = ()
    number_of_reports: O[e.NumberOfReports] = None
    exempted_application_id: OList[e.ApplicationID] = ()
    exempted_sdf_filter: OList[v.SDFFilter] = ()
    user_plane_inactivity_timer: C[e.UserPlaneInactivityTimer] = None


class CreateQER(Group, frozen=True):
    """How packets may pass (TS 29.244 7.5.2.5)."""

    number = 7

    qer_id: M[e.QERID]
    gate_status: M[v.GateStatus]
    qer_correlation_id: C[e.QERCorrelationID] = None
    mbr: C[v.MBR] = None
    gbr: C[v.GBR] = None
    packet_rate: C[v.PacketRate] = None
    dl_flow_level_marking: C[v.DLFlowLevelMarking] = None
    qfi: C[e.QFI] = None
    rqi: C[e.RQI] = None
    paging_policy_indicator: C[e.PagingPolicyIndicator] = None
    averaging_window: O[e.AveragingWindow] = None
    qer_control_indications: C[e.QERControlIndications] = None
    packet_rate_status: C[q.PacketRateStatus] = None
    qer_indications: C[e.QERIndications] = None


class CreateBAR(Group, frozen=True):
    """How to buffer (TS 29.244 7.5.2.6)."""

    number = 85

    bar_id: M[e.BARID]
    downlink_data_notification_delay: C[e.DownlinkDataNotificationDelay] = None
    suggested_buffering_packets_count: C[e.SuggestedBufferingPacketsCount] = None
    mt_edt_control_information: O[e.MTEDTControlInformation] = None
    dl_buffering_duration: C[v.DLBufferingDuration] = None
    dl_buffering_suggested_packet_count: O[e.DLBufferingSuggestedPacketCount] = None
    mt_sdt_control_information: O[e.MTSDTControlInformation] = None


class CreateTrafficEndpoint(Group, frozen=True):
    """An endpoint that several rules share (TS 29.244 7.5.2.7)."""

    number = 127

    traffic_endpoint_id: M[e.TrafficEndpointID]
    local_f_teid: Filter[v.FTEID] = None
    network_instance: Filter[e.NetworkInstance] = None
    ue_ip_address: Filters[v.UEIPAddress] = ()
    ethernet_pdu_session_information: Filter[e.EthernetPDUSessionInformation] = None
    framed_route: Filters[e.FramedRoute] = ()
    framed_routing: Filter[e.FramedRouting] = None
    framed_ipv6_route: Filters[e.FramedIPv6Route] = ()
    qfi: Filters[e.QFI] = ()
    source_interface_type: C[e.TGPPInterfaceType] = None
    redundant_transmission_detection_parameters: Filter[t.RedundantTransmissionDetectionParameters] = None
    local_ingress_tunnel: C[b.LocalIngressTunnel] = None
    ip_multicast_addressing_info: CList[b.IPMulticastAddressingInfo] = ()
    mbs_session_identifier: C[b.MBSSessionIdentifier] = None
    area_session_id: C[b.AreaSessionID] = None
    rat_type: O[e.RATType] = None
    mapped_n6_ip_address: Filter[x.MappedN6IPAddress] = None
    n6_routing_information: Filter[x.N6RoutingInformation] = None


class QoSMonitoringPerQoSFlowControlInformation(Group, frozen=True):
    """Which delays of which flows to measure (TS 29.244 7.5.2.9)."""

    number = 242

    qfi: MList[e.QFI]
    requested_qos_monitoring: M[v.RequestedQoSMonitoring]
    reporting_frequency: M[e.ReportingFrequency]
    packet_delay_thresholds: C[v.PacketDelayThresholds] = None
    minimum_wait_time: C[e.MinimumWaitTime] = None
    measurement_period: C[e.MeasurementPeriod] = None
    reporting_suggestion_info: C[w.ReportingSuggestionInfo] = None
    measurement_indication: C[w.MeasurementIndication] = None
    reporting_thresholds: C[w.ReportingThresholds] = None
    remaining_data_reporting_indication: O[w.RemainingDataReportingIndication] = None


class CreateSRR(Group, frozen=True):
    """What to report about the session (TS 29.244 7.5.2.9)."""

    number = 212

    srr_id: M[e.SRRID]
    qos_monitoring_per_qos_flow_control_information: CList[QoSMonitoringPerQoSFlowControlInformation] = ()
    access_availability_control_information: C[a.AccessAvailabilityControlInformation] = None
    direct_reporting_information: C[q.DirectReportingInformation] = None
    traffic_parameter_measurement_control_information: CList[w.TrafficParameterMeasurementControlInformation] = ()
    reporting_control_information: C[w.ReportingControlInformation] = None


class CreatedPDR(Group, frozen=True):
    """What the UP function chose for a rule (TS 29.244 7.5.3.2)."""

    number = 8

    pdr_id: M[e.PDRID]
    local_f_teid: C[v.FTEID] = None
    ue_ip_address: CList[v.UEIPAddress] = ()
    local_ingress_tunnel: C[b.LocalIngressTunnel] = None
    mapped_n6_ip_address: C[x.MappedN6IPAddress] = None


class CreatedTrafficEndpoint(Group, frozen=True):
    """What the UP function chose for an endpoint (TS 29.244 7.5.3.5)."""

    number = 128

    traffic_endpoint_id: M[e.TrafficEndpointID]
    local_f_teid: C[v.FTEID] = None
    ue_ip_address: CList[v.UEIPAddress] = ()
    local_ingress_tunnel: C[b.LocalIngressTunnel] = None
    mapped_n6_ip_address: C[x.MappedN6IPAddress] = None


class PartialFailureInformation(Group, frozen=True):
    """Which rules failed and why (TS 29.244 7.5.3.1)."""

    number = 272

    failed_rule_id: MList[v.FailedRuleID]
    failure_cause: M[e.Cause]
    offending_ie_information: MList[v.OffendingIEInformation]


class UpdatePDR(Group, frozen=True):
    """Changes of a rule that finds packets (TS 29.244 7.5.4.2)."""

    number = 9
    updates = True

    pdr_id: M[e.PDRID]
    outer_header_removal: C[v.OuterHeaderRemoval] = None
    precedence: C[e.Precedence] = None
    pdi: C[PDI] = None
    far_id: C[e.FARID] = None
    urr_id: CList[e.URRID] = ()
    qer_id: CList[e.QERID] = ()
    activate_predefined_rules: CList[e.ActivatePredefinedRules] = ()
    deactivate_predefined_rules: CList[e.DeactivatePredefinedRules] = ()
    activation_time: O[e.ActivationTime] = None
    deactivation_time: O[e.DeactivationTime] = None
    ip_multicast_addressing_info: Filters[b.IPMulticastAddressingInfo] = ()
    transport_delay_reporting: C[t.TransportDelayReporting] = None
    rat_type: O[e.RATType] = None


class UpdateForwardingParameters(Group, frozen=True):
    """Changes of where packets go (TS 29.244 7.5.4.3)."""

    number = 11
    updates = True

    destination_interface: C[e.DestinationInterface] = None
    network_instance: C[e.NetworkInstance] = None
    redirect_information: C[v.RedirectInformation] = None
    outer_header_creation: C[v.OuterHeaderCreation] = None
    transport_level_marking: C[e.TransportLevelMarking] = None
    forwarding_policy: C[e.ForwardingPolicy] = None
    header_enrichment: C[v.HeaderEnrichment] = None
    pfcpsmreq_flags: C[e.PFCPSMReqFlags] = None
    linked_traffic_endpoint_id: C[e.TrafficEndpointID] = None
    destination_interface_type: C[e.TGPPInterfaceType] = None
    data_network_access_identifier: C[e.DataNetworkAccessIdentifier] = None
    ip_address_and_port_number_replacement: C[v.IPAddressAndPortNumberReplacement] = None
    extended_transport_level_marking: CList[x.ExtendedTransportLevelMarking] = ()
    transport_level_marking_indications: C[x.TransportLevelMarkingIndications] = None
    metadata: C[x.Metadata] = None
    header_handling_control_rule: CList[x.HeaderHandlingControlRule] = ()


class UpdateDuplicatingParameters(Group, frozen=True):
    """Changes of where copies go (TS 29.244 7.5.4.3)."""

    number = 105
    updates = True

    destination_interface: C[e.DestinationInterface] = None
    outer_header_creation: C[v.OuterHeaderCreation] = None
    transport_level_marking: C[e.TransportLevelMarking] = None
    forwarding_policy: C[e.ForwardingPolicy] = None


class UpdateFAR(Group, frozen=True):
    """Changes of what to do with packets (TS 29.244 7.5.4.3)."""

    number = 10
    updates = True

    far_id: M[e.FARID]
    apply_action: C[e.ApplyAction] = None
    update_forwarding_parameters: C[UpdateForwardingParameters] = None
    update_duplicating_parameters: CList[UpdateDuplicatingParameters] = ()
    bar_id: C[e.BARID] = None
    redundant_transmission_forwarding_parameters: C[t.RedundantTransmissionForwardingParameters] = None
    add_mbs_unicast_parameters: CList[b.AddMBSUnicastParameters] = ()
    remove_mbs_unicast_parameters: CList[b.RemoveMBSUnicastParameters] = ()


class UpdateURR(Group, frozen=True):
    """Changes of what to measure (TS 29.244 7.5.4.4)."""

    number = 13
    updates = True

    urr_id: M[e.URRID]
    measurement_method: C[e.MeasurementMethod] = None
    reporting_triggers: C[e.ReportingTriggers] = None
    measurement_period: C[e.MeasurementPeriod] = None
    volume_threshold: C[v.VolumeThreshold] = None
    volume_quota: C[v.VolumeQuota] = None
    event_threshold: C[e.EventThreshold] = None
    event_quota: C[e.EventQuota] = None
    time_threshold: C[e.TimeThreshold] = None
    time_quota: C[e.TimeQuota] = None
    quota_holding_time: C[e.QuotaHoldingTime] = None
    dropped_dl_traffic_threshold: C[v.DroppedDLTrafficThreshold] = None
    quota_validity_time: C[e.QuotaValidityTime] = None
    monitoring_time: C[e.MonitoringTime] = None
    subsequent_volume_threshold: C[v.SubsequentVolumeThreshold] = None
    subsequent_time_threshold: C[e.SubsequentTimeThreshold] = None
    subsequent_volume_quota: C[v.SubsequentVolumeQuota] = None
    subsequent_time_quota: C[e.SubsequentTimeQuota] = None
    subsequent_event_threshold: O[e.SubsequentEventThreshold] = None
    subsequent_event_quota: O[e.SubsequentEventQuota] = None
    inactivity_detection_time: C[e.InactivityDetectionTime] = None
    linked_urr_id: CList[e.LinkedURRID] = ()
    measurement_information: C[e.MeasurementInformation] = None
    time_quota_mechanism: C[v.TimeQuotaMechanism] = None
    aggregated_urrs: CList[AggregatedURRs] = ()
    far_id_for_quota_action: C[e.FARID] = None
    ethernet_inactivity_timer: C[e.EthernetInactivityTimer] = None
    additional_monitoring_time: OList[AdditionalMonitoringTime] = ()
    number_of_reports: O[e.NumberOfReports] = None
    exempted_application_id: CList[e.ApplicationID] = ()
    exempted_sdf_filter: CList[v.SDFFilter] = ()
    user_plane_inactivity_timer: C[e.UserPlaneInactivityTimer] = None


class UpdateQER(Group, frozen=True):
    """Changes of how packets may pass (TS 29.244 7.5.4.5)."""

    number = 14
    updates = True

    qer_id: M[e.QERID]
    qer_correlation_id: C[e.QERCorrelationID] = None
    gate_status: C[v.GateStatus] = None
    mbr: C[v.MBR] = None
    gbr: C[v.GBR] = None
    packet_rate: C[v.PacketRate] = None
    dl_flow_level_marking: C[v.DLFlowLevelMarking] = None
    qfi: C[e.QFI] = None
    rqi: C[e.RQI] = None
    paging_policy_indicator: C[e.PagingPolicyIndicator] = None
    averaging_window: O[e.AveragingWindow] = None
    qer_control_indications: C[e.QERControlIndications] = None
    qer_indications: C[e.QERIndications] = None


class RemovePDR(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.6)."""

    number = 15

    pdr_id: M[e.PDRID]


class RemoveFAR(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.7)."""

    number = 16

    far_id: M[e.FARID]


class RemoveURR(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.8)."""

    number = 17

    urr_id: M[e.URRID]


class RemoveQER(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.9)."""

    number = 18

    qer_id: M[e.QERID]


class QueryURR(Group, frozen=True):
    """A rule whose usage to report now (TS 29.244 7.5.4.10)."""

    number = 77

    urr_id: M[e.URRID]


class UpdateBAR(Group, frozen=True):
    """Changes of how to buffer (TS 29.244 7.5.4.11)."""

    number = 86
    updates = True

    bar_id: M[e.BARID]
    downlink_data_notification_delay: C[e.DownlinkDataNotificationDelay] = None
    suggested_buffering_packets_count: C[e.SuggestedBufferingPacketsCount] = None
    mt_edt_control_information: O[e.MTEDTControlInformation] = None
    dl_buffering_duration: C[v.DLBufferingDuration] = None
    dl_buffering_suggested_packet_count: O[e.DLBufferingSuggestedPacketCount] = None
    mt_sdt_control_information: O[e.MTSDTControlInformation] = None
    extended_dl_buffering_notification_policy: C[e.ExtendedDLBufferingNotificationPolicy] = None


class RemoveBAR(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.12)."""

    number = 87

    bar_id: M[e.BARID]


class UpdateTrafficEndpoint(Group, frozen=True):
    """Changes of an endpoint (TS 29.244 7.5.4.13)."""

    number = 129
    updates = True

    traffic_endpoint_id: M[e.TrafficEndpointID]
    local_f_teid: C[v.FTEID] = None
    network_instance: O[e.NetworkInstance] = None
    ue_ip_address: CList[v.UEIPAddress] = ()
    framed_route: CList[e.FramedRoute] = ()
    framed_routing: C[e.FramedRouting] = None
    framed_ipv6_route: CList[e.FramedIPv6Route] = ()
    qfi: CList[e.QFI] = ()
    source_interface_type: C[e.TGPPInterfaceType] = None
    redundant_transmission_detection_parameters: C[t.RedundantTransmissionDetectionParameters] = None
    rat_type: O[e.RATType] = None


class RemoveTrafficEndpoint(Group, frozen=True):
    """An endpoint to remove (TS 29.244 7.5.4.14)."""

    number = 130

    traffic_endpoint_id: M[e.TrafficEndpointID]


class RemoveSRR(Group, frozen=True):
    """A rule to remove (TS 29.244 7.5.4.19)."""

    number = 211

    srr_id: M[e.SRRID]


class UpdateSRR(Group, frozen=True):
    """Changes of what to report about the session (TS 29.244 7.5.4.20)."""

    number = 213
    updates = True

    srr_id: M[e.SRRID]
    qos_monitoring_per_qos_flow_control_information: CList[QoSMonitoringPerQoSFlowControlInformation] = ()
    access_availability_control_information: C[a.AccessAvailabilityControlInformation] = None
    direct_reporting_information: C[q.DirectReportingInformation] = None
    traffic_parameter_measurement_control_information: CList[w.TrafficParameterMeasurementControlInformation] = ()


class UpdatedPDR(Group, frozen=True):
    """What the UP function chose anew for a rule (TS 29.244 7.5.5.5)."""

    number = 256

    pdr_id: M[e.PDRID]
    local_f_teid: C[v.FTEID] = None
    ue_ip_address: CList[v.UEIPAddress] = ()


class UpdateBARInReportResponse(Group, frozen=True):
    """Changes of how to buffer, in answer to a report (TS 29.244 7.5.9.2)."""

    number = 12

    bar_id: M[e.BARID]
    downlink_data_notification_delay: C[e.DownlinkDataNotificationDelay] = None
    dl_buffering_duration: C[v.DLBufferingDuration] = None
    dl_buffering_suggested_packet_count: O[e.DLBufferingSuggestedPacketCount] = None
    suggested_buffering_packets_count: C[e.SuggestedBufferingPacketsCount] = None
    extended_dl_buffering_notification_policy: C[e.ExtendedDLBufferingNotificationPolicy] = None


class ProvideRDSConfigurationInformation(Group, frozen=True):
    """Whether the session uses reliable data service (TS 29.244 7.5.2.11)."""

    number = 261

    rds_configuration_information: O[e.RDSConfigurationInformation] = None
