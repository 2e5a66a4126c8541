"""Reconfiguration with sync: the terminal goes to the cell that its gNB sends it to (TS 38.331 5.3.5.5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from freehold.codecs.nas import RegistrationKind
from freehold.crypto.handover import Chain
from freehold.procedure import Collision, Expire, procedure
from freehold.services.air import Connection
from freehold.spec.errors import PeerError
from freehold.stack import rrc_handover
from freehold.stack.nas_security import NasSecurity
from freehold.stack.rrc_handover import Sync
from freehold.ue.nas.mm.registration import registration
from freehold.ue.usim import supports

if TYPE_CHECKING:
    from freehold.services.air import Cell
    from freehold.ue.terminal import Terminal


class Between:
    """The connection of a terminal that has left its cell and is in no other yet: what NAS sends waits."""

    __slots__ = ("left", "waiting")

    def __init__(self, left: Connection) -> None:
        self.left = left
        self.waiting: list[bytes] = []

    def uplink_nas(self, octets: bytes) -> None:
        """Send it in the new cell, in order."""
        self.waiting.append(octets)

    def release_request(self, cause: Literal["user-inactivity", "radio-connection-with-ue-lost"]) -> None:
        """Tell the cell that it left."""
        self.left.release_request(cause)


async def failed(error: Exception, ue: Terminal, octets: bytes) -> None:
    """T304 expires in no cell: the connection is lost, and NAS asks for what it needs (TS 38.331 5.3.5.8.3)."""
    del error, octets
    ue.release_locally()
    ue.sessions.settle()


@procedure(
    spec="TS 38.331 5.3.5.5.2",
    collides={"reconfiguration_with_sync": Collision.QUEUE},
    on_reject=failed,
    on_failure=failed,
)
async def reconfiguration_with_sync(ue: Terminal, octets: bytes) -> None:
    """Leave the cell, find the other, prove the new key there; NAS and the sessions go on as if nothing had been."""
    connection = ue.link.connection
    if connection is None:
        return
    sync = rrc_handover.read_sync(octets)
    chain, root = derive(ue, sync)
    between = ue.link.connection = Between(connection)
    ue.sessions.pause()
    # 5.3.5.5.2: synchronising to the target's downlink
    await Expire("synchronisation")
    cell = None if ue.air is None else ue.air.cell(sync.pci, sync.arfcn)
    if cell is None:
        await Expire("T304")
        raise PeerError(f"no cell {sync.pci} on {sync.arfcn} is heard")
    # 5.3.5.3: random access, then RRCReconfigurationComplete under the new key
    complete = rrc_handover.protect(chain.kgnb, sync.integrity, rrc_handover.reconfiguration_complete())
    arrived = cell.synchronise(ue, sync.c_rnti, complete)
    if arrived is None:
        raise PeerError("the target cell does not answer")
    ue.link.chain, ue.link.root = chain, root
    ue.camp_on(cell)
    ue.link.connection = arrived
    ue.sessions.settle()
    for waiting in between.waiting:
        arrived.uplink_nas(waiting)
    update(ue, cell)


def derive(ue: Terminal, sync: Sync) -> tuple[Chain, NasSecurity]:
    """KgNB* of the NCC that was told, or of a KgNB from KAMF, and whose KAMF it is (TS 33.501 6.9.2.3.4).

    PeerError where the terminal cannot follow.
    """
    current, chain, root = ue.usim.security, ue.link.chain, ue.link.root
    if current is None or chain is None or root is None:
        raise PeerError("there is no AS security that a handover could go on from")
    if not supports(ue.configuration.equipment.security_capability, sync.ciphering, sync.integrity):
        raise PeerError("the target chose algorithms that the terminal lacks")
    if not sync.key_set_change:
        # an NH that a gNB has was made before the KAMF changed, and so comes from the one before
        return root.follow(chain, sync.ncc, sync.pci, sync.arfcn), root
    if ue.link.security_mode_count is None:
        raise PeerError("a key of a security mode procedure is asked for, and there was none")
    # TS 33.501 6.9.4.4, TS 38.331 5.3.5.7
    temporary = current.kgnb(ue.link.security_mode_count)
    return Chain(temporary, sync.ncc, temporary).horizontal(sync.pci, sync.arfcn), current


def update(ue: Terminal, cell: Cell) -> None:
    """Outside of the registration area the terminal registers there (TS 24.501 5.5.1.3.2 a)."""
    if ue.mm.registered and cell.system_information.tai not in ue.mm.granted.tai_list:
        ue.conversation.start(registration(ue, RegistrationKind.MOBILITY_UPDATING))
