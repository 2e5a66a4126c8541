"""A network in one process: core, user plane, gNBs, terminals, or those of them that are asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TypeVar

from freehold.app.config import Configuration, GnbSection
from freehold.app.core import SMF_N4, UPF_N4, Core, make_upf
from freehold.app.handles import UserEquipment
from freehold.app.ledger import witness_of
from freehold.app.packets import N3_PREFIX, Packets
from freehold.app.quiet import QuietEnvironment
from freehold.app.radio import Radio, local_connector, remote_connector
from freehold.app.sealing import sealer, token_of
from freehold.app.subscriptions import next_number, subscriber, supi_of
from freehold.app.trace import Trace
from freehold.app.world import RealWorld, VirtualWorld, World
from freehold.core.upf.function import Upf
from freehold.net import endpoints, udp
from freehold.net.fastplane import FastPlane
from freehold.net.local import LocalNetwork
from freehold.net.userplane import GTPU_PORT, UpfPlane, bind_n3
from freehold.procedure import Signal
from freehold.ran.cu_cp.gnb import Gnb
from freehold.services.datagram import Address, DatagramPort, DatagramUser
from freehold.services.nudr import Subscriber
from freehold.services.store import Store
from freehold.spec.errors import Bug, Unusable
from freehold.spec.events import Event
from freehold.store import DataFolder, MemoryStore, SqliteStore
from freehold.store.offline import seal_for
from freehold.trust.ledger import Ledger
from freehold.ue.configuration import HomeNetworkKey

T = TypeVar("T")
Role = Literal["core", "upf", "gnb", "ue"]
WHOLE: Final[frozenset[Role]] = frozenset(("core", "upf", "gnb", "ue"))
N4_PORT: Final = 8805
"""TS 29.244 4.2.2."""
LEAVE_SECONDS: Final = 1.0
"""How long an end waits for the other end of N4 to hear of it."""
SETUP_SECONDS: Final = 2.0
"""How long a start waits for NG Setup before it goes on without."""


class Network:
    """A network; on virtual time unless `real_time`. Use it with `async with`.

    `folder` keeps subscribers and keys on disk; without it nothing is kept. `journal` is where a UPF writes its
    sessions down for its next process. `seed` decides everything random on virtual time. `trace` keeps what crosses
    the interfaces from the first message on. `outside` opens the configured N2, N3, N4 and N6 to other programs;
    without it nothing leaves the process. `roles` are the parts that run here. Unusable is raised for a configuration
    that cannot be carried out.
    """

    core: Core
    upf_plane: UpfPlane | FastPlane
    radio: Radio
    packets: Packets
    ledger: Ledger
    n4: LocalNetwork
    """N4 of a process that has both its ends."""

    def __init__(
        self,
        configuration: Configuration | None = None,
        *,
        real_time: bool = False,
        seed: int = 0,
        folder: Path | None = None,
        journal: Path | None = None,
        trace: bool = False,
        outside: bool = False,
        roles: Iterable[Role] = WHOLE,
    ) -> None:
        self.configuration = configuration or Configuration()
        self.roles = frozenset(roles)
        self._real_time = real_time
        self._seed = seed
        self.folder = folder
        """Where what is kept is kept; None where nothing is."""
        self._journal = journal
        self._traced = trace
        self._outside = outside
        self._world: World | None = None
        self._ends: list[Callable[[], None]] = []
        self._ues: list[UserEquipment] = []
        self.upf: Upf | None = None
        """The control of the UPF, where one is here."""
        self._n4_outside = False
        self._number = -1
        """The number of the last new subscription; -1 before the first."""

    # --- life ---------------------------------------------------------------------------------
    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()
        self._stop()

    async def _leave(self) -> None:
        """End N4 in order where its other end is another process (TS 29.244 6.2.7, 6.2.8), bounded in time."""
        if not self._n4_outside:
            return
        leaving = []
        grace = self.configuration.upf.grace
        if self.upf is not None and grace and not self.configuration.upf.keep:
            leaving.append((self.upf.associations.leave(grace), grace + LEAVE_SECONDS))
        if "core" in self.roles:
            leaving.append((self.core.smf.leave(), LEAVE_SECONDS))
        for signal, seconds in leaving:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.world.wait(signal), seconds)

    async def _start(self) -> None:
        self._world = world = RealWorld() if self._real_time else VirtualWorld(self._seed)
        self.tap = world.environment.tap
        self.trace = Trace(self.tap, world.environment.utc() - world.environment.now())
        if self._traced:
            self.trace.start()
        self.packets = Packets(self.configuration, world, self.tap, self._journal)
        self._ends.append(self.packets.close)
        if "core" in self.roles:
            self._make_core(world)
        if "upf" in self.roles:
            self.upf_plane = self.packets.add_upf(outside=self._outside)
        self._join_n4(world)
        self.packets.run()
        if "core" in self.roles:
            await self.core.start()
            await self._n4_setup()
            self._listen_n2()
        if "gnb" in self.roles:
            self.radio = Radio(self.configuration, world, self.packets.plane, recorded="core" in self.roles)
            self._ends.append(self.radio.stop)
            for section in self.configuration.gnb:
                self.gnb(section)
            await self._ng_setup()

    def _stop(self) -> None:
        self.world.hush()
        ends, self._ends = self._ends, []
        for end in reversed(ends):
            end()

    def _make_core(self, world: World) -> None:
        self.store = self._open_store()
        self._ends.append(self.store.close)
        together = "upf" in self.roles
        smf = SMF_N4 if together else self._n4_address("smf")
        upf = UPF_N4 if together else self._n4_address("upf")
        self.ledger = Ledger(self.store, witness_of(self.configuration), self._witness_failed)
        if self.configuration.keys.mode == "token" and not self._real_time:
            raise Unusable("keys.mode is token: a token answers in real time alone")
        arpf = token_of(self.configuration, asyncio.get_running_loop().call_soon_threadsafe, self._token_changed)
        if arpf is not None:
            self._ends.append(arpf.close)
        n4u = None if together else self._n4u_address()
        self.core = Core(self.configuration, world, self.store, smf, upf, arpf, n4u)
        self._ends.append(self.core.stop)

    def _open_store(self) -> Store:
        if self.folder is None:
            return MemoryStore()
        if not self._real_time:
            raise Unusable("a network on virtual time keeps nothing on disk: leave out folder, or ask for real_time")
        loop = asyncio.get_running_loop()
        folder = DataFolder(self.folder)
        seal = seal_for(folder, sealer(self.configuration))
        return SqliteStore(folder, loop.call_soon_threadsafe, self._store_failed, seal)

    def _store_failed(self, fault: Unusable) -> None:
        """What was written behind is lost: contexts, which terminals bring back."""
        self.world.environment.emit(
            Event("store-write", str(fault), "error", fix="look at the disk of the data folder")
        )

    def _witness_failed(self, fault: Unusable) -> None:
        """The act is durable here, but nothing outside knows of it."""
        self.world.environment.emit(
            Event("ledger-witness", str(fault), "error", fix="make the file of ledger.witness writable again")
        )

    def _token_changed(self, fault: Unusable | None) -> None:
        """Without the token nobody registers."""
        if fault is None:
            event = Event("token-serves", "the token of [keys] serves again")
        else:
            fix = "put the token back; where it refused the PIN, mend keys.secret_file and start anew"
            event = Event("token-failed", str(fault), "error", fix=fix)
        self.world.environment.emit(event)

    def store_fault(self) -> str:
        """What the last write of the store ran into; nothing where it went well."""
        return self.store.fault if isinstance(self.store, SqliteStore) else ""

    # --- links --------------------------------------------------------------------------------
    def _n4_address(self, section: Literal["smf", "upf"]) -> Address:
        text = self.configuration.smf.n4 if section == "smf" else self.configuration.upf.n4
        if not text:
            raise Unusable(f"{section}.n4 is not set: SMF and UPF in two processes need both addresses, e.g. 127.0.0.2")
        return endpoints.parse_address(text, N4_PORT, f"{section}.n4")

    def _n4u_address(self) -> Address | None:
        """Where the SMF is the router of terminals' IPv6 links; None where UPFs are."""
        text = self.configuration.smf.n4u
        return (endpoints.parse_address(text, GTPU_PORT, "smf.n4u")[0], GTPU_PORT) if text else None

    def _join_n4(self, world: World) -> None:
        """In process where both ends are here; by UDP otherwise."""
        both = {"core", "upf"} <= self.roles
        environment = QuietEnvironment(world.environment) if both else world.environment

        def upf(port: DatagramPort) -> DatagramUser:
            smf = SMF_N4[0] if both else self._n4_address("smf")[0]
            self.upf = make_upf(self.configuration, environment, self.upf_plane, port, (smf,), self.packets.journal)
            return self.upf

        if both:
            self.n4 = LocalNetwork(world.deliver)
            self.n4.bind(UPF_N4, upf)
            self.n4.bind(SMF_N4, self.core.smf.open_n4)
        elif "upf" in self.roles:
            self._ends.append(udp.bind(self._n4_address("upf"), upf, setting="upf.n4").close)
            self._n4_outside = True
        elif "core" in self.roles:
            port = udp.bind(self._n4_address("smf"), self.core.smf.open_n4, setting="smf.n4")
            self._ends.append(port.close)
            self._n4_outside = True
            n4u = self._n4u_address()
            if n4u is not None:
                self._ends.append(udp.bind(n4u, self.core.smf.open_n4u, setting="smf.n4u").close)

    def _listen_n2(self) -> None:
        if self._outside and self.configuration.amf.n2:
            for listener in endpoints.listen(self.configuration.amf.n2, self.core.amf.accept):
                self._ends.append(listener.close)

    async def _n4_setup(self) -> None:
        """Wait for the UPF of this process: a phone that comes at once is not refused its session."""
        if "upf" in self.roles:
            await self._until(lambda: self.core.smf.associated)

    async def _ng_setup(self) -> None:
        """Wait until every gNB is served, for a while."""
        links = [link for gnb in self.radio.gnbs for link in gnb.links]
        await self._until(lambda: all(link.amf.ready for link in links))

    async def _until(self, ready: Callable[[], bool]) -> None:
        end = self.world.environment.now() + SETUP_SECONDS
        while not ready() and self.world.environment.now() < end:
            await self.world.sleep(0.002)

    # --- what a script asks --------------------------------------------------------------------
    @property
    def world(self) -> World:
        """Time and chance of this network; Bug before `async with`."""
        if self._world is None:
            raise Bug("the network is not running: use it with `async with`")
        return self._world

    @property
    def ues(self) -> tuple[UserEquipment, ...]:
        """Every terminal made so far."""
        return tuple(self._ues)

    def gnb(self, section: GnbSection | None = None) -> Gnb:
        """One more gNB, connected to its AMF: the one of this network unless the section names another."""
        number = len(self.radio.gnbs) + 1
        chosen = section or GnbSection(id=number, name=f"gnb-{number}")
        port = None
        address = f"{N3_PREFIX}.{number + 1}"
        if chosen.n3:
            address = endpoints.parse_address(chosen.n3, GTPU_PORT, "gnb.n3")[0]
        if self._outside and chosen.n3:
            port = bind_n3(address)
            self._ends.append(port.close)
        gnb = self.radio.add_gnb(chosen, address, port)
        if chosen.amf:
            gnb.add_amf(chosen.amf, remote_connector(chosen.amf))
        elif "core" in self.roles:
            gnb.add_amf("AMF", local_connector(self.world, chosen.name, self.core.amf.accept))
        else:
            raise Unusable(f"gnb {chosen.name}: no AMF runs in this process: set gnb.amf to its N2 address")
        return gnb

    def reconfigure(self, configuration: Configuration) -> None:
        """Take over what needs no restart, live; Unusable, and nothing happens, where something does."""
        if "core" in self.roles:
            self.core.reconfigure(configuration)
        if "upf" in self.roles:
            self.packets.reconfigure(configuration)
        if "gnb" in self.roles:
            self.radio.reconfigure(configuration)
        self.configuration = configuration

    def ue(self, subscription: Subscriber | None = None, *, gnb: int = 0, null_scheme: bool = False) -> UserEquipment:
        """A terminal under a gNB (by number, from 0), provisioned with a fresh subscription where none is given."""
        given = subscription or self.subscribe()
        home = None if null_scheme or "core" not in self.roles else self.home_key()
        terminal = self.radio.add_terminal(given, home, gnb)
        made = UserEquipment(self.world, terminal, given, self.radio.planes[gnb])
        made.radio = self.radio
        made.gateways = {section.name: tuple(map(str, section.gateways)) for section in self.configuration.dnn}
        made.ethernet = frozenset(section.name for section in self.configuration.dnn if section.ethernet)
        self._ues.append(made)
        return made

    def subscribe(self, *, ip: str | None = None, ip6: str | None = None) -> Subscriber:
        """A new subscription with the next free number and random keys, known to the core at once."""
        udr = self.core.udr
        number = self._number + 1 or next_number(self.configuration, udr.subscribers())
        while udr.subscriber(supi_of(self.configuration, number)) is not None:
            number += 1
        self._number = number
        made = subscriber(self.configuration, number, self.world.environment.random, ip=ip, ip6=ip6)
        _durable = udr.put(made)
        return made

    def home_key(self) -> HomeNetworkKey:
        """What a SIM of this network holds to conceal its SUPI: the public half of the first key."""
        key = self.core.home_network_keys[0]
        return HomeNetworkKey(key.scheme, key.key_id, key.public)

    async def wait(self, signal: Signal[T]) -> T:
        """The value of a signal, once the network has brought it about."""
        return await self.world.wait(signal)

    async def sleep(self, seconds: float) -> None:
        """Let the network run for that long, in its own time."""
        await self.world.sleep(seconds)
