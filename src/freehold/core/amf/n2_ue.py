"""N2 messages of one UE (TS 38.413 8.2, 8.3, 8.6, 8.14) and the procedures this AMF answers without having them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from freehold.codecs import ngap
from freehold.core.amf import n1, ngap_errors, values
from freehold.core.amf.delivery import flush
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.n2_sessions import LISTS, SETUP, SETUP_FAILED, report
from freehold.core.amf.n2_unsupported import no_modification
from freehold.core.amf.procedures import handover
from freehold.core.amf.procedures.an_release import GENERATED, an_release, lose, release_now, tell_lost
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.core.amf.state.machines import ContextEvent, ContextState
from freehold.core.amf.state.ue import UeRadio
from freehold.spec import counters
from freehold.spec.failures import Unmet


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
    connection.cell = values.cell(message.user_location_information)
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
        connection.cell = ue.mobility.cell = values.cell(message.user_location_information)
    n1.receive(amf, ue, message.nas_pdu)


def nas_non_delivery(amf: AmfFunction, _: Connection, message: ngap.NASNonDeliveryIndication) -> None:
    """NAS NON DELIVERY INDICATION: the timers of the procedures send again (TS 38.413 8.6.4)."""
    amf.environment.count(counters.NAS_NON_DELIVERY, str(message.cause[1]) if message.cause else "")


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
        ngap_errors.unsolicited(amf, connection, message)
        return
    report(amf, ue, message.pdu_session_resource_setup_list_cxt_res, SETUP)
    report(amf, ue, message.pdu_session_resource_failed_to_setup_list_cxt_res, SETUP_FAILED)
    flush(amf, ue)


def context_failed(amf: AmfFunction, connection: Connection, message: ngap.InitialContextSetupFailure) -> None:
    """INITIAL CONTEXT SETUP FAILURE: the connection cannot stay (TS 38.413 8.3.1.3)."""
    ue = connection.ue
    if ue is None or not connection.move(ContextEvent.SETUP_FAILED):
        ngap_errors.unsolicited(amf, connection, message)
        return
    cause: ngap.Cause = message.cause or ("radioNetwork", "unspecified")
    amf.tell(
        "context-setup-failed",
        f"{connection.gnb} could not set up the terminal's context: {cause[0]} {cause[1]}",
        subject=ue,
        fix="see the gNB's log; a wrong KgNB or unknown algorithms end here",
        clause="TS 38.413 8.3.1.3",
        cause=f"NGAP {cause[1]}",
        unmet=Unmet("context-setup", f"{cause[0]}: {cause[1]}"),
    )
    report(amf, ue, message.pdu_session_resource_failed_to_setup_list_cxt_fail, SETUP_FAILED)
    ue.conversation.start(an_release(amf, ue, connection, as_cause(cause)))


def release_requested(amf: AmfFunction, connection: Connection, message: ngap.UEContextReleaseRequest) -> None:
    """UE CONTEXT RELEASE REQUEST of the node (TS 38.413 8.3.2, TS 23.502 4.2.6 step 1)."""
    cause = as_cause(message.cause)
    ue = connection.ue
    if ue is None:
        tell_lost(connection)
        release_now(amf, connection, cause)
    elif connection.context is not ContextState.RELEASING:
        ue.conversation.start(an_release(amf, ue, connection, cause))


def as_cause(cause: ngap.Cause | None) -> ngap.Cause:
    """The node's cause is echoed in the command (TS 38.413 8.3.3); an unknown one becomes ours."""
    return GENERATED if cause is None or cause[0] == "unknown" else cause


def released(amf: AmfFunction, connection: Connection, message: ngap.UEContextReleaseComplete) -> None:
    """UE CONTEXT RELEASE COMPLETE (TS 38.413 8.3.3)."""
    if connection.context is not ContextState.RELEASING:
        ngap_errors.unsolicited(amf, connection, message)
        return
    ue = connection.ue
    if ue is None or not ue.conversation.deliver(message):
        amf.contexts.disconnect(connection)


def session_answer(amf: AmfFunction, connection: Connection, message: Any) -> None:
    """An answer or notification about PDU session resources (TS 38.413 8.2)."""
    ue = connection.ue
    if connection.context is ContextState.RELEASING:
        return  # it crossed the release command, after which there are no resources (TS 38.413 8.3.3.2)
    if ue is None or connection.context is not ContextState.ESTABLISHED:
        ngap_errors.unsolicited(amf, connection, message)
        return
    for field, row in LISTS[type(message)]:
        report(amf, ue, getattr(message, field), row)


def context_modified(amf: AmfFunction, connection: Connection, message: Any) -> None:
    """UE CONTEXT MODIFICATION RESPONSE or FAILURE (TS 38.413 8.3.4)."""
    ue = connection.ue
    if ue is None or not ue.conversation.deliver(message):
        ngap_errors.unsolicited(amf, connection, message)


def ignore(amf: AmfFunction, _: Connection, message: Any) -> None:
    """A report this AMF has no use for."""
    amf.environment.count(counters.NGAP_IGNORED, type(message).__name__)


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
        ngap.PDUSessionResourceModifyIndication: no_modification,
        ngap.UEContextModificationResponse: context_modified,
        ngap.UEContextModificationFailure: context_modified,
        ngap.HandoverRequired: handover.begin,
        ngap.HandoverNotify: handover.notified,
        ngap.HandoverCancel: handover.cancel,
        ngap.UplinkRANStatusTransfer: handover.status_transfer,
        ngap.LocationReport: ignore,
        ngap.RRCInactiveTransitionReport: ignore,
        ngap.SecondaryRATDataUsageReport: ignore,
        ngap.CellTrafficTrace: ignore,
        ngap.TraceFailureIndication: ignore,
    }
)
