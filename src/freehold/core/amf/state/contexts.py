"""Every context of one AMF and the identities they are found by."""

from __future__ import annotations

from typing import Final

from freehold.core.amf.state.connection import Connection, Gnb
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Driver
from freehold.spec.errors import Bug
from freehold.spec.identities import GnbId, Guami, Guti, STmsi, Supi, Tai

AMF_UE_NGAP_ID_OCTETS: Final = 5
"""An AMF UE NGAP ID has 40 bits (TS 38.413 9.3.3.1)."""
NO_TMSI: Final = 0xFFFF_FFFF
"""The 5G-TMSI that says there is none (TS 23.003 2.10.1, as for the TMSI of 2.4)."""
DRAWS: Final = 64
REMEMBERED: Final = 65_536
"""How many implicitly deregistered 5G-TMSIs are remembered, to answer #10 instead of #9."""


class Contexts:
    """UEs by 5G-TMSI and SUPI, connections by AMF UE NGAP ID, gNBs by identity: each in constant time."""

    __slots__ = (
        "_next",
        "connections",
        "crowded",
        "driver",
        "gnbs",
        "guami",
        "implicitly_deregistered",
        "strangers",
        "supis",
        "tmsis",
    )

    def __init__(self, driver: Driver, guami: Guami) -> None:
        self.driver = driver
        self.guami = guami
        self.gnbs: dict[GnbId, Gnb] = {}
        self.connections: dict[int, Connection] = {}
        self.tmsis: dict[int, Ue] = {}
        self.supis: dict[Supi, Ue] = {}
        self.implicitly_deregistered: dict[int, None] = {}
        self.strangers: set[Ue] = set()
        """UEs that have not proved who they are yet."""
        self.crowded = False

    # --- connections ----------------------------------------------------------------------
    def connect(self, gnb: Gnb, ran_ue_ngap_id: int, tai: Tai) -> Connection:
        """A new connection with an AMF UE NGAP ID that nothing else has and no other gNB can guess (TS 38.413 9.3.3.1).

        Whoever names it in a PATH SWITCH REQUEST is given the UE (G10).
        """
        return self._keep(Connection(gnb, self._new_identity(), ran_ue_ngap_id, tai))

    def prepare(self, gnb: Gnb, tai: Tai) -> Connection:
        """A connection that a gNB has yet to name: the target of a handover (TS 38.413 8.4.2).

        Until then it stands under the negative of its AMF UE NGAP ID, which no node can name.
        """
        identity = self._new_identity()
        return self._keep(Connection(gnb, identity, -identity, tai))

    def _new_identity(self) -> int:
        random = self.driver.environment.random
        identity = 0
        while identity == 0 or identity in self.connections:
            identity = int.from_bytes(random(AMF_UE_NGAP_ID_OCTETS), "big")
        return identity

    def _keep(self, connection: Connection) -> Connection:
        self.connections[connection.amf_ue_ngap_id] = connection
        connection.gnb.connections[connection.ran_ue_ngap_id] = connection
        return connection

    @staticmethod
    def place(connection: Connection, ran_ue_ngap_id: int) -> None:
        """The target has named its connection (TS 38.413 8.4.2.2)."""
        of_gnb = connection.gnb.connections
        of_gnb.pop(connection.ran_ue_ngap_id, None)
        connection.ran_ue_ngap_id = ran_ue_ngap_id
        of_gnb[ran_ue_ngap_id] = connection

    @staticmethod
    def move(connection: Connection, gnb: Gnb, ran_ue_ngap_id: int, tai: Tai) -> None:
        """Another gNB has the connection from now on; its AMF UE NGAP ID stays (TS 38.413 8.4.4.2)."""
        before = connection.gnb.connections
        if before.get(connection.ran_ue_ngap_id) is connection:
            del before[connection.ran_ue_ngap_id]
        connection.gnb, connection.ran_ue_ngap_id, connection.tai = gnb, ran_ue_ngap_id, tai
        connection.stream = gnb.stream(connection.amf_ue_ngap_id)
        gnb.connections[ran_ue_ngap_id] = connection
        if connection.ue is not None:
            connection.ue.mobility.tai, connection.ue.mobility.cell = tai, connection.cell

    def disconnect(self, connection: Connection) -> None:
        """Forget a connection; its UE, if it still points here, is idle from now on."""
        if self.connections.get(connection.amf_ue_ngap_id) is connection:
            del self.connections[connection.amf_ue_ngap_id]
        of_gnb = connection.gnb.connections
        if of_gnb.get(connection.ran_ue_ngap_id) is connection:
            del of_gnb[connection.ran_ue_ngap_id]
        ue, connection.ue = connection.ue, None
        if ue is not None and ue.connection is connection:
            ue.connection = None

    @staticmethod
    def attach(ue: Ue, connection: Connection) -> None:
        """Make a connection the one of a UE."""
        connection.ue = ue
        ue.connection = connection
        ue.mobility.tai, ue.mobility.cell = connection.tai, connection.cell

    # --- UEs ------------------------------------------------------------------------------
    def find(self, identity: Guti | STmsi) -> Ue | None:
        """The UE of a temporary identity of this AMF."""
        return self.tmsis.get(identity.tmsi) if self.own(identity) else None

    def own(self, identity: Guti | STmsi) -> bool:
        """Whether this AMF gave out a temporary identity (TS 23.003 2.10.1, 2.11)."""
        mine = self.guami
        if isinstance(identity, Guti):
            return identity.guami == mine
        return identity.set_id == mine.set_id and identity.pointer == mine.pointer

    def new_tmsi(self, ue: Ue) -> Guti:
        """A 5G-TMSI nobody can foresee and nobody else has (TS 33.501 6.12.3); the old one stays until COMPLETE."""
        random = self.driver.environment.random
        for _ in range(DRAWS):
            tmsi = int.from_bytes(random(4), "big")
            if tmsi not in self.tmsis and tmsi != NO_TMSI:
                break
        else:
            raise Bug("no free 5G-TMSI in 64 draws")
        identity = ue.identity
        if identity.previous_tmsi is not None and identity.tmsi is not None:
            self.tmsis.pop(identity.tmsi, None)  # never acknowledged: the one before is the UE's
        elif identity.tmsi is not None:
            identity.previous_tmsi = identity.tmsi
        identity.tmsi = tmsi
        self.tmsis[tmsi] = ue
        self.implicitly_deregistered.pop(tmsi, None)
        return Guti(self.guami, tmsi)

    def confirm_tmsi(self, ue: Ue) -> None:
        """The UE acknowledged its new 5G-GUTI: the old one is invalid (TS 24.501 5.5.1.2.4)."""
        if ue.identity.previous_tmsi is not None:
            self.tmsis.pop(ue.identity.previous_tmsi, None)
            ue.identity.previous_tmsi = None

    def forget(self, ue: Ue) -> None:
        """Remove a UE from every index."""
        self.strangers.discard(ue)
        self.crowded = self.crowded and bool(self.strangers)
        identity = ue.identity
        for tmsi in (identity.tmsi, identity.previous_tmsi):
            if tmsi is not None and self.tmsis.get(tmsi) is ue:
                del self.tmsis[tmsi]
        identity.tmsi = identity.previous_tmsi = None
        if identity.supi is not None and self.supis.get(identity.supi) is ue:
            del self.supis[identity.supi]

    def remember(self, tmsi: int) -> None:
        """Remember that a 5G-TMSI was implicitly deregistered (TS 24.501 5.6.1.5, cause #10)."""
        if len(self.implicitly_deregistered) >= REMEMBERED:
            del self.implicitly_deregistered[next(iter(self.implicitly_deregistered))]
        self.implicitly_deregistered[tmsi] = None
