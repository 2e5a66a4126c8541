"""N2 messages of one UE (TS 38.413 8.2, 8.3, 8.6, 8.14) and the procedures this AMF answers without having them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import ngap
from freehold.core.amf import n1, ngap_errors, values
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.delivery import flush
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.an_release import GENERATED, an_release, lose, release_now
from freehold.core.amf.procedures.session_resources import session_resources
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.core.amf.state.machines import ContextEvent, ContextState
from freehold.core.amf.state.ue import Session, Ue, UeRadio
from freehold.services.nsmf import N2SmInfoType

NO_HANDOVER: Final[Any] = ("radioNetwork", "ho-failure-in-target-5GC-ngran-node-or-target-system")


def initial_ue_message(amf: AmfFunction, gnb: Gnb, message: ngap.InitialUEMessage) -> None:
    """INITIAL UE MESSAGE: a new connection and its first NAS message (TS 38.413 8.6.1)."""
    tai = values.location(message.user_location_information)
    if tai is None:
        ngap_errors.misplaced(amf, gnb, message, ngap_errors.SEMANTIC)
        return
    stale = gnb.connections.get(message.ran_ue_ngap_id)
    if stale is not None:
        lose(amf, stale, "the gNB uses the RAN UE NGAP ID anew")
    connection = amf.contexts.connect(gnb, message.ran_ue_ngap_id, tai)
    connection.context_requested = message.ue_context_request is not None
    n1.first(amf, connection, message.nas_pdu)


def uplink_nas_transport(amf: AmfFunction, connection: Connection, message: ngap.UplinkNASTransport) -> None:
    """UPLINK NAS TRANSPORT (TS 38.413 8.6.3)."""
    ue = connection.ue
    if ue is None or connection.context is ContextState.RELEASING:
        return
    tai = values.location(message.user_location_information)
    if tai is not None:
        connection.tai = ue.mobility.tai = tai
    n1.receive(amf, ue, message.nas_pdu)


def nas_non_delivery(amf: AmfFunction, _: Connection, message: ngap.NASNonDeliveryIndication) -> None:
    """NAS NON DELIVERY INDICATION: the timers of the procedures send again (TS 38.413 8.6.4)."""
    amf.environment.count("ngap.nas-non-delivery", str(message.cause[1]) if message.cause else "")


def radio_capability(amf: AmfFunction, connection: Connection, message: ngap.UERadioCapabilityInfoIndication) -> None:
    """UE RADIO CAPABILITY INFO INDICATION: kept for the next context setup (TS 38.413 8.14.1)."""
    if connection.ue is not None and message.ue_radio_capability is not None:
        capability = amf.interned(message.ue_radio_capability)
        connection.ue.radio = UeRadio(capability, message.ue_radio_capability_for_paging)


# --- UE context -----------------------------------------------------------------------------------
def context_set_up(amf: AmfFunction, connection: Connection, message: ngap.InitialContextSetupResponse) -> None:
    """INITIAL CONTEXT SETUP RESPONSE (TS 38.413 8.3.1.2)."""
    ue = connection.ue
    if ue is None or not connection.move(ContextEvent.SETUP_SUCCEEDED):
        unsolicited(amf, connection, message)
        return
    report(amf, ue, message.pdu_session_resource_setup_list_cxt_res, SETUP)
    report(amf, ue, message.pdu_session_resource_failed_to_setup_list_cxt_res, SETUP_FAILED)
    flush(amf, ue)


def context_failed(amf: AmfFunction, connection: Connection, message: ngap.InitialContextSetupFailure) -> None:
    """INITIAL CONTEXT SETUP FAILURE: the connection cannot stay (TS 38.413 8.3.1.3)."""
    ue = connection.ue
    if ue is None or not connection.move(ContextEvent.SETUP_FAILED):
        unsolicited(amf, connection, message)
        return
    cause: ngap.Cause = message.cause or ("radioNetwork", "unspecified")
    amf.tell(
        "context-setup-failed",
        f"{connection.gnb} could not set up the terminal's context: {cause[0]} {cause[1]}",
        subject=ue,
        fix="see the gNB's log; a wrong KgNB or unknown algorithms end here",
        clause="TS 38.413 8.3.1.3",
    )
    report(amf, ue, message.pdu_session_resource_failed_to_setup_list_cxt_fail, SETUP_FAILED)
    ue.conversation.start(an_release(amf, ue, connection, as_cause(cause)))


def release_requested(amf: AmfFunction, connection: Connection, message: ngap.UEContextReleaseRequest) -> None:
    """UE CONTEXT RELEASE REQUEST of the node (TS 38.413 8.3.2, TS 23.502 4.2.6 step 1)."""
    cause = as_cause(message.cause)
    ue = connection.ue
    if ue is None:
        release_now(amf, connection, cause)
    elif connection.context is not ContextState.RELEASING:
        ue.conversation.start(an_release(amf, ue, connection, cause))


def as_cause(cause: ngap.Cause | None) -> ngap.Cause:
    """The node's cause is echoed in the command (TS 38.413 8.3.3); an unknown one becomes ours."""
    return GENERATED if cause is None or cause[0] == "unknown" else cause


def released(amf: AmfFunction, connection: Connection, message: ngap.UEContextReleaseComplete) -> None:
    """UE CONTEXT RELEASE COMPLETE (TS 38.413 8.3.3)."""
    if connection.context is not ContextState.RELEASING:
        unsolicited(amf, connection, message)
        return
    ue = connection.ue
    if ue is None or not ue.conversation.deliver(message):
        amf.contexts.disconnect(connection)


def unsolicited(amf: AmfFunction, connection: Connection, message: Any) -> None:
    """An outcome nobody asked for is dropped: counted, without an answer (TS 38.413 10.4; G02)."""
    amf.fault(
        "unsolicited outcome",
        f"{connection.gnb} sent {type(message).__name__}, which nothing waits for",
        subject=connection.ue or connection,
        clause="TS 38.413 10.4",
    )


# --- PDU sessions -----------------------------------------------------------------------------------
class Report(msgspec.Struct, frozen=True, gc=False):
    """How one list of a node's answer goes on: its N2 type, the field, what was awaited, what it means."""

    kind: N2SmInfoType
    field: str
    awaited: str
    """Empty where the node speaks first."""
    active: bool


SETUP: Final = Report("PDU_RES_SETUP_RSP", "pdu_session_resource_setup_response_transfer", "setup", active=True)
SETUP_FAILED: Final = Report(
    "PDU_RES_SETUP_FAIL", "pdu_session_resource_setup_unsuccessful_transfer", "setup", active=False
)
RELEASED: Final = Report("PDU_RES_REL_RSP", "pdu_session_resource_release_response_transfer", "release", active=False)
MODIFIED: Final = Report("PDU_RES_MOD_RSP", "pdu_session_resource_modify_response_transfer", "modify", active=True)
MODIFY_FAILED: Final = Report(
    "PDU_RES_MOD_FAIL", "pdu_session_resource_modify_unsuccessful_transfer", "modify", active=True
)
NOTIFIED: Final = Report("PDU_RES_NTY", "pdu_session_resource_notify_transfer", "", active=True)
NOTIFIED_RELEASED: Final = Report("PDU_RES_NTY_REL", "pdu_session_resource_notify_released_transfer", "", active=False)


def report(amf: AmfFunction, ue: Ue, items: Iterable[Any] | None, row: Report) -> None:
    """Hand each item's container to the SMF of its session, if the node owed it (TS 38.413 8.2; G02, G08)."""
    for item in items or ():
        session = ue.session(item.pdu_session_id)
        if session is None or session.awaited != (row.awaited or session.awaited):
            amf.fault(
                "unsolicited outcome",
                f"the gNB answered for PDU session {item.pdu_session_id}, for which nothing was asked",
                subject=ue,
                clause="TS 38.413 10.4",
            )
            continue
        if row.awaited:
            session.awaited = ""
        session.active = row.active
        start(amf, ue, session, row.kind, getattr(item, row.field))


def start(amf: AmfFunction, ue: Ue, session: Session, kind: N2SmInfoType, transfer: Any) -> None:
    """The container as octets, also where it was decoded on the way (TS 29.502 6.1.6.4.3)."""
    octets = transfer if isinstance(transfer, bytes) else ngap.encode_value(transfer)
    amf.routing(ue).start(session_resources(amf, ue, session, kind, octets))


# each answer with its lists (TS 38.413 8.2.1 to 8.2.4)
LISTS: Mapping[type[Any], tuple[tuple[str, Report], ...]] = MappingProxyType(
    {
        ngap.PDUSessionResourceSetupResponse: (
            ("pdu_session_resource_setup_list_su_res", SETUP),
            ("pdu_session_resource_failed_to_setup_list_su_res", SETUP_FAILED),
        ),
        ngap.PDUSessionResourceReleaseResponse: (("pdu_session_resource_released_list_rel_res", RELEASED),),
        ngap.PDUSessionResourceModifyResponse: (
            ("pdu_session_resource_modify_list_mod_res", MODIFIED),
            ("pdu_session_resource_failed_to_modify_list_mod_res", MODIFY_FAILED),
        ),
        ngap.PDUSessionResourceNotify: (
            ("pdu_session_resource_notify_list", NOTIFIED),
            ("pdu_session_resource_released_list_not", NOTIFIED_RELEASED),
        ),
    }
)


def session_answer(amf: AmfFunction, connection: Connection, message: Any) -> None:
    """An answer or notification about PDU session resources (TS 38.413 8.2)."""
    ue = connection.ue
    if ue is None or connection.context is not ContextState.ESTABLISHED:
        unsolicited(amf, connection, message)
        return
    for field, row in LISTS[type(message)]:
        report(amf, ue, getattr(message, field), row)


def ignore(amf: AmfFunction, _: Connection, message: Any) -> None:
    """A report this AMF has no use for."""
    amf.environment.count("ngap.ignored", type(message).__name__)


UE_HANDLERS: Mapping[type[Any], Callable[[AmfFunction, Connection, Any], None]] = MappingProxyType(
    {
        ngap.UplinkNASTransport: uplink_nas_transport,
        ngap.NASNonDeliveryIndication: nas_non_delivery,
        ngap.UERadioCapabilityInfoIndication: radio_capability,
        ngap.InitialContextSetupResponse: context_set_up,
        ngap.InitialContextSetupFailure: context_failed,
        ngap.UEContextReleaseRequest: release_requested,
        ngap.UEContextReleaseComplete: released,
        ngap.PDUSessionResourceSetupResponse: session_answer,
        ngap.PDUSessionResourceReleaseResponse: session_answer,
        ngap.PDUSessionResourceModifyResponse: session_answer,
        ngap.PDUSessionResourceNotify: session_answer,
        ngap.UEContextModificationResponse: unsolicited,
        ngap.UEContextModificationFailure: unsolicited,
        ngap.LocationReport: ignore,
        ngap.RRCInactiveTransitionReport: ignore,
        ngap.SecondaryRATDataUsageReport: ignore,
        ngap.CellTrafficTrace: ignore,
        ngap.TraceFailureIndication: ignore,
    }
)


# --- what this version does not do, said in the words of the procedure ---------------------------------
def no_handover(amf: AmfFunction, gnb: Gnb, message: ngap.HandoverRequired) -> None:
    """HANDOVER PREPARATION FAILURE (TS 38.413 8.4.1.3)."""
    send_ngap(
        amf,
        gnb,
        ngap.HandoverPreparationFailure(
            amf_ue_ngap_id=message.amf_ue_ngap_id, ran_ue_ngap_id=message.ran_ue_ngap_id, cause=NO_HANDOVER
        ),
    )
    amf.fault("handover", f"{gnb} asked for a handover over N2, which this version does not do", subject=gnb)


def no_path_switch(amf: AmfFunction, gnb: Gnb, message: ngap.PathSwitchRequest) -> None:
    """PATH SWITCH REQUEST FAILURE: every session stays where it was (TS 38.413 8.4.4.3)."""
    transfer = ngap.PathSwitchRequestUnsuccessfulTransfer(cause=NO_HANDOVER)
    released_items = [
        ngap.PDUSessionResourceReleasedItemPSFail(
            pdu_session_id=item.pdu_session_id, path_switch_request_unsuccessful_transfer=transfer
        )
        for item in message.pdu_session_resource_to_be_switched_dl_list
    ]
    send_ngap(
        amf,
        gnb,
        ngap.PathSwitchRequestFailure(
            amf_ue_ngap_id=message.source_amf_ue_ngap_id,
            ran_ue_ngap_id=message.ran_ue_ngap_id,
            pdu_session_resource_released_list_ps_fail=released_items,
        ),
    )
    amf.fault("handover", f"{gnb} asked for a path switch, which this version does not do", subject=gnb)


def handover_cancelled(amf: AmfFunction, gnb: Gnb, message: ngap.HandoverCancel) -> None:
    """HANDOVER CANCEL of what was never prepared is acknowledged (TS 38.413 8.4.5)."""
    send_ngap(
        amf,
        gnb,
        ngap.HandoverCancelAcknowledge(amf_ue_ngap_id=message.amf_ue_ngap_id, ran_ue_ngap_id=message.ran_ue_ngap_id),
    )


UNSUPPORTED: Mapping[type[Any], Callable[[AmfFunction, Gnb, Any], None]] = MappingProxyType(
    {
        ngap.HandoverRequired: no_handover,
        ngap.PathSwitchRequest: no_path_switch,
        ngap.HandoverCancel: handover_cancelled,
    }
)
