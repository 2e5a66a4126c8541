"""From RRC setup to INITIAL UE MESSAGE: which AMF, under which identifiers (TS 38.413 8.6.1, TS 23.501 6.3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from freehold.codecs import ngap
from freehold.ran.cu_cp.link import Link
from freehold.ran.state.ue import Ue
from freehold.services.air import EstablishmentCause, RrcSetup, Terminal
from freehold.stack.ngap_values import s_tmsi

if TYPE_CHECKING:
    from freehold.ran.cu_cp.gnb import Gnb

_ORIGINATED_DATA: frozenset[EstablishmentCause] = frozenset({"mo-Data", "mo-SMS", "mo-VideoCall", "mo-VoiceCall"})
_TERMINATED: frozenset[EstablishmentCause] = frozenset({"mt-Access"})
_EMERGENCY: frozenset[EstablishmentCause] = frozenset({"emergency"})
_PRIORITY: frozenset[EstablishmentCause] = frozenset({"highPriorityAccess", "mps-PriorityAccess", "mcs-PriorityAccess"})
EVERY_CAUSE = _ORIGINATED_DATA | _TERMINATED | _EMERGENCY | _PRIORITY | {"mo-Signalling"}

PERMITTED: Mapping[str | None, frozenset[str]] = MappingProxyType(
    {  # TS 38.413 8.7.7.2, 9.3.1.105
        None: frozenset(EVERY_CAUSE),
        "reject-non-emergency-mo-dt": frozenset(EVERY_CAUSE - _ORIGINATED_DATA),
        "reject-rrc-cr-signalling": frozenset(EVERY_CAUSE - _ORIGINATED_DATA - {"mo-Signalling"}),
        "permit-emergency-sessions-and-mobile-terminated-services-only": _EMERGENCY | _TERMINATED,
        "permit-high-priority-sessions-and-mobile-terminated-services-only": _PRIORITY | _EMERGENCY | _TERMINATED,
    }
)


def permitted(link: Link, cause: EstablishmentCause, drawn: int) -> bool:
    """Whether an AMF's overload leaves room for a request; `drawn` in 0..99 stands against its reduction."""
    state = link.amf
    if state.overload is not None and cause not in PERMITTED.get(state.overload, PERMITTED[None]):
        return drawn >= (state.reduction or 100)  # TS 38.413 8.7.7.2
    return True


def select(gnb: Gnb, request: RrcSetup) -> Link | None:
    """The AMF for a terminal: the one that knows it, else one of its PLMN by load (TS 23.501 6.3.5)."""
    ready = [link for link in gnb.links if link.amf.ready and request.selected_plmn in link.amf.plmns]
    for link in ready:
        if request.registered_amf is not None and request.registered_amf in link.amf.guamis:
            return link
    for link in ready:
        if request.s_tmsi is not None and link.amf.gave(request.s_tmsi):
            return link
    # TS 38.413 9.3.1.32: relative capacity weighs the choice.
    return min(ready, key=lambda link: len(link.ues) / max(link.amf.capacity, 1), default=None)


def initial_ue(gnb: Gnb, link: Link, terminal: Terminal, request: RrcSetup) -> Ue:
    """Make the UE context and send INITIAL UE MESSAGE with a request for the whole context."""
    ue = gnb.add(link, terminal)
    temporary = request.s_tmsi
    message = ngap.InitialUEMessage(
        ran_ue_ngap_id=ue.ran_ue_ngap_id,
        nas_pdu=request.nas,
        user_location_information=gnb.location,
        rrc_establishment_cause=request.cause,
        five_g_s_tmsi=None if temporary is None else s_tmsi(temporary),
        # TS 38.413 8.6.1.2: the AMF set that knew the terminal, where this is another one.
        amf_set_id=None if request.registered_amf is None else (request.registered_amf.set_id, 10),
        ue_context_request="requested",
        selected_plmn_identity=request.selected_plmn.octets,
    )
    link.send(message, ue.stream, str(ue))
    return ue
