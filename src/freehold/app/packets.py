"""The user plane of one process: engines, N3, and each data network's way out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from freehold.app.config import Configuration, DnnSection
from freehold.app.world import VirtualWorld, World
from freehold.net.announce import Announcement, route
from freehold.net.behind import Behind, Outside
from freehold.net.endpoints import parse_address
from freehold.net.fastplane import FastPlane, Served
from freehold.net.flowrecords import FlowRecords
from freehold.net.resolver import host_resolver
from freehold.net.tap import TapInterface
from freehold.net.tun import Mode, Tun, TunSettings
from freehold.net.userplane import GTPU_PORT, PlaneSettings, UpfPlane, UserPlane, bind_n3
from freehold.net.xdp import Hook, kept_seed, names
from freehold.procedure import Tap
from freehold.services.userplane import Network
from freehold.spec.errors import Unusable
from freehold.spec.events import Event
from freehold.store import FileJournal

SEED = b"seed"
"""What the journal knows the tunnels' secret by."""
IPFIX_PORT = 4739  # RFC 7011 10.3.4
N3_PREFIX = "10.255.0"
"""N3 in process: names of the ends of tunnels, no sockets."""
TAP_NAME = "fhlan%d"
"""N6 of an Ethernet data network that names no interface."""
UPF_N3 = f"{N3_PREFIX}.1"
HOOKS: dict[str, tuple[Hook, ...]] = {"auto": ("xdp", "tc"), "xdp": ("xdp", "generic"), "tc": ("tc",)}
"""Where the program may meet packets, best first, by `[upf] path`."""
PLACES: dict[Hook, str] = {
    "xdp": "in the drivers (native XDP)",
    "generic": "in front of the host's stack (generic XDP)",
    "tc": "where the host's stack begins (TC)",
}


class Packets:
    """The engines of a process; what it opens is closed by `close`."""

    def __init__(self, configuration: Configuration, world: World, tap: Tap, journal: Path | None = None) -> None:
        self.plane = UserPlane(tap)
        self.notes: list[str] = []
        """What the owner should know, e.g. a return route."""
        self.journal = self._open(journal) if journal is not None else None
        """Where the UPF writes down what its next process goes on with."""
        self._configuration = configuration
        self._world = world
        self._ends: list[Callable[[], None]] = []
        self._fast: FastPlane | None = None
        self._plane: UpfPlane | FastPlane | None = None
        self._records: FlowRecords | None = None
        self._tuns: dict[str, Tun | TapInterface] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def _open(self, journal: Path) -> FileJournal | None:
        try:
            return FileJournal(journal)
        except Unusable as missing:
            self.notes.append(f"UPF: its sessions end with this process: {missing}")
            return None

    def run(self) -> None:
        """Begin to work: in a thread, or on the virtual clock."""
        if isinstance(self._world, VirtualWorld):
            self._world.environment.clock.drive(self.plane.poll)
        else:
            self._loop = asyncio.get_running_loop()
            self.plane.start(self._loop)
            self._ends.append(self.plane.stop)
            if self._fast is not None:
                self._fast.start(asyncio.get_running_loop())
            if self._records is not None:
                self._records.start(asyncio.get_running_loop())

    def close(self) -> None:
        """Stop working and let go of sockets and interfaces."""
        if self._records is not None:
            self._records.stop()
            self._records = None
        self.plane.close()
        ends, self._ends = self._ends, []
        for end in reversed(ends):
            end()
        if self.journal is not None:
            self.journal.close(forget=not self._configuration.upf.keep)

    def reconfigure(self, configuration: Configuration) -> None:
        """Take over what needs no restart: the MTU of terminals' links."""
        before = {section.name: section.mtu for section in self._configuration.dnn}
        self._configuration = configuration
        for section in configuration.dnn:
            number = None if self._plane is None else self._plane.instance(section.name)
            if self._plane is None or number is None or before.get(section.name) == section.mtu:
                continue
            self._plane.set_mtu(number, section.mtu)
            if section.name in self._tuns:
                self._tuns[section.name].set_mtu(section.mtu)

    def add_upf(self, *, outside: bool) -> UpfPlane | FastPlane:
        """The packets of the UPF: N3 on a socket and N6 on interfaces where `outside` allows what is configured."""
        self._plane = self._make_upf(outside=outside)
        engine = self._plane if isinstance(self._plane, UpfPlane) else self._plane.engine
        collectors = {
            number: (section.name, parse_address(section.flow_records, IPFIX_PORT, "dnn.flow_records"))
            for section in self._configuration.dnn
            if section.flow_records and outside and (number := engine.instance(section.name)) is not None
        }
        if collectors:
            environment = self._world.environment
            self._records = FlowRecords(engine, collectors, environment.now, environment.utc)
        return self._plane

    def _make_upf(self, *, outside: bool) -> UpfPlane | FastPlane:
        upf = self._configuration.upf
        address, second, port, other = UPF_N3, None, None, None
        if upf.n3:
            listening = parse_address(upf.n3, GTPU_PORT, "upf.n3")[0]
            address = upf.advertise or listening
            port = self._bind(listening) if outside else None
        if upf.n3_second:
            second = parse_address(upf.n3_second, GTPU_PORT, "upf.n3_second")[0]
            if (":" in second) is (":" in address):
                raise Unusable(f"upf.n3_second: {second} is of the same version of IP as {address}")
            other = self._bind(second) if outside else None
        trusted = tuple((str(network.network_address), network.prefixlen) for network in upf.trusted)
        if port is None and other is None:
            # nobody but our own gNBs can send: the target of a handover over Xn does before the path switch (ADR 6)
            trusted = (*trusted, (f"{N3_PREFIX}.0", 24))
        protected = self._protected(address) if port else ()
        settings = PlaneSettings(
            address,
            second,
            protected=protected,
            trusted_sources=trusted,
            echo_seconds=upf.echo if port else 0,
            link_mtu=upf.mtu,
        )
        seed = self._seed(kept_seed() if port else None)
        plane = self.plane.add_upf(settings, seed, port, other)
        for section in self._configuration.dnn:
            self._add_network(plane, section, outside=outside)
        if outside and self._tuns:
            self._lead_behind(plane, self._announce() if upf.announce.asn else None)
        if port is None or upf.path == "tun":
            return plane
        return self._with_fast_path(plane, protected)

    def _seed(self, kept: bytes | None) -> bytes:
        """What tunnels are made of: as an earlier process had it, or new; a journal of other tunnels begins anew."""
        journal = self.journal
        if journal is None:
            return kept or self._world.environment.random(16)
        noted = dict(journal.items()).get(SEED)
        seed = kept or noted or self._world.environment.random(16)
        if noted != seed:
            journal.clear()
            journal.put(SEED, seed)
        return seed

    def _bind(self, address: str) -> socket.socket:
        port = bind_n3(address)
        self._ends.append(port.close)
        return port

    def _with_fast_path(self, plane: UpfPlane, protected: tuple[Network, ...]) -> UpfPlane | FastPlane:
        """The same user plane with the program in the kernel beside it, where machine and networks allow it."""
        path = self._configuration.upf.path
        served = {
            number: Served(_networks(section), section.mtu, section.n6 == "nat")
            for section in self._configuration.dnn
            if section.n6 in {"route", "nat"}
            and not section.flow_records
            and (number := plane.instance(section.name)) is not None
        }
        if not served:
            if path != "auto":
                raise Unusable(
                    f"upf.path = {path} serves data networks with n6 = route or nat, and there is none: "
                    "set path to auto"
                )
            return plane
        try:
            self._fast = FastPlane(plane, served, protected, HOOKS[path])
        except Unusable as missing:
            if path != "auto":
                raise
            self.notes.append(f"UPF: {missing}; packets take the portable engine")
            return plane
        self._ends.append(partial(self._fast.stop, keep=self._configuration.upf.keep))
        where = f"{PLACES[self._fast.hook]} (path = {path}){self._fast.why}"
        self.notes.append(f"UPF: plain sessions stay in the kernel, {where}")
        if self._fast.stays:
            until = "dies or ends" if self._configuration.upf.keep else "dies"
            self.notes.append(f"UPF: their packets pass on if this process {until}, until it is back ({names()})")
        if self._fast.kept:
            self.notes.append(f"UPF: {len(self._fast.kept)} sessions go on that an earlier process left")
        return self._fast

    def _protected(self, address: str) -> tuple[tuple[str, int], ...]:
        """The core's own addresses, which no terminal may reach through its tunnel."""
        configuration = self._configuration
        listening = (*configuration.amf.n2, configuration.smf.n4, configuration.upf.n3, configuration.upf.n4)
        listening = (*listening, configuration.upf.n3_second, configuration.smf.n4u)
        hosts = {parse_address(text, 0, "n2, n3, n4")[0] for text in listening if text and not text.startswith("unix:")}
        return tuple((host, 128 if ":" in host else 32) for host in sorted({address, *hosts}))

    def _add_network(self, plane: UpfPlane, section: DnnSection, *, outside: bool) -> None:
        pools = _networks(section)
        gateways = tuple(map(str, section.gateways))
        instance = plane.add_instance(
            section.name, pools, section.local_switch, mtu=section.mtu, ethernet=section.ethernet
        )
        if section.ethernet:
            if section.n6 == "tap" and outside:
                self._add_tap(plane, section, instance)
            return
        if section.n6 == "internal" or not outside:
            plane.attach_network(instance, *gateways, mtu=section.mtu)
            return
        shown = " and ".join(map(str, section.networks))
        if section.n6 == "relay":
            plane.attach_relay(instance, *gateways, mtu=section.mtu, resolver=host_resolver())
            self.notes.append(f"{section.name}: TCP and UDP of {shown} leave through this machine (n6 = relay)")
            return
        mode: Mode = "route" if section.n6 == "route" else "nat"
        tun = self._tuns[section.name] = Tun(TunSettings(tuple(map(str, section.networks)), mode, section.mtu))
        self._ends.append(tun.close)
        plane.attach_tun(instance, tun)
        self.notes.append(f"{section.name}: terminals of {shown} leave through {tun.name} (n6 = {section.n6})")
        if section.n6 == "route":
            for route in tun.return_routes("ADDRESS-OF-THIS-MACHINE"):
                self.notes.append(f"{section.name}: other routers need: {route}")

    def _announce(self) -> Announcement:
        """Have the host's routing daemon tell its neighbours where terminals are."""
        chosen = self._configuration.upf.announce
        routed = [section for section in self._configuration.dnn if section.n6 == "route"]
        pools = tuple(network for section in routed for network in section.networks)
        for network in chosen.networks:
            behind = next((s for s in routed if any(network.version == one.version for one in s.networks)), routed[0])
            route(network, self._tuns[behind.name].name)
        announced = Announcement(chosen.asn, (*pools, *chosen.networks), chosen.folder)
        self._ends.append(announced.close)
        shown = ", ".join(map(str, (*pools, *chosen.networks)))
        self.notes.append(f"UPF: BGP (AS {chosen.asn}) announces {shown} while this process runs")
        return announced

    def _lead_behind(self, plane: UpfPlane, announcement: Announcement | None) -> None:
        """Have the host know the networks behind terminals, and BGP of those of routed data networks."""
        listed = self._configuration.upf.announce.networks
        outside = {
            number: Outside(tun.name, (*section.networks, *listed), announced=section.n6 == "route")
            for section in self._configuration.dnn
            if isinstance(tun := self._tuns.get(section.name), Tun)
            and (number := plane.instance(section.name)) is not None
        }
        behind = Behind(outside, announcement, self._not_led)
        self._ends.append(behind.close)
        plane.watch_behind(behind.changed)

    def _not_led(self, why: str) -> None:
        """From the thread that leads there: the event is the loop's."""
        event = Event("upf.framed-route", f"a network behind a terminal is not reached: {why}", "warning")
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._world.environment.emit, event)
        else:
            self.notes.append(f"UPF: {event.text}")

    def _add_tap(self, plane: UpfPlane, section: DnnSection, instance: int) -> None:
        tap = self._tuns[section.name] = TapInterface(section.interface or TAP_NAME, section.mtu, section.bridge)
        self._ends.append(tap.close)
        plane.attach_tun(instance, tap)
        port = f", a port of {section.bridge}" if section.bridge else ""
        self.notes.append(f"{section.name}: frames of its terminals leave through {tap.name}{port} (n6 = tap)")


def _networks(section: DnnSection) -> tuple[Network, ...]:
    return tuple((str(network.network_address), network.prefixlen) for network in section.networks)
