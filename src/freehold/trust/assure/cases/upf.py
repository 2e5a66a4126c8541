"""TS 33.513: the user plane function's tunnels, and what protects N3 and N4."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from freehold.codecs import gtpu, pfcp
from freehold.services.datagram import Address, DatagramPort
from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.gnb import SILENCE, Gnb
from freehold.trust.assure.roles.ue import Terminal
from freehold.trust.assure.verdict import Inapplicable, need, require

SESSIONS = 24
"""How many tunnels are compared."""


class Stranger:
    """A peer of N3 or N4 that nobody configured."""

    def __init__(self, port: DatagramPort) -> None:
        self.port = port
        self.came: deque[tuple[bytes, Address]] = deque()

    def received(self, octets: bytes, source: Address) -> None:
        """One datagram came."""
        self.came.append((octets, source))


def stranger(lab: Lab, interface: str, host: int = 66) -> Stranger:
    """A stranger on an interface."""
    made: list[Stranger] = []

    def accept(port: DatagramPort) -> Stranger:
        made.append(Stranger(port))
        return made[0]

    if interface == "N4":
        lab.n4(accept)
    else:
        lab.n3(accept, host)
    return made[0]


async def in_the_clear(lab: Lab, interface: str) -> bool:
    """Whether a message without any protection is answered."""
    peer = stranger(lab, interface)
    if interface == "N4":
        request = pfcp.encode(pfcp.HeartbeatRequest(recovery_time_stamp=3_900_000_000), 1)
        peer.port.send(request, lab.n4_target())
    else:
        peer.port.send(gtpu.encode(gtpu.EchoRequest(sequence=1)), lab.n3_target())
    return await lab.until(lambda: bool(peer.came), SILENCE)


async def protection(lab: Lab, interface: str, kind: str) -> str:
    """What protects an interface outside of the host: NDS/IP, or what its owner says (TS 33.501 9.1.2, 9.3, 9.9)."""
    where = lab.exposed(interface)
    if not where:
        raise Inapplicable(f"{interface} does not leave the host here: there is nothing to protect with {kind}")
    if stated := lab.profile.isolation.get(interface):
        raise Inapplicable(f"{interface} at {where} is isolated, says its owner: {stated}")
    clear = await in_the_clear(lab, interface)
    require(not clear, f"{interface} at {where} answers what has no {kind}, and no isolation of the path is stated")
    return f"{interface} at {where} answers nothing that comes without protection"


@case("TS 33.513", "4.2.2.1", "N3")
async def n3_confidentiality(lab: Lab) -> str:
    """User data on N3 is confidential outside of the host."""
    return await protection(lab, "N3", "confidentiality")


@case("TS 33.513", "4.2.2.2", "N3")
async def n3_integrity(lab: Lab) -> str:
    """User data on N3 has integrity protection outside of the host."""
    return await protection(lab, "N3", "integrity protection")


@case("TS 33.513", "4.2.2.3", "N3")
async def n3_replay(lab: Lab) -> str:
    """User data on N3 is protected against replay outside of the host."""
    return await protection(lab, "N3", "replay protection")


@case("TS 33.513", "4.2.2.5", "N4")
async def n4_confidentiality(lab: Lab) -> str:
    """Control data on N4 is confidential outside of the host."""
    return await protection(lab, "N4", "confidentiality")


@case("TS 33.513", "4.2.2.6", "N2", "N3")
async def teid_uniqueness(lab: Lab) -> str:
    """No two tunnels that live at the same time have the same TEID, and none is the next of another."""
    gnb = await Gnb(lab).serve()
    seen: list[int] = []
    ues = SESSIONS if "inside" in lab.surfaces else 1
    for _ in range(ues):
        ue = Terminal(gnb)
        await ue.register()
        for number in (1, 2):
            resources = await ue.session(number)
            seen.append(resources.uplink.teid)
    need(len(seen) > 1, "there is only one session to compare")
    require(len(set(seen)) == len(seen), f"{len(seen) - len(set(seen))} of {len(seen)} live tunnels share a TEID")
    require(0 not in seen, "a tunnel has TEID 0, which names none (TS 29.281 5.1)")
    in_turn = sum(after - before == 1 for before, after in pairwise(seen))
    return f"{len(seen)} live tunnels, {len(set(seen))} TEIDs; {in_turn} follow their predecessor"
