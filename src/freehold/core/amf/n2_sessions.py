"""What a gNB answers about PDU session resources, on its way to the SMFs (TS 38.413 8.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.session_resources import session_resources
from freehold.core.amf.state.ue import Session, Ue
from freehold.core.amf.values import octets_of
from freehold.services.nsmf import N2SmInfoType


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


def freed(ue: Ue, pdu_session_id: int) -> bool:
    """Whether a release is of resources freed for no SMF; then the answer is expected once."""
    connection = ue.connection
    if connection is None or pdu_session_id not in connection.freed:
        return False
    connection.freed = tuple(each for each in connection.freed if each != pdu_session_id)
    return True


def report(amf: AmfFunction, ue: Ue, items: Iterable[Any] | None, row: Report) -> None:
    """Hand each item's container to the SMF of its session, if the node owed it (TS 38.413 8.2; G02, G08)."""
    for item in items or ():
        if row is RELEASED and freed(ue, item.pdu_session_id):
            continue
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
    """The container goes to the session's SMF, after what is on its way there."""
    amf.routing(ue).start(session_resources(amf, ue, session, kind, octets_of(transfer)))


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
