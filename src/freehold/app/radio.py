"""gNBs and terminals of this process."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from freehold.app.config import Configuration, GnbSection
from freehold.app.quiet import QuietEnvironment
from freehold.app.world import World
from freehold.codecs.nas import UeSecurityCapability
from freehold.net import endpoints
from freehold.net.access import AccessPlane
from freehold.net.local import associate
from freehold.net.userplane import UserPlane
from freehold.procedure import Driver
from freehold.ran.configuration import GnbConfiguration, TrackingArea
from freehold.ran.cu_cp.gnb import Gnb
from freehold.ran.cu_cp.link import Connector, Refused
from freehold.services.n2 import Acceptor
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.identities import GnbId, Pei
from freehold.spec.timers import Timers
from freehold.ue.configuration import Equipment, HomeNetworkKey, Subscription, UeConfiguration
from freehold.ue.terminal import Terminal

if TYPE_CHECKING:
    from freehold.ran.cu_cp.xn_link import XnLink

Interface = Literal["n2", "xn"]
"""How a terminal is handed over: by way of the AMF, or from gNB to gNB."""
FIRST_IMEISV: Final = 4_370_816_125_816_151
"""A test equipment's IMEISV; each terminal has the next one (TS 23.003 6.2.2)."""


class Radio:
    """The radio access of one network: gNBs with their engines, and the terminals under them."""

    def __init__(self, configuration: Configuration, world: World, plane: UserPlane, *, recorded: bool) -> None:
        """`recorded`: the other end of N2 is in this process and puts its messages on the tap."""
        self.configuration = configuration
        self.world = world
        self.environment = QuietEnvironment(world.environment) if recorded else world.environment
        self.timers = Timers(configuration.timers)
        self.gnbs: list[Gnb] = []
        self.planes: list[AccessPlane] = []
        self._sections: list[GnbSection] = []
        self._cells: dict[tuple[int, int], Gnb] = {}
        self.terminals: list[Terminal] = []
        self._plane = plane
        self._driver = Driver("UE", self.environment, self.timers)

    def stop(self) -> None:
        """End every association of every gNB."""
        for gnb in self.gnbs:
            gnb.stop()

    def add_gnb(self, section: GnbSection, address: str, port: socket.socket | None = None) -> Gnb:
        """One more gNB, not yet connected to an AMF; `address` is its N3 address, `port` opens it to the outside."""
        made = self._gnb_configuration(section)
        plane = self._plane.add_access(address, int.from_bytes(self.environment.random(4), "big"), port)
        gnb = Gnb(made, self.environment, plane, self.timers)
        self.gnbs.append(gnb)
        self._cells.setdefault((made.pci, made.arfcn), gnb)
        self.planes.append(plane)
        self._sections.append(section)
        return gnb

    def cell(self, pci: int, arfcn: int) -> Gnb | None:
        """The cell of a physical cell identity on a frequency (`services.air.Air`)."""
        return self._cells.get((pci, arfcn))

    def serving(self, terminal: Terminal) -> Gnb | None:
        """The gNB in whose cell a terminal is."""
        return next((gnb for gnb in self.gnbs if gnb is terminal.cell), None)

    async def hand_over(self, terminal: Terminal, to: Gnb, interface: Interface = "xn") -> None:
        """Hand a terminal over; Unusable, Reject, TimerExpired, PeerError or Aborted says why it stays."""
        source = self.serving(terminal)
        if source is None:
            raise Unusable(f"{terminal} is in no cell of this process")
        xn = None
        if interface == "xn" and source is not to:
            xn = self.xn(source, to)
            await self.world.wait(xn.ready)
        await self.world.wait(source.hand_over(terminal.link.connection, to.configuration.neighbour, xn))

    def xn(self, source: Gnb, target: Gnb) -> XnLink:
        """Xn between two gNBs, begun where there is none yet; it is of use once it is `ready` (TS 38.423 8.4.1)."""
        from freehold.ran.cu_cp.xn_link import XnLink  # with XnAP, which only handovers over Xn need

        wanted = target.configuration.name
        found = next((link for link in source.xns if link.name == wanted), None)
        if found is None:
            tap, names = self.world.environment.tap, (source.configuration.name, wanted)
            found = XnLink(source, wanted, initiator=True, tap=tap)
            other = XnLink(target, source.configuration.name, initiator=False, tap=tap)
            associate(found.associated, other.associated, self.world.deliver, names=names)
        return found

    def reconfigure(self, configuration: Configuration) -> None:
        """Broadcast another TAC and other slices, where they are the network's (TS 38.413 8.7.2)."""
        self.configuration = configuration
        for gnb, section in zip(self.gnbs, self._sections, strict=True):
            made = self._gnb_configuration(section)
            if made != gnb.configuration:
                gnb.reconfigure(made)

    def _gnb_configuration(self, section: GnbSection) -> GnbConfiguration:
        network = self.configuration.network
        slices = tuple(slice_.id for slice_ in self.configuration.slice)
        area = TrackingArea(network.tac if section.tac is None else section.tac, slices, (network.plmn,))
        return GnbConfiguration(GnbId(network.plmn, section.id, section.bits), (area,), section.name)

    def card(self, subscriber: Subscriber, home_key: HomeNetworkKey | None) -> Subscription:
        """What a USIM of this subscriber holds; Unusable where K is inside a token, which gives none away."""
        if subscriber.authentication.elsewhere:
            raise Unusable(f"{subscriber.supi.value}: its K is inside the token: no simulated terminal can have it")
        return Subscription(
            subscriber.supi,
            self.configuration.network.plmn,
            bytes(subscriber.authentication.k),
            bytes(subscriber.authentication.opc),
            home_key,
        )

    def add_terminal(self, subscriber: Subscriber, home_key: HomeNetworkKey | None, gnb: int = 0) -> Terminal:
        """One more terminal, switched off, under a gNB; its USIM has the subscriber's keys."""
        number = len(self.terminals) + 1
        subscription = self.card(subscriber, home_key)
        equipment = Equipment(Pei(f"imeisv-{FIRST_IMEISV + number}"), UeSecurityCapability.of(), b"\x00" * 32)
        made = UeConfiguration(
            f"UE {number}", subscription, equipment, tuple(section.id for section in self.configuration.slice)
        )
        terminal = Terminal(made, self._driver, self.gnbs[gnb], self.planes[gnb], number, self)
        self.terminals.append(terminal)
        return terminal


def with_gnbs(configuration: Configuration, wanted: int) -> Configuration:
    """The same with so many gNBs at least: those that are missing have the next identities."""
    sections, used = list(configuration.gnb), {section.id for section in configuration.gnb}
    while len(sections) < wanted:
        number = next(number for number in range(1, len(used) + 2) if number not in used)
        used.add(number)
        sections.append(GnbSection(id=number, name=f"gnb-{number}"))
    if len(sections) == len(configuration.gnb):
        return configuration
    return msgspec.structs.replace(configuration, gnb=tuple(sections))


def remote_connector(endpoint: str) -> Connector:
    """N2 to an AMF at an endpoint as an owner writes it."""
    attempts: set[asyncio.Task[None]] = set()

    def connect(client: Acceptor, refused: Refused) -> None:
        async def attempt() -> None:
            try:
                await endpoints.connect(endpoint, client)
            except (OSError, Unusable) as error:
                refused(str(error))

        task = asyncio.get_running_loop().create_task(attempt())
        attempts.add(task)
        task.add_done_callback(attempts.discard)

    return connect


def local_connector(world: World, gnb: str, accept: Acceptor) -> Connector:
    """N2 to an AMF of this process."""

    def connect(client: Acceptor, _refused: Refused) -> None:
        associate(client, accept, world.deliver, names=(gnb, "AMF"))

    return connect
