"""What a cause on the wire means, and what whoever received it does next."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from freehold.manage.views import View
from freehold.spec.causes import MmCause, PfcpCause, SmCause


class CauseView(View, frozen=True):
    """A cause: its name and clause, what the peer does next and where that is written, whether its card is locked."""

    name: str
    clause: str = ""
    then: str = ""
    then_clause: str = ""
    locks: bool = False


class Consequence(msgspec.Struct, frozen=True, gc=False):
    """What a terminal does that received a cause, the clause that says so, and whether only a power cycle ends it."""

    then: str
    clause: str
    locks: bool = False
    forbids: bool = False


LOCKED: Final = (
    "The card is now locked until a power cycle: the terminal takes its USIM for invalid and does not try again "
    "before it is switched off and on. A repair alone does not bring it back."
)
AREA: Final = (
    "The terminal puts this tracking area on its list of forbidden ones and does not try here again before it is "
    "switched off and on, or the list is emptied after 12 to 24 hours."
)
PLMN: Final = (
    "The terminal puts this network on its list of forbidden ones; choosing the network by hand, or switching off and "
    "on, makes it try again."
)
AGAIN: Final = "The terminal registers again by itself; nothing has to be done."
LATER: Final = "The terminal tries again by itself: up to five times after T3511, then after T3502."
OTHER_TYPE: Final = "The terminal may ask again with the type that is allowed."
PAUSE: Final = (
    "The terminal asks for this session again after its waiting time, 12 minutes unless it was told another, or once "
    "it is switched off and on."
)

MM: Final[Mapping[int, Consequence]] = MappingProxyType(
    {
        MmCause.ILLEGAL_UE: Consequence(LOCKED, "TS 24.501 5.5.1.2.5", locks=True),
        MmCause.ILLEGAL_ME: Consequence(LOCKED, "TS 24.501 5.5.1.2.5", locks=True),
        MmCause.FIVE_GS_SERVICES_NOT_ALLOWED: Consequence(LOCKED, "TS 24.501 5.5.1.2.5", locks=True),
        MmCause.UE_IDENTITY_CANNOT_BE_DERIVED: Consequence(AGAIN, "TS 24.501 5.6.1.5"),
        MmCause.IMPLICITLY_DEREGISTERED: Consequence(AGAIN, "TS 24.501 5.6.1.5"),
        MmCause.PLMN_NOT_ALLOWED: Consequence(PLMN, "TS 24.501 5.5.1.2.5", forbids=True),
        MmCause.TRACKING_AREA_NOT_ALLOWED: Consequence(AREA, "TS 23.122 3.1", forbids=True),
        MmCause.ROAMING_NOT_ALLOWED_IN_THIS_TRACKING_AREA: Consequence(AREA, "TS 23.122 3.1", forbids=True),
        MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA: Consequence(AREA, "TS 23.122 3.1", forbids=True),
        MmCause.CONGESTION: Consequence(LATER, "TS 24.501 5.5.1.2.7"),
        MmCause.N1_MODE_NOT_ALLOWED: Consequence(
            "The terminal leaves 5G for another access technology until it is switched off and on.",
            "TS 24.501 5.5.1.2.5",
            forbids=True,
        ),
        MmCause.NO_NETWORK_SLICES_AVAILABLE: Consequence(
            "The terminal does not ask for the rejected slices here again before it is switched off and on.",
            "TS 24.501 5.5.1.2.5",
        ),
        MmCause.SERVING_NETWORK_NOT_AUTHORIZED: Consequence(PLMN, "TS 24.501 5.5.1.2.5", forbids=True),
        MmCause.PAYLOAD_WAS_NOT_FORWARDED: Consequence(
            "The terminal has no session; it asks again when somebody or an application wants one.",
            "TS 24.501 5.4.5.3.3",
        ),
        MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE: Consequence(
            "The terminal has no session with this data network; it asks again when somebody or an application wants "
            "one, at the latest once it is switched off and on.",
            "TS 24.501 5.4.5.3.3",
        ),
    }
)
SM: Final[Mapping[int, Consequence]] = MappingProxyType(
    {
        SmCause.INSUFFICIENT_RESOURCES: Consequence(
            "The terminal asks again when somebody or an application wants the session.", "TS 24.501 6.4.1.4.2"
        ),
        SmCause.INSUFFICIENT_RESOURCES_FOR_SLICE: Consequence(
            "The terminal asks again when somebody or an application wants the session.", "TS 24.501 6.4.1.4.2"
        ),
        SmCause.INSUFFICIENT_RESOURCES_FOR_SLICE_AND_DNN: Consequence(
            "The terminal asks again when somebody or an application wants the session.", "TS 24.501 6.4.1.4.2"
        ),
        SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED: Consequence(OTHER_TYPE, "TS 24.501 6.4.1.4.3"),
        SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED: Consequence(OTHER_TYPE, "TS 24.501 6.4.1.4.3"),
        SmCause.PDU_SESSION_TYPE_IPV4V6_ONLY_ALLOWED: Consequence(OTHER_TYPE, "TS 24.501 6.4.1.4.3"),
        SmCause.PDU_SESSION_TYPE_ETHERNET_ONLY_ALLOWED: Consequence(OTHER_TYPE, "TS 24.501 6.4.1.4.3"),
        SmCause.NOT_SUPPORTED_SSC_MODE: Consequence(
            "The terminal may ask again with an SSC mode that it was told.", "TS 24.501 6.4.1.4.3"
        ),
    }
)
WAITS: Final = "The gNB waits for the time it was told and then tries again by itself."


def explain(cause: str) -> CauseView | None:
    """A cause as events write it, such as `5GMM #12` or `NGAP unknown-PLMN-or-SNPN`; None where there is none."""
    protocol, _, value = cause.partition(" ")
    if cause == "AUTHENTICATION REJECT":
        return CauseView(cause, "TS 24.501 8.2.3", LOCKED, "TS 24.501 5.4.1.3.5", locks=True)
    number = int(value[1:]) if value[1:].isdecimal() else -1
    if protocol == "5GMM":
        told = MM.get(number, Consequence(LATER, "TS 24.501 5.5.1.2.7"))
        return _nas(cause, MmCause, number, "TS 24.501 9.11.3.2", told)
    if protocol == "5GSM":
        told = SM.get(number, Consequence(PAUSE, "TS 24.501 6.4.1.4.3"))
        return _nas(cause, SmCause, number, "TS 24.501 9.11.4.2", told)
    if protocol == "NGAP":
        return CauseView(f"NGAP cause {value.replace('-', ' ')}", "TS 38.413 9.3.1.2", WAITS, "TS 38.413 8.7.1.3")
    return None


def forbids(cause: str) -> bool:
    """Whether a terminal that was told this does not ask here again before a power cycle."""
    protocol, _, value = cause.partition(" #")
    told = MM.get(int(value)) if protocol == "5GMM" and value.isdecimal() else None
    return told is not None and told.forbids


def pfcp(number: str) -> str:
    """A PFCP cause in words, by its number."""
    try:
        return f"PFCP cause #{number}, {PfcpCause(int(number)).name.lower().replace('_', ' ')}"
    except ValueError:
        return f"PFCP cause #{number}"


def _nas(cause: str, table: type[MmCause | SmCause], number: int, clause: str, told: Consequence) -> CauseView:
    try:
        words = table(number).name.lower().replace("_", " ").replace("five gs", "5GS")
    except ValueError:
        words = "a cause without a name"
    return CauseView(f"{cause}, {words}", clause, told.then, told.clause, told.locks)
