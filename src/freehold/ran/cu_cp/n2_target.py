"""Handover over N2 as its target: HANDOVER REQUEST to HANDOVER NOTIFY (TS 23.502 4.9.1.3, TS 38.413 8.4.2, 8.4.3)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.procedure import expect, procedure, send
from freehold.ran.cu_cp import context_release, context_setup, mobility, sessions
from freehold.ran.cu_cp.link import Link, UeChannel
from freehold.ran.cu_cp.mobility import Admitted, Arrived, Count
from freehold.ran.state.ue import AsSecurity, Handover, Ue, UeContext
from freehold.services.access import Tunnel
from freehold.spec import counters
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.keys import Key
from freehold.stack import ngap_values
from freehold.stack.ngap_faults import NgapReject

Notes = ngap.CriticalityDiagnostics | None


def handover_request(link: Link, message: ngap.HandoverRequest, notes: Notes) -> None:
    """HANDOVER REQUEST of an AMF: a UE context for a terminal that is to come (TS 38.413 8.4.2)."""
    link.gnb.driver.environment.count(counters.HO_ALLOCATION_REQUEST)
    if message.amf_ue_ngap_id in link.by_amf_id:
        raise PeerError("the AMF UE NGAP ID is in use")
    ue = link.gnb.prepare(link)
    link.gnb.adopt(ue, message.amf_ue_ngap_id)
    ue.conversation.start(handover_resource_allocation(ue, message, notes))


async def refused(error: Exception, ue: Ue, request: ngap.HandoverRequest, notes: Notes) -> None:
    """HANDOVER FAILURE: nothing of the UE stays here (TS 38.413 8.4.2.3); a terminal that never came is given up."""
    gnb, link = ue.link.gnb, ue.link
    if not gnb.serves(ue):
        return
    if isinstance(error, TimerExpired):
        context_release.request(ue, context_release.LOST)
        return
    cause = mobility.cause_of(error)
    gnb.driver.environment.count(counters.HO_ALLOCATION_FAILURE, str(cause[1]))
    mobility.refused(ue, error)
    gnb.forget(ue)
    link.send(ngap.HandoverFailure(amf_ue_ngap_id=request.amf_ue_ngap_id, cause=cause, criticality_diagnostics=notes))


@procedure(spec="TS 38.413 8.4.2", on_reject=refused, on_failure=refused)
async def handover_resource_allocation(ue: Ue, request: ngap.HandoverRequest, notes: Notes) -> None:
    """Key, bearers and a C-RNTI for the terminal; then wait for it, and say that it is there."""
    count = ue.link.gnb.driver.environment.count
    # 8.4.2.2
    proposed = source_proposes(ue, request)
    mobility.expect(ue, Handover())
    secure(ue, request)
    ue.context = UeContext(request.ue_security_capabilities, request.guami, request.ue_aggregate_maximum_bit_rate)
    admitted = mobility.admit(ue, asked(request), proposed)
    await send(UeChannel(ue), acknowledge(ue, admitted, notes))
    count(counters.HO_ALLOCATION_SUCCESS)
    # TS 23.502 4.9.1.3.3 4
    await expect(Arrived, timer="TNGRELOCoverall")
    mobility.arrived(ue)
    # 8.4.3
    await send(
        UeChannel(ue),
        ngap.HandoverNotify(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=ue.ran_ue_ngap_id,
            user_location_information=ue.link.gnb.location,
        ),
    )


def secure(ue: Ue, request: ngap.HandoverRequest) -> None:
    """KgNB* of the NH that the AMF sent, for this cell, and the algorithms (TS 33.501 6.9.2.3.3, 6.7.3.2).

    Where the AMF says that its security context is new, the terminal is to be told.
    """
    configuration, capabilities = ue.link.gnb.configuration, request.ue_security_capabilities
    ciphering, integrity = context_setup.algorithms(
        configuration, capabilities.nr_encryption_algorithms, capabilities.nr_integrity_protection_algorithms
    )
    hop = mobility.hop_of(request.security_context)
    rekeyed = request.new_security_context_ind is not None
    before = AsSecurity(Key(hop.nh), ciphering, integrity, next_hop=hop, key_set_change=rekeyed)
    ue.security = mobility.next_key(before, configuration.pci, configuration.arfcn)


def source_proposes(ue: Ue, request: ngap.HandoverRequest) -> set[int]:
    """The sessions whose packets the source would forward; NgapReject where its container names no cell of ours."""
    container, faults = ngap.decode_as(
        ngap.SourceNGRANNodeToTargetNGRANNodeTransparentContainer, request.source_to_target_transparent_container
    )
    if container is None or faults:
        raise NgapReject(("protocol", "transfer-syntax-error"), "the source's container does not decode")
    if container.target_cell_id != ("nR-CGI", ngap_values.nr_cgi(ue.link.gnb.configuration.cell)):
        raise NgapReject(
            ("radioNetwork", "cell-not-available"), "the source asks for a cell that is none of this gNB's"
        )
    return {
        item.pdu_session_id
        for item in container.pdu_session_resource_information_list or ()
        if any(flow.dl_forwarding is not None for flow in item.qos_flow_information_list)
    }


def asked(request: ngap.HandoverRequest) -> list[sessions.Asked]:
    """The sessions to set up."""
    return [
        sessions.Asked(item.pdu_session_id, None, item.s_nssai, item.handover_request_transfer)
        for item in request.pdu_session_resource_setup_list_ho_req
    ]


def acknowledge(ue: Ue, admitted: Admitted, notes: Notes) -> ngap.HandoverRequestAcknowledge:
    """HANDOVER REQUEST ACKNOWLEDGE with this cell's command to the terminal (TS 38.413 9.2.3.5)."""
    container = ngap.TargetNGRANNodeToSourceNGRANNodeTransparentContainer(rrc_container=mobility.container(ue))
    return ngap.HandoverRequestAcknowledge(
        amf_ue_ngap_id=ue.amf_ue_ngap_id or 0,
        ran_ue_ngap_id=ue.ran_ue_ngap_id,
        pdu_session_resource_admitted_list=[
            ngap.PDUSessionResourceAdmittedItem(
                pdu_session_id=number, handover_request_acknowledge_transfer=_transfer(transfer, tunnel)
            )
            for number, transfer, tunnel in admitted.done
        ],
        pdu_session_resource_failed_to_setup_list_ho_ack=[
            ngap.PDUSessionResourceFailedToSetupItemHOAck(
                pdu_session_id=number,
                handover_resource_allocation_unsuccessful_transfer=ngap.HandoverResourceAllocationUnsuccessfulTransfer(
                    cause=cause
                ),
            )
            for number, cause in admitted.failed
        ]
        or None,
        target_to_source_transparent_container=ngap.encode_value(container),
        criticality_diagnostics=notes,
    )


def _transfer(
    made: ngap.PDUSessionResourceSetupResponseTransfer, forwarding: Tunnel | None
) -> ngap.HandoverRequestAcknowledgeTransfer:
    """Handover Request Acknowledge Transfer (TS 38.413 9.3.4.11)."""
    tunnel = made.dl_qos_flow_per_tnl_information
    accepted: ngap.DataForwardingAccepted | None = None if forwarding is None else "data-forwarding-accepted"
    return ngap.HandoverRequestAcknowledgeTransfer(
        dl_ngu_up_tnl_information=tunnel.up_transport_layer_information,
        dl_forwarding_up_tnl_information=None if forwarding is None else ngap_values.tunnel(forwarding),
        security_result=made.security_result,
        qos_flow_setup_response_list=[
            ngap.QosFlowItemWithDataForwarding(
                qos_flow_identifier=flow.qos_flow_identifier, data_forwarding_accepted=accepted
            )
            for flow in tunnel.associated_qos_flow_list
        ],
    )


def status_transfer(ue: Ue, message: ngap.DownlinkRANStatusTransfer) -> None:
    """DOWNLINK RAN STATUS TRANSFER: bearers go on from the source's COUNTs (TS 38.413 8.4.7)."""
    counts = []
    for item in message.ran_status_transfer_transparent_container.drbs_subject_to_status_transfer_list:
        uplink, downlink = item.drb_status_ul, item.drb_status_dl
        if uplink[0] != "dRBStatusUL18" or downlink[0] != "dRBStatusDL18":
            raise PeerError("a COUNT with a sequence number of another length than the bearer's")
        sent, received = downlink[1].dl_count_value, uplink[1].ul_count_value
        counts.append(
            Count(
                item.drb_id,
                mobility.joined(received.pdcp_sn18, received.hfn_pdcp_sn18),
                mobility.joined(sent.pdcp_sn18, sent.hfn_pdcp_sn18),
            )
        )
    mobility.count_on(ue, counts)
