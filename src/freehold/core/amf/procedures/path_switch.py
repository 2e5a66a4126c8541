"""Xn based handover: another gNB serves a connected UE from now on (TS 23.502 4.9.1.2.2, TS 38.413 8.4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from freehold.codecs import ngap
from freehold.core.amf import values
from freehold.core.amf.channels import N2, send_ngap
from freehold.core.amf.delivery import flush
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.context_setup import assistance
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.core.amf.state.machines import ContextState, MmState
from freehold.core.amf.state.ue import Session, Ue
from freehold.procedure import procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.spec import counters
from freehold.spec.errors import Aborted, PeerError
from freehold.spec.failures import Unmet
from freehold.spec.identities import Tai

NOT_HERE: Final = ngap.PathSwitchRequestUnsuccessfulTransfer(cause=("radioNetwork", "unknown-PDU-session-ID"))
NOT_NOW: Final = ngap.PathSwitchRequestUnsuccessfulTransfer(cause=("radioNetwork", "unspecified"))


class NotSwitched(PeerError):  # noqa: N818 - the word of the procedure
    """The UE's connection stays where it was."""


def refuse(amf: AmfFunction, gnb: Gnb, message: ngap.PathSwitchRequest, why: str) -> None:
    """PATH SWITCH REQUEST FAILURE: every session stays where it was (TS 38.413 8.4.4.3)."""
    amf.environment.count(counters.PATH_SWITCH_FAILURE)
    released = [
        ngap.PDUSessionResourceReleasedItemPSFail(
            pdu_session_id=number, path_switch_request_unsuccessful_transfer=NOT_NOW
        )
        for number in dict.fromkeys(item.pdu_session_id for item in message.pdu_session_resource_to_be_switched_dl_list)
    ]
    failure = ngap.PathSwitchRequestFailure(
        amf_ue_ngap_id=message.source_amf_ue_ngap_id,
        ran_ue_ngap_id=message.ran_ue_ngap_id,
        pdu_session_resource_released_list_ps_fail=released,
    )
    send_ngap(amf, gnb, failure)
    amf.fault(
        "path switch",
        f"{gnb} asked for a path switch: {why}",
        name="path-switch-refused",
        subject=gnb,
        clause="TS 38.413 8.4.4.3",
        unmet=Unmet("path-switch", "a path switch", why),
    )


def begin(amf: AmfFunction, gnb: Gnb, message: ngap.PathSwitchRequest) -> None:
    """PATH SWITCH REQUEST of the target gNB (TS 38.413 8.4.4.2); without a UE to switch it fails (G10)."""
    amf.environment.count(counters.PATH_SWITCH_REQUEST)
    connection = amf.contexts.connections.get(message.source_amf_ue_ngap_id)
    tai = values.location(message.user_location_information)
    named = [item.pdu_session_id for item in message.pdu_session_resource_to_be_switched_dl_list]
    if connection is None or connection.ue is None:
        refuse(amf, gnb, message, "no such UE is connected")
    elif len(set(named)) < len(named):
        refuse(amf, gnb, message, "a session is named twice")  # TS 38.413 8.4.4.4
    elif connection.gnb is gnb or message.ran_ue_ngap_id in gnb.connections:
        refuse(amf, gnb, message, "the UE, or another one under that identity, is connected there already")
    elif connection.context is not ContextState.ESTABLISHED or connection.ue.state is not MmState.REGISTERED:
        refuse(amf, gnb, message, "the UE has no context to switch")
    elif connection.handover is not None or connection.switching:
        refuse(amf, gnb, message, "the UE is being handed over")
    elif tai is None or not amf.configuration.supports(tai):
        refuse(amf, gnb, message, f"tracking area {tai} is not served")
    else:
        connection.ue.conversation.start(path_switch(amf, connection.ue, connection, gnb, message, tai))


async def give_up(
    error: Exception,
    amf: AmfFunction,
    ue: Ue,
    connection: Connection,
    gnb: Gnb,
    message: ngap.PathSwitchRequest,
    tai: Tai,  # noqa: ARG001 - the same for every handler
) -> None:
    """What could not be finished is refused; a gNB that is gone needs no answer."""
    connection.switching = False
    if not isinstance(error, Aborted):
        refuse(amf, gnb, message, str(error))
    flush(amf, ue)


@procedure(spec="TS 23.502 4.9.1.2.2", on_failure=give_up)
async def path_switch(
    amf: AmfFunction, ue: Ue, connection: Connection, gnb: Gnb, message: ngap.PathSwitchRequest, tai: Tai
) -> None:
    """Switch the downlink of every session, then the connection, and give the new gNB a fresh key."""
    # 1
    compare_capabilities(amf, ue, gnb, message)
    connection.switching = True
    # 2-6
    switched, released = [], []
    for item in message.pdu_session_resource_to_be_switched_dl_list:
        session = ue.session(item.pdu_session_id)
        acknowledged = None if session is None else await switch(session, item)
        if acknowledged is None:
            released.append(
                ngap.PDUSessionResourceReleasedItemPSAck(
                    pdu_session_id=item.pdu_session_id, path_switch_request_unsuccessful_transfer=NOT_HERE
                )
            )
        else:
            switched.append(
                ngap.PDUSessionResourceSwitchedItem(
                    pdu_session_id=item.pdu_session_id, path_switch_request_acknowledge_transfer=acknowledged
                )
            )
    if not switched or connection.ue is not ue or not gnb.ready:
        raise NotSwitched("none of its sessions could be switched")
    await reject(ue, message.pdu_session_resource_failed_to_setup_list_ps_req or ())
    await deactivate_others(ue, {item.pdu_session_id for item in switched})
    # 7
    connection.switching = False
    amf.contexts.move(connection, gnb, message.ran_ue_ngap_id, tai)
    N2(amf, connection).send(acknowledge(amf, ue, connection, switched, released))
    amf.environment.count(counters.PATH_SWITCH_SUCCESS)
    flush(amf, ue)


def compare_capabilities(amf: AmfFunction, ue: Ue, gnb: Gnb, message: ngap.PathSwitchRequest) -> None:
    """TS 33.501 6.7.3.1: the AMF's own copy wins, and a difference is told (G09: bidding down)."""
    stored = values.ue_security_capabilities(ue.security.capability)
    if message.ue_security_capabilities not in {None, stored}:
        amf.fault(
            "bidding down",
            f"{gnb} named other security capabilities for the terminal than it registered with: the stored ones stand",
            subject=ue,
            clause="TS 33.501 6.7.3.1",
            fix="see whether the source gNB was tampered with",
        )


async def switch(session: Session, item: ngap.PDUSessionResourceToBeSwitchedDLItem) -> bytes | None:
    """The SMF moves the session's downlink; None where it does not (TS 29.502 5.2.2.3.3)."""
    octets = values.octets_of(item.path_switch_request_transfer)
    try:
        updated = await session.smf.update_sm_context(
            session.reference, SmContextUpdateData(n2_sm_info=octets, n2_sm_info_type="PATH_SWITCH_REQ")
        )
    except ServiceError:
        return None
    session.active = updated.n2_sm_info_type == "PATH_SWITCH_REQ_ACK"
    return updated.n2_sm_info if session.active else None


async def reject(ue: Ue, items: Iterable[ngap.PDUSessionResourceFailedToSetupItemPSReq]) -> None:
    """The SMF hears why the new gNB has not taken a session, and decides what becomes of it (TS 29.502 5.2.2.3.3)."""
    for item in items:
        session = ue.session(item.pdu_session_id)
        if session is None or not session.active:
            continue  # TS 23.502 4.9.1.2.2 2: one that had no user plane has none afterwards
        session.active = False
        octets = values.octets_of(item.path_switch_request_setup_failed_transfer)
        data = SmContextUpdateData(n2_sm_info=octets, n2_sm_info_type="PATH_SWITCH_SETUP_FAIL")
        try:
            await session.smf.update_sm_context(session.reference, data)
        except ServiceError:
            session.active = True  # the rule for those that it named in no list


async def deactivate_others(ue: Ue, switched: set[int]) -> None:
    """Sessions the new gNB did not take have no user plane (TS 23.502 4.9.1.2.2 step 2)."""
    for session in ue.sessions:
        if session.active and session.pdu_session_id not in switched:
            session.active = False
            try:
                await session.smf.update_sm_context(
                    session.reference, SmContextUpdateData(up_cnx_state="DEACTIVATED", cause="HO_FAILURE")
                )
            except ServiceError:
                ue.drop_session(session)


def acknowledge(
    amf: AmfFunction,
    ue: Ue,
    connection: Connection,
    switched: list[ngap.PDUSessionResourceSwitchedItem],
    released: list[ngap.PDUSessionResourceReleasedItemPSAck],
) -> ngap.PathSwitchRequestAcknowledge:
    """PATH SWITCH REQUEST ACKNOWLEDGE with the next hop parameter (TS 38.413 9.2.3.9, TS 33.501 6.9.2.3.2)."""
    security = ue.security
    rekeyed = security.chain()
    security.taken()
    return ngap.PathSwitchRequestAcknowledge(
        amf_ue_ngap_id=connection.amf_ue_ngap_id,
        ran_ue_ngap_id=connection.ran_ue_ngap_id,
        ue_security_capabilities=values.ue_security_capabilities(security.capability),
        security_context=values.security_context(security.next_hop, security.chaining_count),
        new_security_context_ind="true" if rekeyed else None,
        pdu_session_resource_switched_list=switched,
        pdu_session_resource_released_list_ps_ack=released or None,
        allowed_nssai=values.allowed_nssai(ue.mobility.allowed),
        core_network_assistance_information_for_inactive=assistance(amf, ue),
    )
