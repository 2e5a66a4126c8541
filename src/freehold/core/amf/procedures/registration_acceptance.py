"""REGISTRATION ACCEPT on its way, until the UE acknowledges it (TS 23.502 4.2.2.2.2 steps 21 and 22)."""

from __future__ import annotations

import msgspec

from freehold.codecs import nas
from freehold.core.amf.channels import N1, protect
from freehold.core.amf.delivery import set_up
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.context_setup import restrictions, setup_context
from freehold.core.amf.procedures.reactivation import Reactivation
from freehold.core.amf.procedures.registration_accept import build_registration_accept
from freehold.core.amf.state.machines import ContextState, MmEvent
from freehold.core.amf.state.ue import Ue
from freehold.procedure import exchange
from freehold.services.nnssf import AuthorizedNetworkSliceInfo
from freehold.spec.errors import TimerExpired


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The request of the running registration came again: so does its accept (TS 24.501 5.5.1.2.8 d, 5.5.1.3.8 d).

    The UE's own attempts bound how often, so T3550 and its expiries begin anew.
    """


class FirstInContextSetup(N1):
    """The accept travels in INITIAL CONTEXT SETUP REQUEST where the gNB is to have a context; again, without."""

    __slots__ = ("reactivation",)

    def __init__(self, amf: AmfFunction, ue: Ue, reactivation: Reactivation) -> None:
        super().__init__(amf, ue)
        self.reactivation = reactivation

    def send(self, message: nas.MmMessage) -> None:
        """Send the accept, and with it the context where there is none yet (TS 23.502 4.2.2.2.2 step 21)."""
        connection, sessions = self.ue.connection, self.reactivation.ready
        wanted = connection is not None and (connection.context_requested or sessions)
        if connection is None:
            return
        octets = protect(self.amf, self.ue, message)
        if wanted and connection.context is ContextState.ABSENT:
            setup_context(self.amf, self.ue, connection, octets, sessions)
        else:
            self.carry(connection, octets, restrictions(connection))
            if connection.context is ContextState.ESTABLISHED:
                for session, transfer in sessions:
                    set_up(self.amf, self.ue, connection, session, None, transfer)
                self.reactivation.ready = []


async def accept(
    amf: AmfFunction,
    ue: Ue,
    request: nas.RegistrationRequest,
    selection: AuthorizedNetworkSliceInfo,
    reactivation: Reactivation,
) -> None:
    """REGISTRATION ACCEPT until the UE acknowledges its new 5G-GUTI (TS 24.501 5.5.1.2.4, T3550)."""
    guti = amf.contexts.new_tmsi(ue)
    failed = None if request.uplink_data_status is None else reactivation.failed
    ue.move(MmEvent.REGISTRATION_ACCEPTED)
    message = build_registration_accept(amf, ue, request, selection, guti, failed)
    channel, answer = FirstInContextSetup(amf, ue, reactivation), None
    try:
        while not isinstance(answer, nas.RegistrationComplete):
            answer = await exchange(channel, message, nas.RegistrationComplete, Repeated, timer="T3550")
    except TimerExpired:
        # TS 24.501 5.5.1.2.8 c: registered all the same; both 5G-GUTIs are the UE's until it uses one
        ue.move(MmEvent.REGISTRATION_COMPLETED)
        return
    amf.contexts.confirm_tmsi(ue)
    ue.move(MmEvent.REGISTRATION_COMPLETED)
