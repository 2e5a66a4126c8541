"""The Access and Mobility Management Function (TS 23.501 6.2.1), wired."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import msgspec

from freehold.core.amf.configuration import AmfConfiguration, AmfPeers
from freehold.core.amf.delivery import deliver
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.n2 import N2Link
from freehold.core.amf.procedures.amf_configuration_update import (
    amf_configuration_update,
    slices_withdrawn,
    still_served,
)
from freehold.core.amf.procedures.an_release import UNSPECIFIED, release_now
from freehold.core.amf.procedures.configuration_update import tell_names
from freehold.core.amf.procedures.deregistration import deregistration_by_network
from freehold.core.amf.procedures.ng_reset import reset_by_amf
from freehold.core.amf.procedures.paging import paging
from freehold.core.amf.procedures.removal import remove
from freehold.core.amf.procedures.subscription_change import subscription_change
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Ending, Environment, Signal, procedure
from freehold.services.errors import ServiceError
from freehold.services.n2 import Association, AssociationUser
from freehold.services.namf import N1N2MessageTransferReqData, TransferCause
from freehold.spec.causes import MmCause
from freehold.spec.errors import Aborted
from freehold.spec.identities import GnbId, Guti, SNssai, Supi, Tai
from freehold.spec.timers import Timers
from freehold.stack.nas_security import NasSecurity


class SessionView(msgspec.Struct, frozen=True, gc=False):
    """One PDU session as an operator sees it at the AMF."""

    pdu_session_id: int
    slice: str
    dnn: str
    active: bool


class UeView(msgspec.Struct, frozen=True):
    """One UE as an operator sees it; the SUPI is whole here, for those who may see it."""

    supi: Supi | None
    guti: Guti | None
    mm_state: str
    cm_state: str
    tai: Tai | None
    cell: int | None
    gnb: str
    pei: str
    sessions: tuple[SessionView, ...]


class UeInside(msgspec.Struct, frozen=True):
    """One UE's NAS security context, None before there is one, what it is allowed, and the procedures that ended."""

    security: NasSecurity | None
    allowed: tuple[SNssai, ...]
    area: tuple[Tai, ...]
    running: tuple[str, ...]
    past: tuple[Ending, ...]


class GnbView(msgspec.Struct, frozen=True):
    """One connected gNB as an operator sees it."""

    identity: GnbId
    name: str
    peer: str
    tais: tuple[Tai, ...]
    connections: int


@procedure(spec="TS 23.502 4.2.6")
async def removal(amf: AmfFunction, ue: Ue) -> None:
    """The end of one context that a mistake of ours broke."""
    await remove(amf, ue)


class Amf:
    """One AMF: N2 by `accept`, Namf_Communication by its methods, the operator by the others.

    Unusable is raised for a configuration that cannot be served.
    """

    __slots__ = ("function",)

    def __init__(
        self,
        configuration: AmfConfiguration,
        peers: AmfPeers,
        environment: Environment,
        timers: Timers | None = None,
    ) -> None:
        self.function = AmfFunction(configuration, peers, environment, timers or Timers())
        self.function.gave_up = self._gave_up
        self.function.subscription_changed = self._subscription_changed

    # --- N2 -------------------------------------------------------------------------------
    def accept(self, association: Association) -> AssociationUser:
        """An Acceptor: the user of a new N2 association (TS 38.412 7)."""
        return N2Link(self.function, association)

    # --- Namf_Communication (TS 29.518 5.2) --------------------------------------------------
    async def n1_n2_message_transfer(self, supi: Supi, data: N1N2MessageTransferReqData) -> TransferCause:
        """N1N2MessageTransfer: sent at once, or the UE is paged first (TS 29.518 5.2.2.3.1)."""
        amf = self.function
        ue = amf.ue_of(supi)
        if ue.connection is not None:
            deliver(amf, ue, data)
            return "N1_N2_TRANSFER_INITIATED"
        if ue.identity.tmsi is None or not ue.mobility.area or not ue.mobility.reachable:
            raise ServiceError(504, "UE_NOT_REACHABLE", "the UE is idle and cannot be paged")
        if data.n1_sm_message is None and data.n2_sm_info_type == "PDU_RES_REL_CMD":
            return "N1_N2_TRANSFER_INITIATED"  # a UE in CM-IDLE has no resources to release (TS 23.502 4.3.4.2)
        if data not in ue.queued:
            ue.queued += (data,)
        ue.conversation.start(paging(amf, ue))
        return "ATTEMPTING_TO_REACH_UE"

    async def sm_context_status_notify(self, supi: Supi, pdu_session_id: int, reference: str) -> None:
        """SMContextStatusNotify: the SMF released the session (TS 29.502 5.2.2.5.1)."""
        ue = self.function.ue_of(supi)
        session = ue.session(pdu_session_id)
        if session is not None and session.reference in {reference, ""}:
            ue.drop_session(session)

    # --- the operator and the UDM -------------------------------------------------------------
    async def deregister(
        self, supi: Supi, *, cause: MmCause | None = None, reregistration_required: bool = False
    ) -> None:
        """Network-initiated deregistration (TS 23.502 4.2.2.3.3); ServiceError CONTEXT_NOT_FOUND."""
        signal = self.start_deregistration(supi, cause=cause, reregistration_required=reregistration_required)
        with suppress(Aborted):  # another deregistration is under way
            await signal

    def start_deregistration(
        self, supi: Supi, *, cause: MmCause | None = None, reregistration_required: bool = False
    ) -> Signal[None]:
        """The same for callers outside procedures: the signal is set once the UE is gone."""
        ue = self.function.ue_of(supi)
        return ue.conversation.perform(deregistration_by_network(self.function, ue, cause, reregistration_required))

    def reconfigure(self, configuration: AmfConfiguration) -> None:
        """Serve by another configuration from now on; Unusable where that needs a restart.

        gNBs hear of other slices (TS 38.413 8.7.3), connected UEs of another network name (TS 24.501 5.4.4), and UEs
        with a slice that is gone lose it (TS 23.502 4.2.4.2).
        """
        amf, before = self.function, self.function.configuration
        amf.reconfigure(configuration)
        if configuration.plmns != before.plmns:
            for gnb in tuple(amf.contexts.gnbs.values()):
                gnb.conversation.start(amf_configuration_update(amf, gnb))
        else:
            for gnb in amf.contexts.gnbs.values():
                still_served(amf, gnb)
        served = {(support.plmn, slice_) for support in configuration.plmns for slice_ in support.slices}
        for ue in tuple(amf.contexts.supis.values()):
            tai = ue.mobility.tai
            if tai is not None and any((tai.plmn, slice_) not in served for slice_ in ue.mobility.allowed):
                ue.conversation.start(slices_withdrawn(amf, ue))
            if configuration.network_name != before.network_name and ue.connection is not None:
                tell_names(amf, ue)

    def start_reset(self, identity: GnbId) -> Signal[None]:
        """NG Reset of one gNB by the AMF (TS 38.413 8.7.4.2.1)."""
        gnb = self.function.contexts.gnbs.get(identity)
        if gnb is None:
            signal: Signal[None] = Signal()
            signal.fail(Aborted(f"no gNB {identity} is connected"))
            return signal
        return gnb.conversation.perform(reset_by_amf(self.function, gnb))

    def ues(self) -> Iterator[UeView]:
        """Every UE with a subscriber, in the order of registration."""
        guami = self.function.configuration.guami
        for supi, ue in self.function.contexts.supis.items():
            yield self._view(supi, ue, None if ue.identity.tmsi is None else Guti(guami, ue.identity.tmsi))

    def ue(self, supi: Supi) -> UeView | None:
        """One UE; None where it has no context here."""
        ue = self.function.contexts.supis.get(supi)
        if ue is None:
            return None
        tmsi = ue.identity.tmsi
        return self._view(supi, ue, None if tmsi is None else Guti(self.function.configuration.guami, tmsi))

    def inside(self, supi: Supi) -> UeInside | None:
        """What else an operator may see of one UE; None where it has no context here."""
        ue = self.function.contexts.supis.get(supi)
        if ue is None:
            return None
        routing = ue.routing
        past = (*ue.conversation.past, *(routing.past if routing is not None else ()))
        running = (*ue.conversation.running, *(routing.running if routing is not None else ()))
        return UeInside(ue.security.current, ue.mobility.allowed, ue.mobility.area, running, past)

    def gnbs(self) -> Iterator[GnbView]:
        """Every gNB whose NG Setup succeeded."""
        for identity, gnb in self.function.contexts.gnbs.items():
            yield GnbView(identity, gnb.name, gnb.association.peer, tuple(gnb.areas), len(gnb.connections))

    def counts(self) -> dict[Literal["ues", "connections", "gnbs", "sessions"], int]:
        """How many contexts there are: what a leak would show in."""
        contexts = self.function.contexts
        return {
            "ues": len(contexts.supis),
            "connections": len(contexts.connections),
            "gnbs": len(contexts.gnbs),
            "sessions": sum(len(ue.sessions) for ue in contexts.supis.values()),
        }

    @staticmethod
    def _view(supi: Supi, ue: Ue, guti: Guti | None) -> UeView:
        connection = ue.connection
        return UeView(
            supi,
            guti,
            ue.state.value,
            ue.cm_state.value,
            ue.mobility.tai,
            ue.mobility.cell,
            "" if connection is None else str(connection.gnb),
            "" if ue.identity.pei is None else ue.identity.pei.value,
            tuple(SessionView(each.pdu_session_id, str(each.slice), each.dnn, each.active) for each in ue.sessions),
        )

    def _subscription_changed(self, supi: Supi) -> None:
        """Nudm_SDM_Notification (TS 23.502 4.5.1)."""
        ue = self.function.contexts.supis.get(supi)
        if ue is not None:
            ue.conversation.start(subscription_change(self.function, ue))

    def _gave_up(self, ue: Ue) -> None:
        """A mistake of ours broke one UE's procedure: that context ends, the process goes on."""
        if ue.connection is not None:
            release_now(self.function, ue.connection, UNSPECIFIED)
        ue.conversation.start(removal(self.function, ue))
