"""A network of our own as a lab of `freehold assure`: in process, on virtual time, with N3 on loopback sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pwd
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import msgspec

import freehold
from freehold.app import assured_host, assured_logs
from freehold.app.assured_console import OwnConsole
from freehold.app.config import AmfSection, Configuration, UpfSection
from freehold.app.core import UPF_N4
from freehold.app.network import Network
from freehold.app.security import AccountsSection
from freehold.app.web import VISITS
from freehold.manage.capture import CaptureWriter
from freehold.manage.http import HttpServer
from freehold.manage.visits import VisitFile
from freehold.manage.web import WebServer
from freehold.net.local import associate
from freehold.net.userplane import GTPU_PORT, UpfPlane, bind_n3
from freehold.procedure import Record, Signal
from freehold.services.datagram import Address, DatagramAcceptor, DatagramPort
from freehold.services.n2 import Acceptor
from freehold.services.nausf import AuthenticationInfo, ConfirmationDataResponse, UeAuthenticationCtx
from freehold.services.nudm import UserPlaneSecurity
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.events import Event
from freehold.spec.identities import Supi
from freehold.store import DataFolder, SqliteStore
from freehold.trust.assure.case import Case
from freehold.trust.assure.evidence import Evidence
from freehold.trust.assure.lab import (
    UNSCREENED,
    Component,
    Inside,
    Lab,
    Logged,
    Mount,
    Profile,
    Screening,
    Served,
    Sim,
    Surface,
    Web,
)
from freehold.trust.assure.run import Labs

STEP: Final = 0.01
"""Virtual seconds between two looks at a condition."""
STRANGER: Final[Address] = ("192.0.2.66", 8805)
"""Who speaks on N4 without being the SMF: a name in this process (RFC 5737)."""
SURFACES: Final[frozenset[Surface]] = frozenset(("N2", "N3", "N4", "console", "accounts", "host", "inside"))
_numbers = itertools.count(1)


def loopback(number: int) -> str:
    """The first three octets of addresses of this process alone: labs run side by side."""
    # 127.192.0.0/11; two labs at once, one beside the other, have numbers of another parity
    return f"127.{192 + (os.getpid() >> 8) % 16 + 16 * (number % 2)}.{os.getpid() % 256}"


class OwnLab:
    """One network of ours under test, alone in its own virtual time."""

    def __init__(
        self, network: Network, evidence: Evidence, prefix: str, before: frozenset[tuple[str, str, int]],
        screening: Screening = UNSCREENED,
    ) -> None:  # fmt: skip
        self.network = network
        self.screening = screening
        self.before = before
        """Where the process listened before."""
        self.surfaces = SURFACES
        self.events: list[Event] = []
        self._evidence = evidence
        self._prefix = prefix
        self._ends: list[Callable[[], None]] = []
        self._consoles: list[OwnConsole] = []
        configuration = network.configuration
        home = network.home_key()
        self.profile = Profile(
            configuration.network.name,
            configuration.network.plmn,
            configuration.network.tac,
            tuple(section.id for section in configuration.slice),
            configuration.dnn[0].name,
            (home.scheme, home.key_id, home.public_key),
            gateway=str(configuration.dnn[0].gateways[0]),
            core=(network.upf_plane.address,),
            integrity=tuple(int(name[3:]) for name in configuration.amf.integrity),
            ciphering=tuple(int(name[3:]) for name in configuration.amf.ciphering),
        )
        self.own: Inside = OwnInside(self)
        network.world.listen(self._happened)
        self._ends.append(network.tap.listen(evidence.record))

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self._evidence.event(event)

    async def end(self) -> None:
        """Close the consoles that tests opened."""
        for console in self._consoles:
            await console.close()
        self._consoles.clear()

    def close(self) -> None:
        """Let go of what tests opened."""
        ends, self._ends = self._ends, []
        for end in reversed(ends):
            end()

    # --- what a test asks -----------------------------------------------------------------------
    @property
    def inside(self) -> Inside:
        """The inside of this network."""
        return self.own

    def sim(self) -> Sim:
        """A new subscriber."""
        return sim_of(self.network.subscribe())

    def random(self, octets: int) -> bytes:
        """Octets that the seed decides."""
        return self.network.world.environment.random(octets)

    def note(self, text: str) -> None:
        """Write a line into the log."""
        self._evidence.note(text)

    def record(self, record: Record) -> None:
        """The network's own tap hears everything already."""

    async def n2(self, client: Acceptor, name: str) -> None:
        """Associate with the AMF of this process."""
        associate(client, self.network.core.amf.accept, self.network.world.deliver, names=(name, "AMF"))

    def n3(self, user: DatagramAcceptor, host: int = 10) -> DatagramPort:
        """A loopback socket on N3."""
        port = _LoopbackPort(bind_n3(f"{self._prefix}.{host}"), user)
        self._ends.append(port.close)
        self.network.world.environment.clock.drive(port.poll)  # type: ignore[attr-defined]
        return port

    def n3_target(self) -> Address:
        """The UPF's N3."""
        return self.network.upf_plane.address, GTPU_PORT

    def n4(self, user: DatagramAcceptor) -> DatagramPort:
        """A stranger's port on the N4 of this process."""
        port = self.network.n4.bind(STRANGER, user)
        self._ends.append(port.close)
        return port

    def n4_target(self) -> Address:
        """The UPF's N4."""
        return UPF_N4

    def exposed(self, interface: str) -> str:  # noqa: ARG002 - none is
        """N3 is on loopback, N2 and N4 are in the process: nothing leaves the host."""
        return ""

    async def console(self, *, tls: bool = False) -> Web:
        """A console of this network on loopback."""
        made = OwnConsole(self.network)
        await made.start(tls=tls)
        self._consoles.append(made)
        return made

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let virtual time pass until the condition holds."""
        world = self.network.world
        end = world.environment.now() + seconds
        await world.sleep(0)
        while not condition():
            if world.environment.now() >= end:
                return False
            await world.sleep(STEP)
        return True

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await self.network.world.sleep(seconds)


class _LoopbackPort:
    """A UDP socket that a virtual clock looks at."""

    def __init__(self, bound: socket.socket, acceptor: DatagramAcceptor) -> None:
        bound.setblocking(False)
        self._socket = bound
        self.address: Address = bound.getsockname()
        self._user = acceptor(self)

    def send(self, octets: bytes, destination: Address) -> None:
        """Send one datagram."""
        with contextlib.suppress(OSError):
            self._socket.sendto(octets, destination)

    def poll(self, _now: float) -> None:
        """Hand over what came."""
        while self._socket.fileno() >= 0:
            try:
                octets, source = self._socket.recvfrom(65535)
            except OSError:
                return
            self._user.received(octets, source)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


def sockets() -> frozenset[tuple[str, str, int]]:
    """Where this process listens, by the kernel's own tables."""
    mine = set()
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            mine.add(str(each.readlink()))
    found = set()
    for protocol, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/net/{protocol}").read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            if words[3] == state and f"socket:[{words[9]}]" in mine:
                host, _, port = words[1].partition(":")
                found.add((protocol[:3], _host(host), int(port, 16)))
    return frozenset(found)


def _host(text: str) -> str:
    """An address of the kernel's tables: words in the machine's order."""
    octets = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    return str(ip_address(octets))


def sim_of(subscriber: Subscriber) -> Sim:
    """A SIM of a subscription."""
    return Sim(subscriber.supi, subscriber.authentication.k, subscriber.authentication.opc)


class SilentAusf:
    """An AUSF that takes requests and never answers them."""

    async def authenticate(self, _: AuthenticationInfo) -> UeAuthenticationCtx:
        """Nobody settles it."""
        return await Signal[UeAuthenticationCtx]()

    async def confirm(self, _: int, __: bytes) -> ConfirmationDataResponse:
        """Nobody settles it."""
        return await Signal[ConfirmationDataResponse]()


class OwnInside:
    """The inside of a network of this process."""

    def __init__(self, lab: OwnLab) -> None:
        self._lab = lab

    @property
    def _network(self) -> Network:
        return self._lab.network

    def secrets(self) -> Sequence[bytes]:
        """K, OPc and the home network's private keys."""
        core = self._network.core
        keys = [bytes(key.private) for key in core.home_network_keys]
        for each in core.udr.subscribers():
            keys += [bytes(each.authentication.k), bytes(each.authentication.opc)]
        return keys

    def stored(self) -> Sequence[tuple[str, str, bytes]]:
        """Every row of the tables that accounts are kept in."""
        store = self._network.store
        return [(table, key, row) for table in ("accounts", "tokens") for key, row in store.load(table)]

    def loads(self) -> Mapping[str, int]:
        """What AMF and SMF hold."""
        held: dict[str, int] = {str(name): value for name, value in self._network.core.amf.counts().items()}
        return {
            **held,
            "strangers": len(self._network.core.amf.function.contexts.strangers),
            "smf": len(self._network.core.smf.sessions),
        }

    def counter(self, name: str) -> int:
        """A counter over its labels."""
        return sum(value for (counter, _), value in self._network.world.counted().items() if counter == name)

    def packets(self) -> Mapping[str, int]:
        """The UPF's counters."""
        return self._network.upf_plane.counters()

    def authentications(self, supi: Supi) -> Sequence[Any]:
        """The UDM's last authentication of a subscriber."""
        found = self._network.core.udm.status.of(supi)
        return [] if found is None else [found]

    def now(self) -> float:
        """The loop's second."""
        return self._network.world.environment.now()

    def downlink(self, packet: bytes) -> None:
        """Hand the UPF a packet of the data network."""
        plane = self._network.upf_plane
        instance = plane.instance(self._lab.profile.dnn)
        if not isinstance(plane, UpfPlane) or instance is None:
            raise Unusable("this network's packets do not pass an engine of this process")
        plane.inject(instance, packet)

    @contextlib.contextmanager
    def silent_home(self) -> Iterator[None]:
        """The AUSF takes requests and never answers them."""
        function = self._network.core.amf.function
        peers = function.peers
        function.peers = msgspec.structs.replace(peers, ausf=SilentAusf())
        try:
            yield
        finally:
            function.peers = peers

    def session_state(self, supi: Supi) -> object:
        """Addresses, tunnels and states of a subscriber's sessions, and what the AMF holds of it."""
        found = []
        for session in self._network.core.smf.sessions:
            if session.identity.supi == supi:
                plane = session.user_plane
                found.append((session.identity, session.state, session.address, plane.uplink, plane.remote_seid))
        return self._network.core.amf.ue(supi), tuple(found)

    async def set_security(self, supi: Supi, integrity: str, confidentiality: str) -> None:
        """Subscribe a user plane security policy for every DNN."""
        udr = self._network.core.udr
        found = udr.subscriber(supi)
        if found is None:
            raise Unusable("no such subscriber")
        policy = msgspec.convert({"integrity": integrity, "confidentiality": confidentiality}, UserPlaneSecurity)
        slices = tuple(
            msgspec.structs.replace(
                one, dnns=tuple(msgspec.structs.replace(each, up_security=policy) for each in one.dnns)
            )
            for one in found.slices
        )
        await self._network.wait(udr.put(msgspec.structs.replace(found, slices=slices)))

    @contextlib.asynccontextmanager
    async def another(self, **changes: Any) -> AsyncIterator[Lab]:
        """A second network: its AMF has other algorithms and another identity, its passwords may grow old."""
        integrity: Iterable[int] = changes.get("integrity", (2, 1, 3))
        names = tuple(f"NIA{number}" for number in integrity)
        async with own_lab(
            self._lab._evidence,  # noqa: SLF001 - the same test's
            seed=int(changes.get("seed", 1)),
            amf=AmfSection(integrity=msgspec.convert(names, tuple[Any, ...]), set=int(changes.get("amf_set", 2))),
            accounts=AccountsSection(password_days=int(changes.get("password_days", 0))),
        ) as lab:
            yield lab

    def ledger(self) -> Sequence[bytes]:
        """Every entry of the ledger."""
        return self._network.ledger.entries()

    def log_server(self, *, vouched: bool = True) -> AbstractAsyncContextManager[Logged]:
        """A log server of this process."""
        return assured_logs.log_server(self._network, vouched=vouched)

    def files(self) -> Sequence[tuple[str, int]]:
        """The package's files."""
        place = Path(freehold.__file__).parent
        found = (each for each in sorted(place.rglob("*")) if each.is_file() and "__pycache__" not in each.parts)
        return [(each.relative_to(place).as_posix(), each.stat().st_mode) for each in found]

    async def kept(self) -> Sequence[tuple[str, int]]:
        """A data folder with its store, the console's log, and the management socket."""
        with tempfile.TemporaryDirectory(prefix="freehold-assure-") as name:
            place = Path(name) / "data"
            loop = asyncio.get_running_loop()
            store = SqliteStore(DataFolder(place), loop.call_soon_threadsafe, lambda _: None)
            visits = VisitFile(place / VISITS)
            console = OwnConsole(self._network)
            server = HttpServer(place / "management.sock", console.api)
            await server.start()
            try:
                found = [place, *sorted(place.rglob("*"))]
                return [(each.relative_to(place.parent).as_posix(), each.stat().st_mode) for each in found]
            finally:
                await server.close()
                console.api.close()
                visits.close()
                store.close()

    def native(self) -> bytes:
        """The shared object that Python loaded."""
        from freehold import _native

        return Path(_native.__file__ or "").read_bytes()

    def listening(self) -> frozenset[tuple[str, str, int]]:
        """Sockets that were opened since this network began."""
        return sockets() - self._lab.before

    def defaults(self) -> Mapping[str, Sequence[str]]:
        """The configuration without any setting."""
        usual = Configuration()
        return {
            "amf.n2": usual.amf.n2,
            "upf.n3": (usual.upf.n3,),
            "upf.n4": (usual.upf.n4,),
            "smf.n4": (usual.smf.n4,),
            "smf.n4u": (usual.smf.n4u,),
            "management.listen": (usual.management.listen,),
        }

    def users(self) -> Sequence[tuple[str, int]]:
        """What the host's user database tells."""
        return [(each.pw_name, each.pw_uid) for each in pwd.getpwall()]

    async def unprivileged(self) -> Served:
        """A console of a process of its own, which gives its privileges up before it listens."""
        return await assured_host.unprivileged()

    def components(self) -> Sequence[Component]:
        """What the package's metadata asks for."""
        return assured_host.components()

    def imported(self) -> frozenset[str]:
        """What the package's files import."""
        return assured_host.imported(Path(freehold.__file__).parent)

    def optional(self) -> Mapping[str, bool]:
        """The configuration without any setting."""
        return assured_host.optional(Configuration())

    def mounts(self) -> Sequence[Mount]:
        """The table of file systems, and what is mounted."""
        return assured_host.mounts(Path("/etc/fstab"), Path("/proc/self/mounts"))

    def refuses_clear(self, host: str) -> bool:
        """Whether the web server insists on a certificate for an address."""
        console = OwnConsole(self._network)
        try:
            WebServer(console.api, (host, 5380), None)
        except Unusable:
            return True
        finally:
            console.api.close()
        return False


@contextlib.asynccontextmanager
async def own_lab(
    evidence: Evidence, *, amf: AmfSection | None = None, accounts: AccountsSection | None = None, seed: int = 0,
    screening: Screening = UNSCREENED,
) -> AsyncIterator[OwnLab]:  # fmt: skip
    """A network of ours, running."""
    prefix = loopback(next(_numbers))
    configuration = Configuration(
        amf=amf or AmfSection(), upf=UpfSection(n3=f"{prefix}.1", path="tun"), gnb=(),
        accounts=accounts or AccountsSection(),
    )  # fmt: skip
    before = sockets()
    async with Network(configuration, outside=True, seed=seed) as network:
        lab = OwnLab(network, evidence, prefix, before, screening)
        try:
            yield lab
        finally:
            await lab.end()
            lab.close()


def own(screening: Screening = UNSCREENED) -> Labs:
    """Labs of our own: for each test a network that nothing else uses."""

    @contextlib.asynccontextmanager
    async def made(case: Case, evidence: Evidence) -> AsyncIterator[Lab]:
        evidence.note(f"{case.document} {case.clause}: a network of ours, on virtual time")
        async with own_lab(evidence, screening=screening) as lab:
            yield lab

    return made


def capture(records: Sequence[Record], path: Path) -> int:
    """Write records as a capture file with NAS in clear too; how many packets."""
    with path.open("wb") as file:
        writer = CaptureWriter(file, nas=True)
        for record in records:
            writer.record(record)
        return writer.written
