"""N2 based handover: another gNB is prepared for a connected UE, which then goes there (TS 23.502 4.9.1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from freehold.codecs import ngap
from freehold.core.amf import ngap_errors, values
from freehold.core.amf.channels import N2, send_ngap
from freehold.core.amf.delivery import flush
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.an_release import TargetLost, release_now
from freehold.core.amf.procedures.context_setup import assistance, restrictions, ue_ambr
from freehold.core.amf.procedures.path_switch import deactivate_others
from freehold.core.amf.state.connection import Connection, Gnb, Handover
from freehold.core.amf.state.machines import ContextEvent, ContextState, MmState
from freehold.core.amf.state.ue import Session, Ue
from freehold.procedure import Call, Collision, exchange, expect, procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData, SmContextUpdatedData
from freehold.spec import counters
from freehold.spec.errors import Aborted, PeerError
from freehold.spec.failures import Unmet
from freehold.spec.identities import Tai
from freehold.stack import ngap_values

UNKNOWN_TARGET: Final[ngap.Cause] = ("radioNetwork", "unknown-targetID")
NOT_ALLOWED: Final[ngap.Cause] = ("radioNetwork", "ho-target-not-allowed")
BUSY: Final[ngap.Cause] = ("radioNetwork", "interaction-with-other-procedure")
FAILED: Final[ngap.Cause] = ("radioNetwork", "ho-failure-in-target-5GC-ngran-node-or-target-system")
CANCELLED: Final[ngap.Cause] = ("radioNetwork", "handover-cancelled")
SUCCESSFUL: Final[ngap.Cause] = ("radioNetwork", "successful-handover")
Transfers = Mapping[int, bytes]
"""N2 SM information by PDU session identity."""


class Unprepared(PeerError):  # noqa: N818 - the word of the procedure
    """The target cannot take the UE; with the cause that the source is told (TS 38.413 9.3.1.2)."""

    def __init__(self, cause: ngap.Cause, why: str) -> None:
        super().__init__(why)
        self.ngap_cause = cause


# --- messages ----------------------------------------------------------------------------------
def begin(amf: AmfFunction, connection: Connection, message: ngap.HandoverRequired) -> None:
    """HANDOVER REQUIRED of the gNB that serves the UE (TS 38.413 8.4.1)."""
    amf.environment.count(counters.HANDOVER_REQUEST)
    ue = connection.ue
    try:
        if ue is None or connection.context is not ContextState.ESTABLISHED or ue.state is not MmState.REGISTERED:
            raise Unprepared(BUSY, "the terminal has no context to hand over")
        if connection.handover is not None:
            raise Unprepared(BUSY, "the terminal is being handed over already")
        gnb, tai = destination(amf, connection, message)
    except PeerError as error:
        refuse(amf, connection, error)
    else:
        handover = Handover(connection, amf.contexts.prepare(gnb, tai))
        ue.conversation.start(n2_handover(amf, ue, handover, message))


def destination(amf: AmfFunction, connection: Connection, message: ngap.HandoverRequired) -> tuple[Gnb, Tai]:
    """The gNB and tracking area of a Target ID; PeerError where the UE cannot go there (TS 38.413 9.3.1.25)."""
    if message.handover_type != "intra5gs" or message.target_id[0] != "targetRANNodeID":
        raise Unprepared(NOT_ALLOWED, f"a handover of type {message.handover_type} to a {message.target_id[0]}")
    node = message.target_id[1]
    identity, tai = values.gnb_id(node.global_ran_node_id), ngap_values.tai_of(node.selected_tai)
    gnb = amf.contexts.gnbs.get(identity)
    if gnb is None:
        raise Unprepared(UNKNOWN_TARGET, f"gNB {identity} is not connected")
    if gnb is connection.gnb:
        raise Unprepared(NOT_ALLOWED, f"{gnb} serves the terminal already")
    if tai not in gnb.areas or not amf.configuration.supports(tai):
        raise Unprepared(NOT_ALLOWED, f"tracking area {tai} is not served by {gnb}")
    return gnb, tai


def acknowledged(amf: AmfFunction, gnb: Gnb, message: ngap.HandoverRequestAcknowledge) -> None:
    """HANDOVER REQUEST ACKNOWLEDGE: the target names its connection (TS 38.413 8.4.2.2)."""
    connection = expected(amf, gnb, message)
    if connection is None:
        return
    identity = message.ran_ue_ngap_id
    if identity is None or identity in gnb.connections:
        ngap_errors.misplaced(amf, gnb, message, ngap_errors.INCONSISTENT_REMOTE)
        tell(connection, TargetLost())
        return
    amf.contexts.place(connection, identity)
    tell(connection, message)


def failed(amf: AmfFunction, gnb: Gnb, message: ngap.HandoverFailure) -> None:
    """HANDOVER FAILURE: the target has nothing of the UE (TS 38.413 8.4.2.3)."""
    connection = expected(amf, gnb, message)
    if connection is not None:
        amf.contexts.disconnect(connection)
        tell(connection, message)


def expected(
    amf: AmfFunction, gnb: Gnb, message: ngap.HandoverRequestAcknowledge | ngap.HandoverFailure
) -> Connection | None:
    """The connection that a target was asked to prepare and has not named yet (TS 38.413 10.6)."""
    connection = amf.contexts.connections.get(message.amf_ue_ngap_id or 0)
    if connection is not None and connection.gnb is gnb and not connection.placed:
        return connection
    ngap_errors.misplaced(amf, gnb, message, ngap_errors.UNKNOWN_LOCAL)
    return None


def tell(connection: Connection, message: object) -> None:
    """To the procedure; a handover that was given up meanwhile needs no answer any more."""
    handover = connection.handover
    if handover is not None and handover.source.ue is not None:
        handover.source.ue.conversation.deliver(message)


def status_transfer(amf: AmfFunction, connection: Connection, message: ngap.UplinkRANStatusTransfer) -> None:
    """UPLINK RAN STATUS TRANSFER of the source goes on to the target (TS 38.413 8.4.6, 8.4.7)."""
    handover = connection.handover
    if handover is None or handover.source is not connection or not handover.commanded:
        amf.environment.count(counters.NGAP_IGNORED, type(message).__name__)
        return
    target = handover.target
    N2(amf, target).send(
        ngap.DownlinkRANStatusTransfer(
            amf_ue_ngap_id=target.amf_ue_ngap_id,
            ran_ue_ngap_id=target.ran_ue_ngap_id,
            ran_status_transfer_transparent_container=message.ran_status_transfer_transparent_container,
        )
    )


def notified(amf: AmfFunction, connection: Connection, message: ngap.HandoverNotify) -> None:
    """HANDOVER NOTIFY: the UE is at the target (TS 38.413 8.4.3)."""
    handover = connection.handover
    if handover is None or handover.target is not connection or not handover.commanded or handover.arrived:
        ngap_errors.unsolicited(amf, connection, message)
        return
    tell(connection, message)


def cancel(amf: AmfFunction, connection: Connection, message: ngap.HandoverCancel) -> None:  # noqa: ARG001
    """HANDOVER CANCEL of the source, also of what was never prepared (TS 38.413 8.4.5)."""
    if connection.ue is None:
        cancel_acknowledge(amf, connection)
    else:
        connection.ue.conversation.start(handover_cancellation(amf, connection.ue, connection))


def cancel_acknowledge(amf: AmfFunction, connection: Connection) -> None:
    """HANDOVER CANCEL ACKNOWLEDGE (TS 38.413 9.2.3.12)."""
    N2(amf, connection).send(
        ngap.HandoverCancelAcknowledge(
            amf_ue_ngap_id=connection.amf_ue_ngap_id, ran_ue_ngap_id=connection.ran_ue_ngap_id
        )
    )


# --- procedures ----------------------------------------------------------------------------------
def until_arrival(running: Call[Any], _: Call[Any]) -> Collision:
    """What the UE or its source begins ends a handover, until the UE is at the target."""
    handover: Handover = running.arguments[2]
    return Collision.PARALLEL if handover.arrived else Collision.ABORT


async def give_up(
    error: Exception,
    amf: AmfFunction,
    ue: Ue,
    handover: Handover,
    message: ngap.HandoverRequired,  # noqa: ARG001 - the same for every handler
) -> None:
    """Nothing stays of a handover that fails: the target is released, the SMFs take nothing over."""
    source, target = handover.source, handover.target
    handover.end()
    if handover.arrived:
        release(amf, source, SUCCESSFUL)
        return
    release(amf, target, CANCELLED)
    if not handover.commanded and not isinstance(error, Aborted):
        refuse(amf, source, error)
    else:
        report(amf, source, error)
    for session in taking_part(ue, handover):
        await update(ue, session, SmContextUpdateData(ho_state="CANCELLED"))
    flush(amf, ue)


@procedure(
    spec="TS 23.502 4.9.1.3",
    collides={
        "handover_cancellation": until_arrival,
        "an_release": until_arrival,
        "registration": until_arrival,
        "service_request": until_arrival,
        "deregistration_by_ue": until_arrival,
        "deregistration_by_network": Collision.QUEUE,
        "subscription_change": Collision.QUEUE,
        "slice_update": Collision.QUEUE,
    },
    on_failure=give_up,
)
async def n2_handover(amf: AmfFunction, ue: Ue, handover: Handover, message: ngap.HandoverRequired) -> None:
    """Preparation (TS 23.502 4.9.1.3.2), then execution (TS 23.502 4.9.1.3.3), within this AMF."""
    source, target = handover.source, handover.target
    asked = {item.pdu_session_id: item.handover_required_transfer for item in message.pdu_session_resource_list_ho_rqd}
    # 4-7
    setups = await prepare(ue, handover, asked)
    # 9-10
    target.move(ContextEvent.SETUP_REQUESTED)
    answer = await exchange(
        N2(amf, target),
        handover_request(amf, ue, target, message, setups),
        ngap.HandoverRequestAcknowledge,
        ngap.HandoverFailure,
        TargetLost,
        timer="TNGRELOC",
    )
    if not isinstance(answer, ngap.HandoverRequestAcknowledge):
        said = answer.cause if isinstance(answer, ngap.HandoverFailure) else None
        raise Unprepared(FAILED, f"{target.gnb} does not take the terminal{'' if said is None else f': {said[1]}'}")
    # 11
    commands = await admit(ue, setups, answer)
    # 4.9.1.3.3 1
    handover.commanded = True
    N2(amf, source).send(handover_command(source, asked, commands, answer.target_to_source_transparent_container))
    # 5
    arrival = await expect(ngap.HandoverNotify, TargetLost, timer="TNGRELOC")
    if isinstance(arrival, TargetLost):
        raise Unprepared(FAILED, f"{target.gnb} was lost before the terminal was there")
    arrive(amf, ue, handover, arrival)
    # 7-11
    await complete(ue, handover)
    # 14
    handover.end()
    release(amf, source, SUCCESSFUL)
    amf.environment.count(counters.HANDOVER_SUCCESS)
    flush(amf, ue)


@procedure(spec="TS 23.502 4.11.1.2.3")
async def handover_cancellation(amf: AmfFunction, ue: Ue, connection: Connection) -> None:  # noqa: ARG001
    """The source takes its handover back; what was prepared is given up by then."""
    # 5
    cancel_acknowledge(amf, connection)


# --- steps ---------------------------------------------------------------------------------------
async def prepare(ue: Ue, handover: Handover, asked: Mapping[int, Any]) -> Transfers:
    """Each SMF names what the target is to set up; PeerError where none does (TS 29.502 5.2.2.3.4.2)."""
    slices, setups = handover.target.gnb.areas.get(handover.target.tai, ()), {}
    for identity, transfer in asked.items():
        session = ue.session(identity)
        if session is None or not session.active or session.slice not in slices:
            continue
        handover.pdu_session_ids += (identity,)
        data = SmContextUpdateData(
            n2_sm_info=values.octets_of(transfer), n2_sm_info_type="HANDOVER_REQUIRED", ho_state="PREPARING"
        )
        updated = await update(ue, session, data)
        if updated is not None and updated.n2_sm_info is not None:
            setups[identity] = updated.n2_sm_info
    if not setups:
        raise Unprepared(NOT_ALLOWED, "none of its sessions can be handed over")
    return setups


async def admit(ue: Ue, setups: Transfers, answer: ngap.HandoverRequestAcknowledge) -> Transfers:
    """Each SMF learns the target's tunnel, or that there is none (TS 29.502 5.2.2.3.4.2)."""
    commands: dict[int, bytes] = {}
    for refused in answer.pdu_session_resource_failed_to_setup_list_ho_ack or ():
        session = ue.session(refused.pdu_session_id)
        if session is not None and refused.pdu_session_id in setups:
            transfer = values.octets_of(refused.handover_resource_allocation_unsuccessful_transfer)
            data = SmContextUpdateData(n2_sm_info=transfer, n2_sm_info_type="HANDOVER_RES_ALLOC_FAIL")
            await update(ue, session, data)
    for admitted in answer.pdu_session_resource_admitted_list or ():
        session = ue.session(admitted.pdu_session_id)
        if session is not None and admitted.pdu_session_id in setups:
            transfer = values.octets_of(admitted.handover_request_acknowledge_transfer)
            data = SmContextUpdateData(n2_sm_info=transfer, n2_sm_info_type="HANDOVER_REQ_ACK", ho_state="PREPARED")
            updated = await update(ue, session, data)
            if updated is not None and updated.n2_sm_info is not None:
                commands[admitted.pdu_session_id] = updated.n2_sm_info
    if not commands:
        raise Unprepared(FAILED, "the target took none of its sessions")
    return commands


def arrive(amf: AmfFunction, ue: Ue, handover: Handover, message: ngap.HandoverNotify) -> None:
    """The UE's connection is the target's from now on (TS 38.413 8.4.3.2)."""
    source, target = handover.source, handover.target
    if ue.connection is not source:
        raise Aborted("the terminal came back elsewhere")
    handover.arrived = True
    ue.security.taken()  # a handover that failed before left the source with the older keys
    target.move(ContextEvent.SETUP_SUCCEEDED)
    target.tai = values.location(message.user_location_information) or target.tai
    target.cell = values.cell(message.user_location_information)
    source.ue = None
    amf.contexts.attach(ue, target)


async def complete(ue: Ue, handover: Handover) -> None:
    """The SMFs move the downlink; sessions left behind have no user plane (TS 29.502 5.2.2.3.4.3)."""
    moved = set()
    for session in taking_part(ue, handover):
        updated = await update(ue, session, SmContextUpdateData(ho_state="COMPLETED"))
        if updated is not None and updated.up_cnx_state == "ACTIVATED":
            moved.add(session.pdu_session_id)
        elif updated is not None and updated.up_cnx_state == "DEACTIVATED":
            session.active = False
    await deactivate_others(ue, moved)


async def update(ue: Ue, session: Session, data: SmContextUpdateData) -> SmContextUpdatedData | None:
    """Ask a session's SMF; None where it does not do it, and a session it no longer knows is forgotten."""
    try:
        return await session.smf.update_sm_context(session.reference, data)
    except ServiceError as error:
        if error.application_error == "CONTEXT_NOT_FOUND":
            ue.drop_session(session)
        return None


def taking_part(ue: Ue, handover: Handover) -> Iterable[Session]:
    """The sessions whose SMFs were asked."""
    return [session for session in ue.sessions if session.pdu_session_id in handover.pdu_session_ids]


# --- values --------------------------------------------------------------------------------------
def handover_request(
    amf: AmfFunction, ue: Ue, target: Connection, message: ngap.HandoverRequired, setups: Transfers
) -> ngap.HandoverRequest:
    """HANDOVER REQUEST with a fresh NH (TS 38.413 9.2.3.4, TS 33.501 6.9.2.3.3)."""
    security = ue.security
    rekeyed = security.chain()
    ambr = ue_ambr(ue)
    if ambr is None:
        raise Unprepared(FAILED, "the terminal's subscription is not known")
    return ngap.HandoverRequest(
        amf_ue_ngap_id=target.amf_ue_ngap_id,
        handover_type="intra5gs",
        cause=message.cause or FAILED,
        ue_aggregate_maximum_bit_rate=ambr,
        core_network_assistance_information_for_inactive=assistance(amf, ue),
        ue_security_capabilities=values.ue_security_capabilities(security.capability),
        security_context=values.security_context(security.next_hop, security.chaining_count),
        new_security_context_ind="true" if rekeyed else None,
        pdu_session_resource_setup_list_ho_req=[
            ngap.PDUSessionResourceSetupItemHOReq(
                pdu_session_id=identity,
                s_nssai=ngap_values.slice_(session.slice),
                handover_request_transfer=transfer,
            )
            for identity, transfer in setups.items()
            if (session := ue.session(identity)) is not None
        ],
        allowed_nssai=values.allowed_nssai(ue.mobility.allowed),
        masked_imeisv=values.masked_imeisv(ue.identity.pei.value) if ue.identity.pei else None,
        source_to_target_transparent_container=message.source_to_target_transparent_container,
        mobility_restriction_list=restrictions(target),
        guami=amf.guami,
    )


def handover_command(
    source: Connection, asked: Iterable[int], commands: Transfers, container: bytes
) -> ngap.HandoverCommand:
    """HANDOVER COMMAND with the sessions that go and those that stay behind (TS 38.413 9.2.3.2)."""
    unprepared = ngap.HandoverPreparationUnsuccessfulTransfer(cause=FAILED)
    left = [
        ngap.PDUSessionResourceToReleaseItemHOCmd(
            pdu_session_id=identity, handover_preparation_unsuccessful_transfer=unprepared
        )
        for identity in asked
        if identity not in commands
    ]
    return ngap.HandoverCommand(
        amf_ue_ngap_id=source.amf_ue_ngap_id,
        ran_ue_ngap_id=source.ran_ue_ngap_id,
        handover_type="intra5gs",
        pdu_session_resource_handover_list=[
            ngap.PDUSessionResourceHandoverItem(pdu_session_id=identity, handover_command_transfer=transfer)
            for identity, transfer in commands.items()
        ],
        pdu_session_resource_to_release_list_ho_cmd=left or None,
        target_to_source_transparent_container=container,
    )


def release(amf: AmfFunction, connection: Connection, cause: ngap.Cause) -> None:
    """The end of a handover that the UE is not at is released, unless it is gone already (TS 38.413 8.3.3)."""
    if connection.context is ContextState.ABSENT:
        amf.contexts.disconnect(connection)  # its gNB was never asked
    elif amf.contexts.connections.get(connection.amf_ue_ngap_id) is connection:
        release_now(amf, connection, cause)


def refuse(amf: AmfFunction, connection: Connection, error: Exception) -> None:
    """HANDOVER PREPARATION FAILURE: the UE stays where it is (TS 38.413 8.4.1.3)."""
    cause = error.ngap_cause if isinstance(error, Unprepared) else FAILED
    failure = ngap.HandoverPreparationFailure(
        amf_ue_ngap_id=connection.amf_ue_ngap_id, ran_ue_ngap_id=connection.ran_ue_ngap_id, cause=cause
    )
    send_ngap(amf, connection.gnb, failure, connection.stream, connection.subject)
    report(amf, connection, error, cause)


def report(amf: AmfFunction, source: Connection, error: Exception, cause: ngap.Cause = FAILED) -> None:
    """Tell the operator which handover failed, and why."""
    amf.environment.count(counters.HANDOVER_FAILURE, str(cause[1]))
    amf.fault(
        "handover",
        f"a handover from {source.gnb} failed: {error}",
        name="handover-failed",
        subject=source.subject,
        clause="TS 38.413 8.4.1.3",
        cause=f"NGAP {cause[1]}",
        unmet=Unmet("handover", "a handover over N2", str(error)),
    )
