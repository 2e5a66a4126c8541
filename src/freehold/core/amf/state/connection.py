"""A gNB and its UE-associated logical NG-connections, as the AMF keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.core.amf.state.machines import CONTEXT_TRANSITIONS, ContextEvent, ContextState
from freehold.procedure import Conversation
from freehold.services.n2 import Association
from freehold.spec.identities import GnbId, SNssai, Tai

if TYPE_CHECKING:
    from freehold.core.amf.state.ue import Ue


class Gnb:
    """One NG-RAN node and the connections of its UEs by RAN UE NGAP ID."""

    __slots__ = ("areas", "association", "connections", "conversation", "identity", "name")

    association: Association
    identity: GnbId | None
    name: str
    areas: dict[Tai, tuple[SNssai, ...]]
    connections: dict[int, Connection]
    conversation: Conversation

    def __init__(self, association: Association) -> None:
        self.association = association
        self.identity = None
        self.name = ""
        self.areas = {}
        self.connections = {}

    def __str__(self) -> str:
        return self.name or str(self.identity or self.association.peer)

    @property
    def ready(self) -> bool:
        """Whether its NG Setup succeeded (TS 38.413 8.7.1)."""
        return self.identity is not None

    def stream(self, amf_ue_ngap_id: int) -> int:
        """The stream of a UE: one for its whole connection, never 0 where there are two (TS 38.412 7)."""
        streams = self.association.outbound_streams
        return 1 + amf_ue_ngap_id % (streams - 1) if streams > 1 else 0


class Connection:
    """One UE-associated logical NG-connection (TS 38.401 6.4)."""

    __slots__ = (
        "amf_ue_ngap_id",
        "cell",
        "context",
        "context_requested",
        "freed",
        "gnb",
        "handover",
        "ran_ue_ngap_id",
        "stream",
        "switching",
        "tai",
        "ue",
    )

    gnb: Gnb
    amf_ue_ngap_id: int
    ran_ue_ngap_id: int
    stream: int
    tai: Tai
    context: ContextState
    context_requested: bool
    ue: Ue | None
    cell: int | None
    """The NR Cell Identity (TS 38.413 9.3.1.7)."""
    freed: tuple[int, ...]
    """PDU sessions whose resources the gNB was told to free for no SMF, until it answers."""
    handover: Handover | None
    """The handover over N2 that it is an end of."""
    switching: bool
    """Whether another gNB has asked for it, and has no answer yet."""

    def __init__(self, gnb: Gnb, amf_ue_ngap_id: int, ran_ue_ngap_id: int, tai: Tai) -> None:
        self.gnb = gnb
        self.amf_ue_ngap_id = amf_ue_ngap_id
        self.ran_ue_ngap_id = ran_ue_ngap_id
        self.stream = gnb.stream(amf_ue_ngap_id)
        self.tai = tai
        self.cell = None
        self.context = ContextState.ABSENT
        self.context_requested = False
        self.ue = None
        self.freed = ()
        self.handover = None
        self.switching = False

    def __str__(self) -> str:
        return f"UE {self.amf_ue_ngap_id} at {self.gnb}"

    @property
    def subject(self) -> object:
        """Whom its messages are about: its UE, the one being handed over to it, or itself."""
        return self.ue or (self.handover.source.ue if self.handover is not None else None) or self

    @property
    def placed(self) -> bool:
        """Whether the gNB has named it: a target does so in HANDOVER REQUEST ACKNOWLEDGE (TS 38.413 8.4.2.2)."""
        return self.ran_ue_ngap_id >= 0

    def move(self, event: ContextEvent) -> bool:
        """Change the state of the gNB's UE context; false where the table has no such pair."""
        after = CONTEXT_TRANSITIONS.get((self.context, event))
        if after is None:
            return False
        self.context = after
        return True


class Handover:
    """A handover over N2: the UE's connection, the one prepared for it, and how far it is (TS 23.502 4.9.1.3)."""

    __slots__ = ("arrived", "commanded", "pdu_session_ids", "source", "target")

    source: Connection
    target: Connection
    pdu_session_ids: tuple[int, ...]
    """The PDU sessions whose SMFs take part."""
    commanded: bool
    """Whether the source was told to hand the UE over."""
    arrived: bool
    """Whether the UE is at the target."""

    def __init__(self, source: Connection, target: Connection) -> None:
        self.source = source
        self.target = target
        self.pdu_session_ids = ()
        self.commanded = False
        self.arrived = False
        source.handover = target.handover = self

    def end(self) -> None:
        """Nothing ties its connections any more."""
        self.source.handover = self.target.handover = None
