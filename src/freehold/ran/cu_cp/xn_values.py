"""Between NGAP's values, which a gNB keeps, and those of XnAP (TS 38.423 9.2)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TypeVar

from freehold.codecs import ngap, xnap
from freehold.ran.state.ue import Session, UeContext
from freehold.services.access import Tunnel
from freehold.spec.errors import PeerError
from freehold.spec.identities import GnbId, Ncgi
from freehold.stack import ngap_values

K = TypeVar("K")
V = TypeVar("V")


def global_gnb_id(identity: GnbId) -> xnap.GlobalNGRANNodeID:
    """A gNB's identity (TS 38.423 9.2.2.3)."""
    value = xnap.GlobalgNBID(plmn_id=identity.plmn.octets, gnb_id=("gnb-ID", (identity.value, identity.bits)))
    return "gNB", value


def gnb_id_of(value: xnap.GlobalNGRANNodeID) -> GnbId:
    """A gNB's identity as a peer names it; PeerError where it is none."""
    if value[0] != "gNB" or value[1].gnb_id[0] != "gnb-ID":
        raise PeerError(f"a node of kind {value[0]} is no gNB")
    number, bits = value[1].gnb_id[1]
    return GnbId(ngap_values.plmn_of(value[1].plmn_id), number, bits)


def nr_cgi(cell: Ncgi) -> xnap.NRCGI:
    """An NR cell's identity (TS 38.423 9.2.2.7)."""
    return xnap.NRCGI(plmn_id=cell.plmn.octets, nr_ci=(cell.cell, 36))


def guami(value: ngap.GUAMI) -> xnap.GUAMI:
    """A GUAMI (TS 38.423 9.2.3.24)."""
    return xnap.GUAMI(
        plmn_id=value.plmn_identity,
        amf_region_id=value.amf_region_id,
        amf_set_id=value.amf_set_id,
        amf_pointer=value.amf_pointer,
    )


def guami_of(value: xnap.GUAMI) -> ngap.GUAMI:
    """The same in NGAP's form."""
    return ngap.GUAMI(
        plmn_identity=value.plmn_id,
        amf_region_id=value.amf_region_id,
        amf_set_id=value.amf_set_id,
        amf_pointer=value.amf_pointer,
    )


def capabilities(value: ngap.UESecurityCapabilities) -> xnap.UESecurityCapabilities:
    """UE security capabilities (TS 38.423 9.2.3.49)."""
    return xnap.UESecurityCapabilities(
        nr_encyption_algorithms=value.nr_encryption_algorithms,
        nr_integrity_protection_algorithms=value.nr_integrity_protection_algorithms,
        e_utra_encyption_algorithms=value.eutra_encryption_algorithms,
        e_utra_integrity_protection_algorithms=value.eutra_integrity_protection_algorithms,
    )


def capabilities_of(value: xnap.UESecurityCapabilities) -> ngap.UESecurityCapabilities:
    """The same in NGAP's form."""
    return ngap.UESecurityCapabilities(
        nr_encryption_algorithms=value.nr_encyption_algorithms,
        nr_integrity_protection_algorithms=value.nr_integrity_protection_algorithms,
        eutra_encryption_algorithms=value.e_utra_encyption_algorithms,
        eutra_integrity_protection_algorithms=value.e_utra_integrity_protection_algorithms,
    )


def ue_ambr(context: UeContext) -> xnap.UEAggregateMaximumBitRate:
    """The rates of all non-GBR flows (TS 38.423 9.2.3.17); what no AMF told is not bounded here."""
    ambr = context.ambr
    if ambr is None:
        return xnap.UEAggregateMaximumBitRate(dl_ue_ambr=MOST, ul_ue_ambr=MOST)
    return xnap.UEAggregateMaximumBitRate(
        dl_ue_ambr=ambr.ue_aggregate_maximum_bit_rate_dl, ul_ue_ambr=ambr.ue_aggregate_maximum_bit_rate_ul
    )


MOST = 4_000_000_000_000
"""The highest bit rate that is written in the range of its root (TS 38.423 9.2.3.4)."""


def ue_ambr_of(value: xnap.UEAggregateMaximumBitRate) -> ngap.UEAggregateMaximumBitRate:
    """The same in NGAP's form."""
    return ngap.UEAggregateMaximumBitRate(
        ue_aggregate_maximum_bit_rate_dl=value.dl_ue_ambr, ue_aggregate_maximum_bit_rate_ul=value.ul_ue_ambr
    )


def tunnel(value: Tunnel) -> xnap.UPTransportLayerInformation:
    """A tunnel endpoint (TS 38.423 9.2.3.30)."""
    address = ip_address(value.address)
    return "gtpTunnel", xnap.GTPtunnelTransportLayerInformation(
        tnl_address=(int(address), address.max_prefixlen), gtp_teid=value.teid.to_bytes(4, "big")
    )


def ngap_tunnel(value: xnap.UPTransportLayerInformation) -> ngap.UPTransportLayerInformation:
    """The same in NGAP's form; PeerError where it is none."""
    if value[0] != "gtpTunnel":
        raise PeerError(f"a transport of kind {value[0]} is not served")
    return "gTPTunnel", ngap.GTPTunnel(transport_layer_address=value[1].tnl_address, gtp_teid=value[1].gtp_teid)


def cause(value: ngap.Cause) -> xnap.Cause:
    """An NGAP cause in XnAP's words, where it has them (TS 38.423 9.2.3.2)."""
    words = CAUSES.get(str(value[1]))
    if words is not None:
        return "radioNetwork", words
    return SHARED.get(value, ("radioNetwork", "unspecified"))


CAUSES: dict[str, xnap.CauseRadioNetworkLayer] = {
    "cell-not-available": "cell-not-available",
    "handover-desirable-for-radio-reason": "handover-desirable-for-radio-reasons",
    "ho-target-not-allowed": "handover-target-not-allowed",
    "no-radio-resources-available-in-target-cell": "no-radio-resources-available-in-target-cell",
    "encryption-and-or-integrity-protection-algorithms-not-supported": (
        "encryption-and-or-integrity-protection-algorithms-not-supported"
    ),
    "multiple-PDU-session-ID-instances": "multiple-PDU-session-ID-instances",
    "unknown-PDU-session-ID": "unknown-PDU-session-ID",
    "invalid-qos-combination": "invalid-QoS-combination",
    "multiple-qos-flow-ID-instances": "multiple-QoS-Flow-ID-instances",
    "slice-not-supported": "slice-not-supported-by-NG-RAN",
    "up-integrity-protection-not-possible": "up-integrity-protection-not-possible",
    "up-confidentiality-protection-not-possible": "up-confidentiality-protection-not-possible",
    "handover-cancelled": "procedure-cancelled",
}
SHARED: dict[ngap.Cause, xnap.Cause] = {
    ("protocol", "transfer-syntax-error"): ("protocol", "transfer-syntax-error"),
    ("protocol", "semantic-error"): ("protocol", "semantic-error"),
    ("transport", "transport-resource-unavailable"): ("transport", "transport-resource-unavailable"),
    ("misc", "unspecified"): ("misc", "unspecified"),
}
"""Causes that both protocols have in the same words."""


# --- sessions --------------------------------------------------------------------------------------
def session_to_set_up(session: Session, own: Tunnel) -> xnap.PDUSessionResourcesToBeSetupItem:
    """A session as a target is asked for it (TS 38.423 9.2.1.1); all its flows may be forwarded."""
    request = session.request
    ambr, security = request.pdu_session_aggregate_maximum_bit_rate, request.security_indication
    flows = request.qos_flow_setup_request_list
    return xnap.PDUSessionResourcesToBeSetupItem(
        pdu_session_id=session.pdu_session_id,
        s_nssai=xnap.SNSSAI(sst=session.slice.sst, sd=session.slice.sd),
        pdu_session_ambr=None
        if ambr is None
        else xnap.PDUSessionAggregateMaximumBitRate(
            downlink_session_ambr=ambr.pdu_session_aggregate_maximum_bit_rate_dl,
            uplink_session_ambr=ambr.pdu_session_aggregate_maximum_bit_rate_ul,
        ),
        ul_ng_u_tn_lat_upf=tunnel(session.uplink),
        source_dl_ng_u_tnl_information=tunnel(own),
        security_indication=None
        if security is None
        else xnap.SecurityIndication(
            integrity_protection_indication=security.integrity_protection_indication,
            confidentiality_protection_indication=security.confidentiality_protection_indication,
        ),
        pdu_session_type=request.pdu_session_type,
        qos_flows_to_be_setup_list=[
            xnap.QoSFlowsToBeSetupItem(
                qfi=flow.qos_flow_identifier,
                qos_flow_level_qos_parameters=_qos(flow.qos_flow_level_qos_parameters),
            )
            for flow in flows
        ],
        dataforwardinginfofrom_source=xnap.DataforwardingandOffloadingInfofromSource(
            qos_flows_to_be_forwarded=[
                xnap.QoSFLowsToBeForwardedItem(
                    qos_flow_identifier=flow.qos_flow_identifier,
                    dl_dataforwarding="dl-forwarding-proposed",
                    ul_dataforwarding="ul-forwarding-proposed",
                )
                for flow in flows
            ]
        ),
    )


def request_of(item: xnap.PDUSessionResourcesToBeSetupItem) -> ngap.PDUSessionResourceSetupRequestTransfer:
    """The same as an AMF would ask for it."""
    ambr, security = item.pdu_session_ambr, item.security_indication
    return ngap.PDUSessionResourceSetupRequestTransfer(
        pdu_session_aggregate_maximum_bit_rate=None
        if ambr is None
        else ngap.PDUSessionAggregateMaximumBitRate(
            pdu_session_aggregate_maximum_bit_rate_dl=ambr.downlink_session_ambr,
            pdu_session_aggregate_maximum_bit_rate_ul=ambr.uplink_session_ambr,
        ),
        ul_ngu_up_tnl_information=ngap_tunnel(item.ul_ng_u_tn_lat_upf),
        pdu_session_type=item.pdu_session_type,
        security_indication=None
        if security is None
        else ngap.SecurityIndication(
            integrity_protection_indication=security.integrity_protection_indication,
            confidentiality_protection_indication=security.confidentiality_protection_indication,
        ),
        qos_flow_setup_request_list=[
            ngap.QosFlowSetupRequestItem(
                qos_flow_identifier=flow.qfi,
                qos_flow_level_qos_parameters=_qos_of(flow.qos_flow_level_qos_parameters),
            )
            for flow in item.qos_flows_to_be_setup_list
        ],
    )


def _qos(value: ngap.QosFlowLevelQosParameters) -> xnap.QoSFlowLevelQoSParameters:
    """QoS parameters of a flow (TS 38.423 9.2.3.5)."""
    kind, characteristics = value.qos_characteristics
    arp, gbr = value.allocation_and_retention_priority, value.gbr_qos_information
    described: xnap.QoSCharacteristics
    if isinstance(characteristics, ngap.NonDynamic5QIDescriptor):
        described = (
            "non-dynamic",
            xnap.NonDynamic5QIDescriptor(
                five_qi=characteristics.five_qi,
                priority_level_qos=characteristics.priority_level_qos,
                averaging_window=characteristics.averaging_window,
                maximum_data_burst_volume=characteristics.maximum_data_burst_volume,
            ),
        )
    elif isinstance(characteristics, ngap.Dynamic5QIDescriptor):
        rate = characteristics.packet_error_rate
        described = (
            "dynamic",
            xnap.Dynamic5QIDescriptor(
                priority_level_qos=characteristics.priority_level_qos,
                packet_delay_budget=characteristics.packet_delay_budget,
                packet_error_rate=xnap.PacketErrorRate(per_scalar=rate.per_scalar, per_exponent=rate.per_exponent),
                five_qi=characteristics.five_qi,
                delay_critical=characteristics.delay_critical,
                averaging_window=characteristics.averaging_window,
                maximum_data_burst_volume=characteristics.maximum_data_burst_volume,
            ),
        )
    else:
        raise PeerError(f"QoS characteristics of kind {kind} cannot be handed over")
    return xnap.QoSFlowLevelQoSParameters(
        qos_characteristics=described,
        allocation_and_retention_prio=xnap.AllocationandRetentionPriority(
            priority_level=arp.priority_level_arp,
            pre_emption_capability=CAPABILITY[arp.pre_emption_capability],
            pre_emption_vulnerability=VULNERABILITY[arp.pre_emption_vulnerability],
        ),
        gbr_qos_flow_info=None
        if gbr is None
        else xnap.GBRQoSFlowInfo(
            max_flow_bit_rate_dl=gbr.maximum_flow_bit_rate_dl,
            max_flow_bit_rate_ul=gbr.maximum_flow_bit_rate_ul,
            guaranteed_flow_bit_rate_dl=gbr.guaranteed_flow_bit_rate_dl,
            guaranteed_flow_bit_rate_ul=gbr.guaranteed_flow_bit_rate_ul,
            notification_control=gbr.notification_control,
        ),
    )


def _qos_of(value: xnap.QoSFlowLevelQoSParameters) -> ngap.QosFlowLevelQosParameters:
    kind, characteristics = value.qos_characteristics
    arp, gbr = value.allocation_and_retention_prio, value.gbr_qos_flow_info
    described: ngap.QosCharacteristics
    if isinstance(characteristics, xnap.NonDynamic5QIDescriptor):
        described = (
            "nonDynamic5QI",
            ngap.NonDynamic5QIDescriptor(
                five_qi=characteristics.five_qi,
                priority_level_qos=characteristics.priority_level_qos,
                averaging_window=characteristics.averaging_window,
                maximum_data_burst_volume=characteristics.maximum_data_burst_volume,
            ),
        )
    elif isinstance(characteristics, xnap.Dynamic5QIDescriptor):
        rate = characteristics.packet_error_rate
        described = (
            "dynamic5QI",
            ngap.Dynamic5QIDescriptor(
                priority_level_qos=characteristics.priority_level_qos,
                packet_delay_budget=characteristics.packet_delay_budget,
                packet_error_rate=ngap.PacketErrorRate(per_scalar=rate.per_scalar, per_exponent=rate.per_exponent),
                five_qi=characteristics.five_qi,
                delay_critical=characteristics.delay_critical,
                averaging_window=characteristics.averaging_window,
                maximum_data_burst_volume=characteristics.maximum_data_burst_volume,
            ),
        )
    else:
        raise PeerError(f"QoS characteristics of kind {kind} are not served")
    return ngap.QosFlowLevelQosParameters(
        qos_characteristics=described,
        allocation_and_retention_priority=ngap.AllocationAndRetentionPriority(
            priority_level_arp=min(max(arp.priority_level, 1), 15),
            pre_emption_capability=_key(CAPABILITY, arp.pre_emption_capability),
            pre_emption_vulnerability=_key(VULNERABILITY, arp.pre_emption_vulnerability),
        ),
        gbr_qos_information=None
        if gbr is None
        else ngap.GBRQosInformation(
            maximum_flow_bit_rate_dl=gbr.max_flow_bit_rate_dl,
            maximum_flow_bit_rate_ul=gbr.max_flow_bit_rate_ul,
            guaranteed_flow_bit_rate_dl=gbr.guaranteed_flow_bit_rate_dl,
            guaranteed_flow_bit_rate_ul=gbr.guaranteed_flow_bit_rate_ul,
            notification_control=gbr.notification_control,
        ),
    )


CAPABILITY: dict[ngap.PreEmptionCapability, xnap.AllocationandRetentionPriorityPreEmptionCapability] = {
    "shall-not-trigger-pre-emption": "shall-not-trigger-preemption",
    "may-trigger-pre-emption": "may-trigger-preemption",
}
VULNERABILITY: dict[ngap.PreEmptionVulnerability, xnap.AllocationandRetentionPriorityPreEmptionVulnerability] = {
    "not-pre-emptable": "not-preemptable",
    "pre-emptable": "preemptable",
}


def _key(table: dict[K, V], value: V) -> K:
    return next(key for key, known in table.items() if known == value)
