"""Handover over N2 as its source: HANDOVER REQUIRED to release (TS 23.502 4.9.1.3, TS 38.413 8.4.1, 8.4.5, 8.4.6)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import ngap
from freehold.procedure import exchange, expect, procedure
from freehold.ran.configuration import Neighbour
from freehold.ran.cu_cp import context_release, mobility
from freehold.ran.cu_cp.link import UeChannel
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Handover, Session, Ue
from freehold.services.access import Tunnel
from freehold.spec import counters
from freehold.spec.errors import Aborted, PeerError, TimerExpired
from freehold.stack import ngap_values, rrc_handover
from freehold.stack.ngap_faults import NgapReject

SUCCESSFUL: Final[ngap.Cause] = ("radioNetwork", "successful-handover")
CANCELLED: Final[ngap.Cause] = ("radioNetwork", "handover-cancelled")
EXPIRED: Final[ngap.Cause] = ("radioNetwork", "tngrelocprep-expiry")
OVERALL: Final[ngap.Cause] = ("radioNetwork", "tngrelocoverall-expiry")
BUSY: Final[ngap.Cause] = ("radioNetwork", "interaction-with-other-procedure")
LONGEST_STAY: Final = 4095
"""The longest time in a cell that is told, in seconds (TS 38.413 9.3.1.98)."""


async def prevented(error: Exception, ue: Ue, to: Neighbour) -> None:
    """A preparation that fails is cancelled where the AMF may go on with it; an execution, released."""
    gnb = ue.link.gnb
    if not gnb.serves(ue) or ue.amf_ue_ngap_id is None:
        if ue.stage is Stage.LEAVING:
            mobility.failed(ue, to.name, error, counters.HO_EXECUTION_FAILURE)
        return
    if ue.stage is Stage.LEAVING:
        mobility.failed(ue, to.name, error, counters.HO_EXECUTION_FAILURE)
        context_release.request(ue, OVERALL)  # TS 38.413 8.4.1.2
        return
    mobility.failed(ue, to.name, error, counters.HO_PREPARATION_FAILURE)
    ue.handover = None
    if isinstance(error, NgapReject):
        return  # the AMF said it, or was never asked
    cause = CANCELLED
    if isinstance(error, TimerExpired):
        cause = EXPIRED  # TS 38.413 8.4.1.2
    elif isinstance(error, Aborted) and "handover_cancellation" not in str(error):
        cause = BUSY
    await cancel(ue, cause)


async def cancel(ue: Ue, cause: ngap.Cause) -> None:
    """HANDOVER CANCEL, and its acknowledgement (TS 38.413 8.4.5)."""
    await exchange(
        UeChannel(ue),
        ngap.HandoverCancel(amf_ue_ngap_id=ue.amf_ue_ngap_id or 0, ran_ue_ngap_id=ue.ran_ue_ngap_id, cause=cause),
        ngap.HandoverCancelAcknowledge,
        timer="NGAP-response",
    )


@procedure(
    spec="TS 23.502 4.9.1.3",
    collides=mobility.OF_SOURCE,
    on_reject=prevented,
    on_failure=prevented,
)
async def n2_handover(ue: Ue, to: Neighbour) -> None:
    """Have another gNB prepared, send the terminal there, and be released once it is there."""
    count = ue.link.gnb.driver.environment.count
    mobility.check(ue, to)
    ue.handover = Handover()
    count(counters.HO_PREPARATION_REQUEST)
    # 4.9.1.3.2 1, 4.9.1.3.3 1
    answer = await exchange(
        UeChannel(ue),
        handover_required(ue, to),
        ngap.HandoverCommand,
        ngap.HandoverPreparationFailure,
        timer="TNGRELOCprep",
    )
    if isinstance(answer, ngap.HandoverPreparationFailure):
        cause = answer.cause or ("misc", "unspecified")
        raise NgapReject(cause, f"the AMF prepared nothing at {to.name}: {cause[1]}", "see the AMF's and its log")
    command, forwarding = commanded(ue, answer)
    count(counters.HO_PREPARATION_SUCCESS)
    # 4.9.1.3.3 2
    status_transfer(ue, answer)
    # 4.9.1.3.3 2, 3
    mobility.leave(ue, command, forwarding)
    # 4.9.1.3.3 14
    release = await expect(ngap.UEContextReleaseCommand, timer="TNGRELOCoverall")
    if release.cause != SUCCESSFUL:
        cause = release.cause or ("misc", "unspecified")
        raise NgapReject(cause, f"the AMF released the terminal before it was at {to.name}: {cause[1]}")
    count(counters.HO_EXECUTION_SUCCESS)


@procedure(spec="TS 38.413 8.4.5")
async def handover_cancellation(ue: Ue) -> None:
    """Take a preparation back: the procedure that runs for it says so to the AMF."""
    if ue.stage is not Stage.ESTABLISHED:
        raise PeerError("the terminal was sent to the target already")


def handover_required(ue: Ue, to: Neighbour) -> ngap.HandoverRequired:
    """HANDOVER REQUIRED with every session; packets can be forwarded directly (TS 38.413 9.2.3.1)."""
    transfer = ngap.HandoverRequiredTransfer(direct_forwarding_path_availability="direct-path-available")
    node = ngap.TargetRANNodeID(
        global_ran_node_id=ngap_values.global_gnb_id(to.identity), selected_tai=ngap_values.tai(to.tai)
    )
    return ngap.HandoverRequired(
        amf_ue_ngap_id=ue.amf_ue_ngap_id or 0,
        ran_ue_ngap_id=ue.ran_ue_ngap_id,
        handover_type="intra5gs",
        cause=mobility.DESIRABLE,
        target_id=("targetRANNodeID", node),
        direct_forwarding_path_availability="direct-path-available",
        pdu_session_resource_list_ho_rqd=[
            ngap.PDUSessionResourceItemHORqd(pdu_session_id=number, handover_required_transfer=transfer)
            for number in ue.sessions
        ],
        source_to_target_transparent_container=source_container(ue, to),
    )


def source_container(ue: Ue, to: Neighbour) -> bytes:
    """Source NG-RAN Node to Target NG-RAN Node Transparent Container (TS 38.413 9.3.1.20)."""
    return ngap.encode_value(
        ngap.SourceNGRANNodeToTargetNGRANNodeTransparentContainer(
            rrc_container=rrc_handover.handover_preparation(),
            pdu_session_resource_information_list=[_information(session) for session in ue.sessions.values()],
            target_cell_id=("nR-CGI", ngap_values.nr_cgi(to.cell)),
            ue_history_information=[
                ngap.LastVisitedCellItem(last_visited_cell_information=("nGRANCell", last_visited(ue)))
            ],
        )
    )


def _information(session: Session) -> ngap.PDUSessionResourceInformationItem:
    flows = [
        ngap.QosFlowInformationItem(qos_flow_identifier=qfi, dl_forwarding="dl-forwarding-proposed")
        for qfi in session.qfis
    ]
    associated = [ngap.AssociatedQosFlowItem(qos_flow_identifier=qfi) for qfi in session.qfis]
    mapping = ngap.DRBsToQosFlowsMappingItem(drb_id=session.pdu_session_id, associated_qos_flow_list=associated)
    return ngap.PDUSessionResourceInformationItem(
        pdu_session_id=session.pdu_session_id,
        qos_flow_information_list=flows,
        drbs_to_qos_flows_mapping_list=[mapping],
    )


def last_visited(ue: Ue) -> ngap.LastVisitedNGRANCellInformation:
    """The source's own cell, the last one that the UE was in (TS 38.413 9.3.1.96)."""
    gnb = ue.link.gnb
    stayed = round(gnb.driver.environment.now() - ue.activity.since)
    return ngap.LastVisitedNGRANCellInformation(
        global_cell_id=("nR-CGI", ngap_values.nr_cgi(gnb.configuration.cell)),
        cell_type=ngap.CellType(cell_size="medium"),
        time_ue_stayed_in_cell=min(stayed, LONGEST_STAY),
    )


def commanded(ue: Ue, answer: ngap.HandoverCommand) -> tuple[bytes, dict[int, Tunnel]]:
    """The target's container, and where packets of which session go on to; PeerError where it makes no sense."""
    received, faults = ngap.decode_as(
        ngap.TargetNGRANNodeToSourceNGRANNodeTransparentContainer, answer.target_to_source_transparent_container
    )
    if received is None or faults:
        raise PeerError("the target's container does not decode")
    forwarding: dict[int, Tunnel] = {}
    for item in answer.pdu_session_resource_handover_list or ():
        transfer = item.handover_command_transfer
        if isinstance(transfer, bytes) or item.pdu_session_id not in ue.sessions:
            raise PeerError(f"PDU session {item.pdu_session_id} of the handover command is none of the terminal's")
        if transfer.dl_forwarding_up_tnl_information is not None:
            own = ue.link.gnb.plane.address
            forwarding[item.pdu_session_id] = ngap_values.tunnel_of(transfer.dl_forwarding_up_tnl_information, own)
    return mobility.readable(received.rrc_container), forwarding


def status_transfer(ue: Ue, answer: ngap.HandoverCommand) -> None:
    """UPLINK RAN STATUS TRANSFER where bearers go on at the target (TS 38.413 8.4.6)."""
    counts = mobility.counted(ue, [item.pdu_session_id for item in answer.pdu_session_resource_handover_list or ()])
    if not counts:
        return
    transferred = ngap.RANStatusTransferTransparentContainer(
        drbs_subject_to_status_transfer_list=[
            ngap.DRBsSubjectToStatusTransferItem(
                drb_id=count.drb,
                drb_status_ul=("dRBStatusUL18", ngap.DRBStatusUL18(ul_count_value=_count(count.uplink))),
                drb_status_dl=("dRBStatusDL18", ngap.DRBStatusDL18(dl_count_value=_count(count.downlink))),
            )
            for count in counts
        ]
    )
    UeChannel(ue).send(
        ngap.UplinkRANStatusTransfer(
            amf_ue_ngap_id=ue.amf_ue_ngap_id or 0,
            ran_ue_ngap_id=ue.ran_ue_ngap_id,
            ran_status_transfer_transparent_container=transferred,
        )
    )


def _count(count: int) -> ngap.COUNTValueForPDCPSN18:
    sequence_number, hyper_frame_number = mobility.parts(count)
    return ngap.COUNTValueForPDCPSN18(pdcp_sn18=sequence_number, hfn_pdcp_sn18=hyper_frame_number)
