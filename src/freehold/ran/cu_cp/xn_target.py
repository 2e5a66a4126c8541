"""Handover over Xn as its target: HANDOVER REQUEST to UE CONTEXT RELEASE (TS 38.423 8.2, TS 23.502 4.9.1.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.codecs import ngap, xnap
from freehold.procedure import exchange, expect, procedure, send
from freehold.ran.cu_cp import context_setup, mobility, nas_transport, sessions, xn_values
from freehold.ran.cu_cp.key_change import key_change
from freehold.ran.cu_cp.link import UeChannel
from freehold.ran.cu_cp.mobility import Admitted, Arrived, Count
from freehold.ran.cu_cp.xn_faults import UNKNOWN, Misplaced
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import AsSecurity, Handover, Ue, UeContext
from freehold.services.access import Tunnel
from freehold.spec import counters
from freehold.spec.errors import PeerError
from freehold.spec.keys import Key
from freehold.stack import ngap_values
from freehold.stack.ngap_faults import NgapReject

if TYPE_CHECKING:
    from freehold.ran.cu_cp.xn_link import XnLink


def handover_request(xn: XnLink, message: xnap.HandoverRequest) -> None:
    """HANDOVER REQUEST of another gNB: a UE context for a terminal that is to come (TS 38.423 8.2.1)."""
    gnb = xn.gnb
    gnb.driver.environment.count(counters.HO_ALLOCATION_REQUEST)
    guami = ngap_values.guami_of(xn_values.guami_of(message.guami))
    link = next((link for link in gnb.links if link.amf.ready and guami in link.amf.guamis), None)
    if link is None:
        gnb.driver.environment.count(counters.HO_ALLOCATION_FAILURE, "unknown-GUAMI-ID")
        fail(xn, message, ("radioNetwork", "unknown-GUAMI-ID"))
        return
    ue = gnb.prepare(link)
    ue.handover = Handover(0, xn, message.source_ng_ran_node_ue_xnap_id)
    ue.conversation.start(xn_handover_target(ue, xn, message))


def fail(xn: XnLink, message: xnap.HandoverRequest, cause: xnap.Cause) -> None:
    """HANDOVER PREPARATION FAILURE (TS 38.423 8.2.1.3)."""
    xn.send(
        xnap.HandoverPreparationFailure(
            source_ng_ran_node_ue_xnap_id=message.source_ng_ran_node_ue_xnap_id, cause=cause
        )
    )


async def refused(error: Exception, ue: Ue, xn: XnLink, message: xnap.HandoverRequest) -> None:
    """Nothing of the UE stays here; the source is told where it can still keep the terminal."""
    gnb, preparing = ue.link.gnb, ue.stage is Stage.ARRIVING
    if not gnb.serves(ue):
        return
    mobility.refused(ue, error)
    if not preparing:
        gnb.release_locally(ue, f"its path was not switched: {error}")
        return
    named = ue.handover is not None and bool(ue.handover.c_rnti) and bool(ue.sessions)
    gnb.forget(ue)
    if not named:
        cause = mobility.cause_of(error)
        gnb.driver.environment.count(counters.HO_ALLOCATION_FAILURE, str(cause[1]))
        fail(xn, message, xn_values.cause(cause))


@procedure(spec="TS 38.423 8.2.1", on_reject=refused, on_failure=refused)
async def xn_handover_target(ue: Ue, xn: XnLink, message: xnap.HandoverRequest) -> None:
    """Bearers and a C-RNTI for the terminal; once it is here, its path is switched and the source may forget it."""
    from freehold.ran.cu_cp.xn_link import XnChannel

    count, context = ue.link.gnb.driver.environment.count, message.ue_context_info_ho_request
    # TS 38.423 8.2.1.2
    secure(ue, message)
    asked, forwarded = wanted(context)
    mobility.expect(ue, Handover(0, xn, message.source_ng_ran_node_ue_xnap_id))
    admitted = mobility.admit(ue, asked, forwarded)
    channel = XnChannel(xn, ue)
    await send(channel, acknowledge(ue, message, admitted))
    count(counters.HO_ALLOCATION_SUCCESS)
    # TS 38.300 9.2.3.2.1 8
    await expect(Arrived, timer="TXnRELOCoverall")
    mobility.arrived(ue)
    # TS 23.502 4.9.1.2.2 1, 7
    answer = await exchange(
        UeChannel(ue),
        path_switch_request(ue, context, admitted),
        ngap.PathSwitchRequestAcknowledge,
        ngap.PathSwitchRequestFailure,
        timer="NGAP-response",
    )
    if isinstance(answer, ngap.PathSwitchRequestFailure):
        raise NgapReject(("misc", "unspecified"), "the AMF does not switch its path", "see the AMF's log")
    switched(ue, answer)
    # TS 23.502 4.9.1.2.2 8
    await send(
        channel,
        xnap.UEContextRelease(
            source_ng_ran_node_ue_xnap_id=message.source_ng_ran_node_ue_xnap_id,
            target_ng_ran_node_ue_xnap_id=ue.ran_ue_ngap_id,
        ),
    )
    # TS 33.501 6.9.2.3.2
    if ue.security is not None and ue.security.key_set_change:
        ue.conversation.start(key_change(ue))


def secure(ue: Ue, message: xnap.HandoverRequest) -> None:
    """The key that the source derived for this cell, its NCC, and algorithms (TS 33.501 6.9.2.3.2, 6.7.3.1)."""
    context, configuration = message.ue_context_info_ho_request, ue.link.gnb.configuration
    if message.target_cell_global_id != ("nr", xn_values.nr_cgi(configuration.cell)):
        raise NgapReject(
            ("radioNetwork", "cell-not-available"), "the source asks for a cell that is none of this gNB's"
        )
    capabilities, information = context.ue_security_capabilities, context.security_information
    ciphering, integrity = context_setup.algorithms(
        configuration, capabilities.nr_encyption_algorithms, capabilities.nr_integrity_protection_algorithms
    )
    key = Key(information.key_ng_ran_star[0].to_bytes(32, "big"))
    ue.security = AsSecurity(key, ciphering, integrity, information.ncc)
    ue.context = UeContext(
        xn_values.capabilities_of(capabilities),
        xn_values.guami_of(message.guami),
        xn_values.ue_ambr_of(context.ue_ambr),
    )


def wanted(context: xnap.UEContextInfoHORequest) -> tuple[list[sessions.Asked], set[int]]:
    """The sessions to set up, and those whose packets the source would forward; PeerError where one is none of ours."""
    asked, forwarded = [], set()
    for item in context.pdu_session_resources_to_be_setup_list:
        slice_ = ngap.SNSSAI(sst=item.s_nssai.sst, sd=item.s_nssai.sd)
        asked.append(sessions.Asked(item.pdu_session_id, None, slice_, xn_values.request_of(item)))
        if item.dataforwardinginfofrom_source is not None:
            forwarded.add(item.pdu_session_id)
    return asked, forwarded


def acknowledge(ue: Ue, message: xnap.HandoverRequest, admitted: Admitted) -> xnap.HandoverRequestAcknowledge:
    """HANDOVER REQUEST ACKNOWLEDGE with this cell's command to the terminal (TS 38.423 9.1.1.2)."""
    return xnap.HandoverRequestAcknowledge(
        source_ng_ran_node_ue_xnap_id=message.source_ng_ran_node_ue_xnap_id,
        target_ng_ran_node_ue_xnap_id=ue.ran_ue_ngap_id,
        pdu_session_resources_admitted_list=[
            xnap.PDUSessionResourcesAdmittedItem(
                pdu_session_id=number, pdu_session_resource_admitted_info=_admitted(ue, number, tunnel)
            )
            for number, _, tunnel in admitted.done
        ],
        pdu_session_resources_not_admitted_list=[
            xnap.PDUSessionResourcesNotAdmittedItem(pdu_session_id=number, cause=xn_values.cause(cause))
            for number, cause in admitted.failed
        ]
        or None,
        target2_source_ng_ran_node_transp_container=mobility.container(ue),
    )


def _admitted(ue: Ue, number: int, forwarding: Tunnel | None) -> xnap.PDUSessionResourceAdmittedInfo:
    qfis = ue.sessions[number].qfis
    information = None
    if forwarding is not None:
        information = xnap.DataForwardingInfoFromTargetNGRANnode(
            qos_flows_accepted_for_data_forwarding_list=[
                xnap.QoSFLowsAcceptedToBeForwardedItem(qos_flow_identifier=qfi) for qfi in qfis
            ],
            pdu_session_level_dl_data_forwarding_info=xn_values.tunnel(forwarding),
        )
    return xnap.PDUSessionResourceAdmittedInfo(
        qos_flows_admitted_list=[xnap.QoSFlowsAdmittedItem(qfi=qfi) for qfi in qfis],
        data_forwarding_info_from_target=information,
    )


def path_switch_request(ue: Ue, context: xnap.UEContextInfoHORequest, admitted: Admitted) -> ngap.PathSwitchRequest:
    """PATH SWITCH REQUEST with this gNB's tunnels, and why it has none for the others (TS 38.413 9.2.3.8)."""
    return ngap.PathSwitchRequest(
        ran_ue_ngap_id=ue.ran_ue_ngap_id,
        source_amf_ue_ngap_id=context.ng_c_ue_reference,
        user_location_information=ue.link.gnb.location,
        ue_security_capabilities=xn_values.capabilities_of(context.ue_security_capabilities),
        pdu_session_resource_to_be_switched_dl_list=[
            ngap.PDUSessionResourceToBeSwitchedDLItem(
                pdu_session_id=number,
                path_switch_request_transfer=ngap.PathSwitchRequestTransfer(
                    dl_ngu_up_tnl_information=ngap_values.tunnel(session.downlink),
                    qos_flow_accepted_list=[ngap.QosFlowAcceptedItem(qos_flow_identifier=qfi) for qfi in session.qfis],
                ),
            )
            for number, session in ue.sessions.items()
        ],
        pdu_session_resource_failed_to_setup_list_ps_req=[
            ngap.PDUSessionResourceFailedToSetupItemPSReq(
                pdu_session_id=number,
                path_switch_request_setup_failed_transfer=ngap.PathSwitchRequestSetupFailedTransfer(cause=cause),
            )
            for number, cause in admitted.failed
        ]
        or None,
    )


def switched(ue: Ue, answer: ngap.PathSwitchRequestAcknowledge) -> None:
    """Keep the next hop for the next handover, move uplinks, drop what the AMF released (TS 38.413 8.4.4.2)."""
    gnb, security = ue.link.gnb, ue.security
    if answer.amf_ue_ngap_id is None or answer.amf_ue_ngap_id in ue.link.by_amf_id:
        raise PeerError("the AMF names no UE of its own")
    gnb.adopt(ue, answer.amf_ue_ngap_id)
    if security is not None:
        hop = mobility.hop_of(answer.security_context)
        rekeyed = answer.new_security_context_ind is not None
        ue.security = AsSecurity(security.k_gnb, security.ciphering, security.integrity, security.ncc, hop, rekeyed)
    for item in answer.pdu_session_resource_switched_list or ():
        transfer, session = item.path_switch_request_acknowledge_transfer, ue.sessions.get(item.pdu_session_id)
        if session is None or isinstance(transfer, bytes) or transfer.ul_ngu_up_tnl_information is None:
            continue
        uplink = ngap_values.tunnel_of(transfer.ul_ngu_up_tnl_information, gnb.plane.address)
        gnb.plane.update_bearer(session.handle, uplink, session.qfis[0])
    gone = tuple(
        item.pdu_session_id
        for item in answer.pdu_session_resource_released_list_ps_ack or ()
        if item.pdu_session_id in ue.sessions
    )
    for number in gone:
        gnb.drop_session(ue, number)
    if gone:
        ue.terminal.bearers((), gone)
    waiting, ue.handover = [] if ue.handover is None else ue.handover.waiting, None
    for octets in waiting:
        nas_transport.uplink(ue, octets)


def handover_cancel(xn: XnLink, message: xnap.HandoverCancel) -> None:
    """HANDOVER CANCEL of the source: what was prepared is given up (TS 38.423 8.2.3)."""
    for ue in tuple(xn.gnb.contexts.expected.values()):
        handover = ue.handover
        if handover is not None and handover.xn is xn and handover.peer == message.source_ng_ran_node_ue_xnap_id:
            ue.conversation.abort("the source cancelled the handover")
            xn.gnb.forget(ue)


def status_transfer(xn: XnLink, message: xnap.SNStatusTransfer) -> None:
    """SN STATUS TRANSFER: bearers go on from the source's COUNTs (TS 38.423 8.2.2)."""
    ue = xn.target(message.target_ng_ran_node_ue_xnap_id)
    if ue is None:
        raise Misplaced(UNKNOWN, "no terminal is to come under that identity")  # TS 38.413 10.6
    counts = []
    for item in message.drbs_subject_to_status_transfer_list or ():
        uplink, downlink = item.pdcp_status_transfer_ul, item.pdcp_status_transfer_dl
        if uplink[0] != "pdcp-sn-18bits" or downlink[0] != "pdcp-sn-18bits":
            raise PeerError("a COUNT with a sequence number of another length than the bearer's")
        counts.append(Count(item.drb_id, _joined(uplink[1]), _joined(downlink[1])))
    mobility.count_on(ue, counts)


def _joined(status: Any) -> int:
    return mobility.joined(status.count_value.pdcp_sn18, status.count_value.hfn_pdcp_sn18)
