"""Handover over Xn as its source: HANDOVER REQUEST to UE CONTEXT RELEASE (TS 38.300 9.2.3.2.1, TS 38.423 8.2)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from freehold.codecs import ngap, xnap
from freehold.procedure import exchange, expect, procedure
from freehold.ran.configuration import Neighbour
from freehold.ran.cu_cp import context_release, mobility, n2_source, xn_values
from freehold.ran.cu_cp.xn_link import XnChannel, XnLink
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Handover, Ue
from freehold.services.access import Tunnel
from freehold.spec import counters
from freehold.spec.errors import Aborted, PeerError, TimerExpired
from freehold.stack import ngap_values, rrc_handover
from freehold.stack.ngap_faults import NgapReject

OVERALL: Final[ngap.Cause] = ("radioNetwork", "txnrelocoverall-expiry")
NOWHERE: Final = (0, 32)
"""The address of an AMF that is in this process (TS 38.423 9.2.3.31)."""


async def prevented(error: Exception, ue: Ue, to: Neighbour, xn: XnLink) -> None:
    """A preparation that fails is cancelled where the target may have begun; an execution, released."""
    gnb = ue.link.gnb
    if ue.stage is Stage.LEAVING:
        mobility.failed(ue, to.name, error, counters.HO_EXECUTION_FAILURE)
        if gnb.serves(ue):
            context_release.request(ue, OVERALL)  # TS 38.423 8.2.1.2
        return
    mobility.failed(ue, to.name, error, counters.HO_PREPARATION_FAILURE)
    asked, ue.handover = ue.handover is not None, None
    if not asked or isinstance(error, NgapReject):
        return  # the target said it, or was never asked
    cause: xnap.Cause = ("radioNetwork", "procedure-cancelled")
    if isinstance(error, TimerExpired):
        cause = ("radioNetwork", "tXnRELOCprep-expiry")  # TS 38.423 8.2.1.2
    elif not isinstance(error, Aborted):
        cause = ("protocol", "semantic-error")
    XnChannel(xn, ue).send(xnap.HandoverCancel(source_ng_ran_node_ue_xnap_id=ue.ran_ue_ngap_id, cause=cause))


@procedure(
    spec="TS 38.300 9.2.3.2.1",
    collides=mobility.OF_SOURCE,
    on_reject=prevented,
    on_failure=prevented,
)
async def xn_handover(ue: Ue, to: Neighbour, xn: XnLink) -> None:
    """Have another gNB prepared, send the terminal there, and forget it once its path is switched."""
    count = ue.link.gnb.driver.environment.count
    mobility.check(ue, to)
    ue.handover = Handover(0, xn)
    count(counters.HO_PREPARATION_REQUEST)
    # 3, 5
    answer = await exchange(
        XnChannel(xn, ue),
        handover_request(ue, to),
        xnap.HandoverRequestAcknowledge,
        xnap.HandoverPreparationFailure,
        timer="TXnRELOCprep",
    )
    if isinstance(answer, xnap.HandoverPreparationFailure):
        cause = answer.cause or ("misc", "unspecified")
        raise NgapReject(
            ("radioNetwork", "ho-failure-in-target-5GC-ngran-node-or-target-system"),
            f"{to.name} does not take the terminal: {cause[1]}",
            f"see the log of {to.name}",
        )
    forwarding = commanded(ue, answer)
    count(counters.HO_PREPARATION_SUCCESS)
    # 7
    status_transfer(ue, xn, answer)
    # 6
    mobility.leave(ue, answer.target2_source_ng_ran_node_transp_container or b"", forwarding)
    # 12
    await expect(xnap.UEContextRelease, timer="TXnRELOCoverall")
    count(counters.HO_EXECUTION_SUCCESS)
    ue.link.gnb.forget(ue)


def handover_request(ue: Ue, to: Neighbour) -> xnap.HandoverRequest:
    """HANDOVER REQUEST with the key for the target's cell (TS 38.423 9.1.1.1, TS 33.501 6.9.2.3.2)."""
    context, security = ue.context, ue.security
    if context is None or security is None:
        raise PeerError("the terminal has no context")
    key = mobility.next_key(security, to.pci, to.arfcn)
    return xnap.HandoverRequest(
        source_ng_ran_node_ue_xnap_id=ue.ran_ue_ngap_id,
        cause=xn_values.cause(mobility.DESIRABLE),
        target_cell_global_id=("nr", xn_values.nr_cgi(to.cell)),
        guami=xn_values.guami(context.guami),
        ue_context_info_ho_request=xnap.UEContextInfoHORequest(
            ng_c_ue_reference=ue.amf_ue_ngap_id or 0,
            cp_tnl_info_source=("endpointIPAddress", _address(ue)),
            ue_security_capabilities=xn_values.capabilities(context.capabilities),
            security_information=xnap.ASSecurityInformation(
                key_ng_ran_star=(int.from_bytes(key.k_gnb, "big"), 256), ncc=key.ncc
            ),
            ue_ambr=xn_values.ue_ambr(context),
            pdu_session_resources_to_be_setup_list=[
                xn_values.session_to_set_up(session, session.downlink) for session in ue.sessions.values()
            ],
            rrc_context=rrc_handover.handover_preparation(),
        ),
        ue_history_information=[("nG-RAN-Cell", ngap.encode_value(n2_source.last_visited(ue)))],
    )


def _address(ue: Ue) -> tuple[int, int]:
    """Where N2 of the source leads to, as far as it is an IP address (TS 38.423 9.2.3.31)."""
    association = ue.link.association
    host = "" if association is None else association.peer.rpartition(":")[0].strip("[]")
    try:
        address = ip_address(host)
    except ValueError:
        return NOWHERE
    return int(address), address.max_prefixlen


def commanded(ue: Ue, answer: xnap.HandoverRequestAcknowledge) -> dict[int, Tunnel]:
    """Where packets of which session go on to; PeerError where the answer makes no sense."""
    mobility.readable(answer.target2_source_ng_ran_node_transp_container or b"")
    if ue.handover is not None:
        ue.handover.peer = answer.target_ng_ran_node_ue_xnap_id or 0
    forwarding: dict[int, Tunnel] = {}
    for item in answer.pdu_session_resources_admitted_list or ():
        if item.pdu_session_id not in ue.sessions:
            raise PeerError(f"PDU session {item.pdu_session_id} of the answer is none of the terminal's")
        information = item.pdu_session_resource_admitted_info.data_forwarding_info_from_target
        where = None if information is None else information.pdu_session_level_dl_data_forwarding_info
        if where is not None:
            own = ue.link.gnb.plane.address
            forwarding[item.pdu_session_id] = ngap_values.tunnel_of(xn_values.ngap_tunnel(where), own)
    return forwarding


def status_transfer(ue: Ue, xn: XnLink, answer: xnap.HandoverRequestAcknowledge) -> None:
    """SN STATUS TRANSFER where bearers go on at the target (TS 38.423 8.2.2)."""
    numbers = [item.pdu_session_id for item in answer.pdu_session_resources_admitted_list or ()]
    counts = mobility.counted(ue, numbers)
    if not counts:
        return
    XnChannel(xn, ue).send(
        xnap.SNStatusTransfer(
            source_ng_ran_node_ue_xnap_id=ue.ran_ue_ngap_id,
            target_ng_ran_node_ue_xnap_id=answer.target_ng_ran_node_ue_xnap_id or 0,
            drbs_subject_to_status_transfer_list=[
                xnap.DRBsSubjectToStatusTransferItem(
                    drb_id=count.drb,
                    pdcp_status_transfer_ul=_status(count.uplink),
                    pdcp_status_transfer_dl=_status(count.downlink),
                )
                for count in counts
            ],
        )
    )


def _status(count: int) -> xnap.DRBBStatusTransferChoice:
    sequence_number, hyper_frame_number = mobility.parts(count)
    value = xnap.COUNTPDCPSN18(pdcp_sn18=sequence_number, hfn_pdcp_sn18=hyper_frame_number)
    return "pdcp-sn-18bits", xnap.DRBBStatusTransfer18bitsSN(count_value=value)
