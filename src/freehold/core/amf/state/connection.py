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
    """One UE-associated logical NG-connection (TS 38.401 6.1.2)."""

    __slots__ = (
        "amf_ue_ngap_id",
        "cell",
        "context",
        "context_requested",
        "freed",
        "gnb",
        "ran_ue_ngap_id",
        "stream",
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

    def __str__(self) -> str:
        return f"UE {self.amf_ue_ngap_id} at {self.gnb}"

    def move(self, event: ContextEvent) -> bool:
        """Change the state of the gNB's UE context; false where the table has no such pair."""
        after = CONTEXT_TRANSITIONS.get((self.context, event))
        if after is None:
            return False
        self.context = after
        return True
