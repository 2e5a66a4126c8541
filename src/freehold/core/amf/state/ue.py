"""A UE as the AMF keeps it: parts of few fields, the transient ones dropped once it is registered."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.codecs import ngap
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.machines import MM_TRANSITIONS, CmState, MmEvent, MmState
from freehold.procedure import Alarm, Conversation
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.npcf import AmPolicyAssociation
from freehold.services.nsmf import PduSession
from freehold.services.nudm import AccessAndMobilitySubscriptionData
from freehold.spec.identities import Pei, SNssai, Supi, Tai
from freehold.stack.nas_security import NasSecurity

CHAINING_COUNTS: Final = 8
"""Values of NCC (TS 33.501 6.9.2.1.1)."""


class UeIdentity(msgspec.Struct, gc=False):
    """Who the UE is: SUPI once authenticated, its 5G-TMSI and the one before until COMPLETE (TS 24.501 5.4.4.4)."""

    supi: Supi | None = None
    pei: Pei | None = None
    tmsi: int | None = None
    previous_tmsi: int | None = None


class UeSecurity(msgspec.Struct, gc=False):
    """The current 5G NAS security context, the one being taken into use, and what the UE can do (TS 24.501 4.4.2)."""

    current: NasSecurity | None = None
    pending: NasSecurity | None = None
    capability: bytes = b""
    """The UE security capability IE's value as sent: 2 to 8 octets (TS 24.501 9.11.3.54)."""
    unanswered: int = 0
    """Copies of the last SECURITY MODE COMMAND that may still be answered (T3560)."""
    count: int = 0
    """The uplink NAS COUNT KgNB is derived from (TS 33.501 6.8.1.2.2)."""
    next_hop: bytes = b""
    """KgNB, then NH after each path switch (TS 33.501 6.9.2.1.1)."""
    chaining_count: int = 0
    rekey: bytes = b""
    """KgNB of a KAMF taken into use while a gNB had its keys from the one before; empty once that gNB has it."""

    def chain(self) -> bool:
        """A fresh NH for the next gNB: one more hop, of eight counts (TS 33.501 6.9.2.1.1, 6.9.2.3).

        After a new KAMF it is that one's KgNB with count 0; whether so, which the gNB is told (TS 33.501 6.9.2.3.2).
        """
        if self.rekey:
            self.next_hop, self.chaining_count = self.rekey, 0
        elif self.current is not None:
            self.next_hop = self.current.nh(self.next_hop)
            self.chaining_count = (self.chaining_count + 1) % CHAINING_COUNTS
        return bool(self.rekey)

    def taken(self) -> None:
        """The terminal is where the key of the last hop is; a KAMF that came since is still to come there.

        TS 33.501 6.9.2.3.3.
        """
        if self.rekey == self.next_hop:
            self.rekey = b""


class UeMobility(msgspec.Struct, gc=False):
    """Where the UE may be and in which slices; tuples are shared between UEs."""

    area: tuple[Tai, ...] = ()
    tai: Tai | None = None
    cell: int | None = None
    allowed: tuple[SNssai, ...] = ()
    follow_on: bool = False
    reachable: bool = True
    """Whether paging makes sense: the mobile reachable timer has not expired (TS 24.501 5.3.7)."""


class UeSubscription(msgspec.Struct, frozen=True, gc=False):
    """What UDM and PCF said about the UE."""

    data: AccessAndMobilitySubscriptionData
    policy: AmPolicyAssociation


class UeRadio(msgspec.Struct, frozen=True, gc=False):
    """What the gNB learnt about the terminal's radio, given back at the next context setup (TS 38.413 8.14.1)."""

    capability: bytes
    capability_for_paging: ngap.UERadioCapabilityForPaging | None = None


class Session:
    """The routing context of one PDU session (TS 24.501 5.4.5.2.3): where its 5GSM messages go."""

    __slots__ = ("active", "awaited", "dnn", "gone", "pdu_session_id", "reference", "slice", "smf")

    pdu_session_id: int
    slice: SNssai
    dnn: str
    smf: PduSession
    reference: str
    active: bool
    """Whether the gNB has, or is being given, resources for it."""
    awaited: str
    """The NGAP response the gNB still owes for it: `setup`, `modify`, `release`, or none."""
    gone: bool
    """Whether it was forgotten, perhaps while its SMF was still being asked."""

    def __init__(self, pdu_session_id: int, slice_: SNssai, dnn: str, smf: PduSession) -> None:
        self.pdu_session_id = pdu_session_id
        self.slice = slice_
        self.dnn = dnn
        self.smf = smf
        self.reference = ""
        self.active = False
        self.awaited = ""
        self.gone = False


class Ue:
    """One UE's context: who, keys, where, its connection, its sessions, what runs for it."""

    __slots__ = (
        "alarm",
        "connection",
        "conversation",
        "identity",
        "mobility",
        "queued",
        "radio",
        "routing",
        "security",
        "sessions",
        "state",
        "subscription",
    )

    identity: UeIdentity
    security: UeSecurity
    mobility: UeMobility
    state: MmState
    subscription: UeSubscription | None
    radio: UeRadio | None
    sessions: tuple[Session, ...]
    queued: tuple[N1N2MessageTransferReqData, ...]
    """What waits for the UE to answer paging (TS 29.518 5.2.2.3.1.2)."""
    connection: Connection | None
    alarm: Alarm | None
    """Mobile reachable timer, then implicit deregistration timer (TS 24.501 5.3.7)."""
    conversation: Conversation
    routing: Conversation | None
    """What runs between this UE's SMFs and its gNB: it goes on when 5GMM procedures are aborted."""

    def __init__(self) -> None:
        self.identity = UeIdentity()
        self.security = UeSecurity()
        self.mobility = UeMobility()
        self.state = MmState.DEREGISTERED
        self.subscription = None
        self.radio = None
        self.sessions = ()
        self.queued = ()
        self.connection = None
        self.alarm = None
        self.routing = None

    def __str__(self) -> str:
        if self.identity.supi is not None:
            return str(self.identity.supi)
        connection = self.connection
        return "unknown UE" if connection is None else str(connection)

    @property
    def about(self) -> Supi | None:
        """Whose it is for the tap: known before it is proven."""
        return self.identity.supi or self.conversation.about

    @property
    def cm_state(self) -> CmState:
        """Whether there is an N1 signalling connection (TS 23.501 5.3.3.2)."""
        return CmState.IDLE if self.connection is None else CmState.CONNECTED

    def move(self, event: MmEvent) -> bool:
        """Change the 5GMM state; false, and nothing changes, where the table has no such pair."""
        after = MM_TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        self.state = after
        return True

    def session(self, pdu_session_id: int) -> Session | None:
        """The PDU session of an identity, if there is one."""
        for session in self.sessions:
            if session.pdu_session_id == pdu_session_id:
                return session
        return None

    def drop_session(self, session: Session) -> None:
        """Forget one PDU session, and what still waited to be sent for it."""
        session.gone = True
        self.queued = tuple(data for data in self.queued if data.pdu_session_id != session.pdu_session_id)
        self.sessions = tuple(other for other in self.sessions if other is not session)

    def stop_alarm(self) -> None:
        """Stop the mobile reachable and implicit deregistration timers."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
