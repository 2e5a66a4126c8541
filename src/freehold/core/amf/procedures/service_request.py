"""Service request: a UE in CM-IDLE comes back, or asks for user planes (TS 23.502 4.2.3, TS 24.501 5.6.1)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import nas
from freehold.codecs.nas import ServiceType
from freehold.core.amf import causes
from freehold.core.amf.channels import N1, protect
from freehold.core.amf.delivery import flush, set_up
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.initial import Initial, repeated
from freehold.core.amf.procedures.an_release import NORMAL, deactivate_sessions, release_connection, settle_idle
from freehold.core.amf.procedures.configuration_update import new_guti
from freehold.core.amf.procedures.context_setup import setup_context
from freehold.core.amf.procedures.reactivation import Reactivation, reactivate, synchronise, take_queued
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.machines import ContextState
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, procedure
from freehold.services.errors import ServiceError
from freehold.spec import counters
from freehold.spec.causes import MmCause
from freehold.spec.errors import Aborted, Reject
from freehold.spec.failures import Unmet

Request = Initial[nas.ServiceRequest]
EMERGENCY: Final = frozenset({ServiceType.EMERGENCY, ServiceType.EMERGENCY_FALLBACK})


async def refuse(reject: Reject, amf: AmfFunction, ue: Ue, _: Request) -> None:
    """SERVICE REJECT; the UE stays registered (TS 24.501 5.6.1.5)."""
    amf.environment.count(counters.SERVICE_FAILURE, f"#{int(reject.cause)}")
    amf.tell(
        "service-rejected",
        f"service request refused with {causes.name(reject.cause)}: {reject.why}",
        subject=ue,
        fix=reject.fix,
        clause="TS 24.501 5.6.1.5",
        cause=causes.wire(reject.cause),
        unmet=reject.unmet,
    )
    N1(amf, ue).send(nas.ServiceReject(cause=reject.cause))
    connection = ue.connection
    if connection is not None and connection.context is ContextState.ABSENT:
        await release_connection(amf, connection, NORMAL)
        await settle_idle(amf, ue)


async def give_up(error: Exception, amf: AmfFunction, ue: Ue, initial: Request) -> None:
    """A neighbour's passing fault is congestion to the UE: it tries again (TS 24.501 5.6.1.5)."""
    if isinstance(error, ServiceError):
        unmet = error.unmet or Unmet("function-failed", str(error))
        reject = Reject(MmCause.CONGESTION, str(error), "see the events of that function", unmet=unmet)
        await refuse(reject, amf, ue, initial)
    elif not isinstance(error, Aborted):
        amf.tell(
            "service-failed",
            f"the service request ended: {error}",
            subject=ue,
            clause="TS 24.501 5.6.1.8",
            unmet=causes.unmet(error),
        )


@procedure(
    spec="TS 23.502 4.2.3.2",
    collides={
        "service_request": repeated,
        "registration": Collision.ABORT,
        "deregistration_by_ue": Collision.ABORT,
        "deregistration_by_network": Collision.QUEUE,
        "an_release": Collision.ABORT,
        "implicit_deregistration": Collision.DROP,
        "slice_update": Collision.QUEUE,
    },
    on_reject=refuse,
    on_failure=give_up,
)
async def service_request(amf: AmfFunction, ue: Ue, initial: Request) -> None:
    """Bring back the UE's context at the gNB and the user planes asked for."""
    # 1-3
    amf.environment.count(counters.SERVICE_REQUEST)
    ue.stop_alarm()
    request, connection = initial.message, ue.connection
    if connection is None:
        return
    if ue.subscription is None or ue.identity.tmsi is None:
        # it waited for the end of its own deregistration
        raise Reject(
            MmCause.IMPLICITLY_DEREGISTERED,
            "the terminal was deregistered meanwhile",
            "it registers again",
            unmet=Unmet("deregistered"),
        )
    if request.service_type in EMERGENCY:
        # #7 would disable the USIM (TS 24.501 5.6.1.5)
        raise Reject(
            MmCause.PROTOCOL_ERROR_UNSPECIFIED,
            "emergency services are not provided",
            unmet=Unmet("emergency", f"service type {request.service_type}"),
        )
    if connection.context is ContextState.ABSENT:
        await deactivate_sessions(ue)  # what was active at a gNB before is not at this one
    # 4-11
    await synchronise(amf, ue, request.pdu_session_status)
    reactivation = await reactivate(ue, request.uplink_data_status)
    paged = request.service_type == ServiceType.MOBILE_TERMINATED
    take_queued(ue, reactivation)
    # 12
    send_accept(amf, ue, connection, request, reactivation)
    amf.environment.count(counters.SERVICE_SUCCESS)
    flush(amf, ue)
    if paged:
        # TS 33.501 6.12.3: a 5G-GUTI that was shown on the air by paging is not used again
        ue.conversation.start(new_guti(amf, ue))


def send_accept(
    amf: AmfFunction, ue: Ue, connection: Connection, request: nas.ServiceRequest, reactivation: Reactivation
) -> None:
    """SERVICE ACCEPT in the context setup, or beside the sessions of a context that is there (TS 24.501 5.6.1.4)."""
    asked = request.uplink_data_status is not None
    accept = nas.ServiceAccept(
        pdu_session_status=None
        if request.pdu_session_status is None
        else [session.pdu_session_id for session in ue.sessions],
        reactivation_result=[error.pdu_session_identity for error in reactivation.failed] if asked else None,
        reactivation_result_errors=reactivation.failed or None,
    )
    if connection.context is ContextState.ABSENT and (connection.context_requested or reactivation.ready):
        setup_context(amf, ue, connection, protect(amf, ue, accept), reactivation.ready)
        return
    N1(amf, ue).send(accept)
    for session, transfer in reactivation.ready:
        set_up(amf, ue, connection, session, None, transfer)
