"""Initial Context Setup: what the gNB is told of a UE (TS 38.413 8.3.1, TS 23.502 4.2.2.2.2 step 21)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from freehold.codecs import ngap
from freehold.core.amf import values
from freehold.core.amf.channels import N2
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.registration_accept import timer3
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.machines import ContextEvent
from freehold.core.amf.state.ue import Session, Ue
from freehold.services.nudm import Ambr
from freehold.spec.errors import Bug
from freehold.stack import ngap_values

MOST_BITS_PER_SECOND: Final = 4_000_000_000_000
"""The highest bit rate of an AMBR's root range (TS 38.413 9.3.1.4)."""
PAGING_INDEX_BITS: Final = 10
"""5G-S-TMSI mod 1024 (TS 38.413 9.3.3.23, TS 38.304 7.1)."""


def setup_context(
    amf: AmfFunction,
    ue: Ue,
    connection: Connection,
    nas_pdu: bytes | None,
    sessions: Sequence[tuple[Session, bytes]] = (),
) -> None:
    """Send INITIAL CONTEXT SETUP REQUEST; each session comes with its setup request transfer."""
    security = ue.security.current
    if security is None or not connection.move(ContextEvent.SETUP_REQUESTED):
        raise Bug(f"a context setup in state {connection.context.value}, security {security}")
    items = [setup_item(session, transfer) for session, transfer in sessions]
    # TS 33.501 6.8.1.2.2: KgNB of the uplink NAS COUNT of the message that asked for this context
    ue.security.next_hop, ue.security.chaining_count = security.kgnb(ue.security.count), 0
    ue.security.rekey = b""
    subscription = ue.subscription
    rfsp = None
    if subscription is not None:
        rfsp = subscription.policy.rfsp_index or subscription.data.rfsp_index
    N2(amf, connection).send(
        ngap.InitialContextSetupRequest(
            amf_ue_ngap_id=connection.amf_ue_ngap_id,
            ran_ue_ngap_id=connection.ran_ue_ngap_id,
            # TS 38.413 8.3.1.2: with a session list the UE-AMBR is there
            ue_aggregate_maximum_bit_rate=ue_ambr(ue) if items else None,
            core_network_assistance_information_for_inactive=assistance(amf, ue),
            guami=amf.guami,
            pdu_session_resource_setup_list_cxt_req=items or None,
            allowed_nssai=values.allowed_nssai(ue.mobility.allowed),
            ue_security_capabilities=values.ue_security_capabilities(ue.security.capability),
            security_key=(int.from_bytes(ue.security.next_hop, "big"), 256),
            mobility_restriction_list=restrictions(connection),
            ue_radio_capability=ue.radio.capability if ue.radio else None,
            ue_radio_capability_for_paging=ue.radio.capability_for_paging if ue.radio else None,
            index_to_rfsp=rfsp,
            masked_imeisv=values.masked_imeisv(ue.identity.pei.value) if ue.identity.pei else None,
            nas_pdu=nas_pdu,
        )
    )


def setup_item(session: Session, transfer: bytes) -> ngap.PDUSessionResourceSetupItemCxtReq:
    """One session of the list, from now on awaited from the gNB (TS 38.413 9.2.2.1)."""
    session.active = True
    session.awaited = "setup"
    return ngap.PDUSessionResourceSetupItemCxtReq(
        pdu_session_id=session.pdu_session_id,
        s_nssai=ngap_values.slice_(session.slice),
        pdu_session_resource_setup_request_transfer=transfer,
    )


def ue_ambr(ue: Ue) -> ngap.UEAggregateMaximumBitRate | None:
    """The UE-AMBR: the policy's, else the subscription's (TS 23.501 5.7.2.6)."""
    subscription = ue.subscription
    if subscription is None:
        return None
    ambr: Ambr = subscription.policy.ue_ambr or subscription.data.ue_ambr
    return ngap.UEAggregateMaximumBitRate(
        ue_aggregate_maximum_bit_rate_dl=min(ambr.downlink, MOST_BITS_PER_SECOND),
        ue_aggregate_maximum_bit_rate_ul=min(ambr.uplink, MOST_BITS_PER_SECOND),
    )


def restrictions(connection: Connection) -> ngap.MobilityRestrictionList:
    """The serving PLMN, so that the gNB knows where the UE may be handed over (TS 38.413 9.3.1.85)."""
    return ngap.MobilityRestrictionList(serving_plmn=connection.tai.plmn.octets)


def assistance(amf: AmfFunction, ue: Ue) -> ngap.CoreNetworkAssistanceInformationForInactive | None:
    """What the gNB needs for RRC INACTIVE (TS 38.413 9.3.1.15)."""
    guti, timer = ue.identity.tmsi, timer3(amf.driver.timers["T3512"].seconds)
    if guti is None or not ue.mobility.area:
        return None
    s_tmsi = (amf.configuration.guami.set_id << 38) | (amf.configuration.guami.pointer << 32) | guti
    return ngap.CoreNetworkAssistanceInformationForInactive(
        ue_identity_index_value=("indexLength10", (s_tmsi % (1 << PAGING_INDEX_BITS), PAGING_INDEX_BITS)),
        periodic_registration_update_timer=(timer.unit << 5 | timer.value, 8),
        tai_list_for_inactive=values.inactive_areas(ue.mobility.area),
    )
