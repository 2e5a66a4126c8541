"""PDU session resources as bearers of the access engine (TS 38.413 8.2.1, 8.2.2, 9.3.4)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs import ngap
from freehold.ran.state.ue import Session
from freehold.services.access import BearerPlane, Tunnel
from freehold.spec.errors import PeerError
from freehold.spec.qos import GUARANTEED
from freehold.stack.ngap_faults import NgapReject
from freehold.stack.ngap_values import tunnel, tunnel_of

SERVED_TYPES: Final = frozenset({"ipv4", "ipv6", "ipv4v6", "ethernet"})
_UNDECODED: Final[ngap.Cause] = ("protocol", "transfer-syntax-error")
_NO_TRANSPORT: Final[ngap.Cause] = ("transport", "transport-resource-unavailable")
_COMBINATION: Final[ngap.Cause] = ("radioNetwork", "invalid-qos-combination")


def setup(
    plane: BearerPlane,
    pdu_session_id: int,
    slice_: ngap.SNSSAI,
    transfer: ngap.PDUSessionResourceSetupRequestTransfer | bytes,
) -> tuple[Session, ngap.PDUSessionResourceSetupResponseTransfer]:
    """Make the bearer of a session; NgapReject with the cause for the unsuccessful transfer (TS 38.413 8.2.1.2)."""
    if isinstance(transfer, bytes):
        raise NgapReject(_UNDECODED, "the setup request transfer does not decode")
    asked = transfer.qos_flow_setup_request_list
    _check(transfer, tuple(item.qos_flow_identifier for item in asked))
    failed = tuple(item.qos_flow_identifier for item in asked if lacking(item.qos_flow_level_qos_parameters))
    qfis = tuple(item.qos_flow_identifier for item in asked if item.qos_flow_identifier not in failed)
    if not qfis:
        raise NgapReject(_COMBINATION, "no flow has what its 5QI asks for")
    uplink = _peer(plane, transfer.ul_ngu_up_tnl_information)
    handle, downlink = plane.add_bearer(uplink, qfis[0])
    request = transfer
    if failed:
        kept = [item for item in asked if item.qos_flow_identifier in qfis]
        request = msgspec.structs.replace(transfer, qos_flow_setup_request_list=kept)
    session = Session(pdu_session_id, handle, qfis, uplink, downlink, slice_, request)
    return session, ngap.PDUSessionResourceSetupResponseTransfer(
        dl_qos_flow_per_tnl_information=ngap.QosFlowPerTNLInformation(
            up_transport_layer_information=tunnel(downlink),
            associated_qos_flow_list=[ngap.AssociatedQosFlowItem(qos_flow_identifier=qfi) for qfi in qfis],
        ),
        security_result=_security_result(transfer.security_indication),
        qos_flow_failed_to_setup_list=_failed(failed),
    )


def lacking(qos: ngap.QosFlowLevelQosParameters | None) -> bool:
    """Whether a flow is told without what its characteristics ask for (TS 38.413 8.2.1.4, 8.2.3.4)."""
    if qos is None:
        return False
    characteristics = qos.qos_characteristics[1]
    if isinstance(characteristics, ngap.Dynamic5QIDescriptor):
        if characteristics.delay_critical == "delay-critical" and characteristics.maximum_data_burst_volume is None:
            return True
    elif not isinstance(characteristics, ngap.NonDynamic5QIDescriptor):
        return False
    return characteristics.five_qi in GUARANTEED and qos.gbr_qos_information is None


def _failed(qfis: tuple[int, ...]) -> list[ngap.QosFlowWithCauseItem] | None:
    """The flows that the gNB has no resources for."""
    return [ngap.QosFlowWithCauseItem(qos_flow_identifier=qfi, cause=_COMBINATION) for qfi in qfis] or None


def _check(transfer: ngap.PDUSessionResourceSetupRequestTransfer, qfis: tuple[int, ...]) -> None:
    """The abnormal conditions of TS 38.413 8.2.1.4, and what this user plane cannot do."""
    flows = transfer.qos_flow_setup_request_list
    if len(set(qfis)) != len(qfis):
        raise NgapReject(("radioNetwork", "multiple-qos-flow-ID-instances"))
    non_gbr = any(item.qos_flow_level_qos_parameters.gbr_qos_information is None for item in flows)
    if non_gbr and transfer.pdu_session_aggregate_maximum_bit_rate is None:
        raise NgapReject(("protocol", "semantic-error"), "a non-GBR flow without a session AMBR")
    if transfer.pdu_session_type not in SERVED_TYPES:
        raise NgapReject(
            ("radioNetwork", "unspecified"), f"sessions of type {transfer.pdu_session_type} are not served"
        )
    wanted = transfer.security_indication
    # PDCP will protect user data once the radio stands; until then a session that requires it is refused.
    if wanted is not None and wanted.integrity_protection_indication == "required":
        raise NgapReject(("radioNetwork", "up-integrity-protection-not-possible"))
    if wanted is not None and wanted.confidentiality_protection_indication == "required":
        raise NgapReject(("radioNetwork", "up-confidentiality-protection-not-possible"))


def _security_result(wanted: ngap.SecurityIndication | None) -> ngap.SecurityResult | None:
    """What became of a preference (TS 38.413 8.2.1.2: only where one was told)."""
    if wanted is None:
        return None
    return ngap.SecurityResult(
        integrity_protection_result="not-performed", confidentiality_protection_result="not-performed"
    )


def _peer(plane: BearerPlane, information: ngap.UPTransportLayerInformation) -> Tunnel:
    try:
        peer = tunnel_of(information, plane.address)
    except PeerError as wrong:
        raise NgapReject(_NO_TRANSPORT, str(wrong)) from None
    if peer.address in {"0.0.0.0", "::"}:  # noqa: S104 - what a peer names, never bound to
        raise NgapReject(_NO_TRANSPORT, "the UPF's tunnel has no address", "set n3.advertise at the core")
    return peer


def modify(
    plane: BearerPlane, session: Session, transfer: ngap.PDUSessionResourceModifyRequestTransfer | bytes
) -> tuple[Session, ngap.PDUSessionResourceModifyResponseTransfer]:
    """Move a bearer to another tunnel, add flows and release some (TS 38.413 8.2.3.2)."""
    if isinstance(transfer, bytes):
        raise NgapReject(_UNDECODED, "the modify request transfer does not decode")
    uplink, moved = session.uplink, transfer.ul_ngu_up_tnl_modify_list
    if moved:
        uplink = _peer(plane, moved[0].ul_ngu_up_tnl_information)
    added = [item.qos_flow_identifier for item in transfer.qos_flow_add_or_modify_request_list or ()]
    if len(set(added)) != len(added):
        raise NgapReject(("radioNetwork", "multiple-qos-flow-ID-instances"))
    removed = {item.qos_flow_identifier for item in transfer.qos_flow_to_release_list or ()}
    # TS 38.413 8.2.3.4: a flow that is to come and to go stays what it was, as does one without what its 5QI asks for
    failed = tuple(
        item.qos_flow_identifier
        for item in transfer.qos_flow_add_or_modify_request_list or ()
        if item.qos_flow_identifier in removed or lacking(item.qos_flow_level_qos_parameters)
    )
    added = [qfi for qfi in added if qfi not in failed]
    removed -= set(failed)
    qfis = tuple(qfi for qfi in dict.fromkeys((*session.qfis, *added)) if qfi not in removed)
    if not qfis:
        raise NgapReject(_COMBINATION, "no flow would be left")
    plane.update_bearer(session.handle, uplink, qfis[0])
    answered = [ngap.QosFlowAddOrModifyResponseItem(qos_flow_identifier=qfi) for qfi in added]
    return (
        msgspec.structs.replace(session, qfis=qfis, uplink=uplink, request=_changed(session, transfer, qfis, failed)),
        ngap.PDUSessionResourceModifyResponseTransfer(
            qos_flow_add_or_modify_response_list=answered or None, qos_flow_failed_to_add_or_modify_list=_failed(failed)
        ),
    )


def _changed(
    session: Session,
    transfer: ngap.PDUSessionResourceModifyRequestTransfer,
    qfis: tuple[int, ...],
    failed: tuple[int, ...],
) -> ngap.PDUSessionResourceSetupRequestTransfer:
    """What the session would be set up with now (TS 38.413 8.2.3.2)."""
    flows = {item.qos_flow_identifier: item for item in session.request.qos_flow_setup_request_list}
    for item in transfer.qos_flow_add_or_modify_request_list or ():
        if item.qos_flow_level_qos_parameters is not None and item.qos_flow_identifier not in failed:
            flows[item.qos_flow_identifier] = ngap.QosFlowSetupRequestItem(
                qos_flow_identifier=item.qos_flow_identifier,
                qos_flow_level_qos_parameters=item.qos_flow_level_qos_parameters,
            )
    moved = transfer.ul_ngu_up_tnl_modify_list
    before = session.request
    return msgspec.structs.replace(
        before,
        qos_flow_setup_request_list=[flows[qfi] for qfi in qfis if qfi in flows],
        ul_ngu_up_tnl_information=moved[0].ul_ngu_up_tnl_information if moved else before.ul_ngu_up_tnl_information,
        pdu_session_aggregate_maximum_bit_rate=transfer.pdu_session_aggregate_maximum_bit_rate
        or before.pdu_session_aggregate_maximum_bit_rate,
    )
