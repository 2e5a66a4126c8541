"""A foreign network as a lab: reached at the addresses that its owner wrote into a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tomllib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from freehold.codecs import ngap
from freehold.net import endpoints, udp
from freehold.net.userplane import GTPU_PORT
from freehold.procedure import Record
from freehold.services.datagram import Address, DatagramAcceptor, DatagramPort, DatagramUser
from freehold.services.n2 import Acceptor, Association, AssociationUser
from freehold.spec.errors import Unusable
from freehold.spec.events import Event
from freehold.spec.identities import PlmnId, SNssai, Supi
from freehold.spec.keys import Key
from freehold.trust.assure.case import Case
from freehold.trust.assure.evidence import Evidence
from freehold.trust.assure.lab import UNSCREENED, Inside, Lab, Profile, Screening, Sim, Surface, Web
from freehold.trust.assure.run import Labs
from freehold.trust.assure.verdict import Blocked

STEP: Final = 0.02
"""Seconds between two looks at a condition."""
LARGEST: Final = 1024 * 1024
"""Octets of a target's file at most."""
PFCP_PORT: Final = 8805


class SubscriberTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subscriber of the network under test, made for this purpose; keys in hexadecimal."""

    supi: str
    k: str
    opc: str


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of a network tells of it; `docs/how-to/assess-a-network.md` explains each."""

    name: str
    plmn: str
    n2: str
    dnn: str = "internet"
    tac: int = 1
    slices: tuple[str, ...] = ("1",)
    other_slice: str = "200-abcdef"
    subscriber: tuple[SubscriberTable, ...] = ()
    n3: str = ""
    n3_local: tuple[str, ...] = ()
    n4: str = ""
    n4_local: str = ""
    gateway: str = ""
    console: str = ""
    console_tls: bool = False
    core: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    integrity: tuple[int, ...] = ()
    ciphering: tuple[int, ...] = ()
    home_key_scheme: int = 0
    home_key_id: int = 0
    home_key: str = ""
    up_security: tuple[str, str] | None = None
    isolation: dict[str, str] = {}

    def surfaces(self) -> frozenset[Surface]:
        """Where it can be reached."""
        found: set[Surface] = {"N2"}
        if self.n3_local:
            found.add("N3")
        if self.n4 and self.n4_local:
            found.add("N4")
        if self.console:
            found.add("console")
        return frozenset(found)

    def profile(self) -> Profile:
        """What tests are told; ValueError where a value is none."""
        mcc, _, mnc = self.plmn.partition("/")
        home = (self.home_key_scheme, self.home_key_id, bytes.fromhex(self.home_key)) if self.home_key else None
        return Profile(
            self.name,
            PlmnId(mcc, mnc),
            self.tac,
            tuple(map(SNssai.parse, self.slices)),
            self.dnn,
            home,
            SNssai.parse(self.other_slice),
            integrity=self.integrity,
            ciphering=self.ciphering,
            gateway=self.gateway,
            core=self.core,
            up_security=self.up_security,
            ports=self.ports,
            isolation=self.isolation,
        )

    def sims(self) -> list[Sim]:
        """Its subscribers; ValueError where one is none."""
        return [
            Sim(Supi(each.supi), Key(bytes.fromhex(each.k)), Key(bytes.fromhex(each.opc))) for each in self.subscriber
        ]


def read_target(path: Path) -> Target:
    """A target's file; Unusable says what is wrong in it, without its secrets."""
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    try:
        raw = tomllib.loads(octets[:LARGEST].decode())
        target = msgspec.convert(raw, Target)
        target.profile()
        target.sims()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise Unusable(f"{path}: {error}") from None
    except ValueError:
        raise Unusable(f"{path}: a PLMN, slice, SUPI or key is none: see docs/how-to/assess-a-network.md") from None
    return target


class _Watched:
    """An association whose messages are kept as evidence."""

    def __init__(self, lab: ForeignLab, inner: Association, name: str) -> None:
        self._lab = lab
        self._inner = inner
        self._name = name
        self.user: AssociationUser | None = None

    @property
    def peer(self) -> str:
        """The AMF."""
        return self._inner.peer

    @property
    def outbound_streams(self) -> int:
        """How many streams there are."""
        return self._inner.outbound_streams

    def send(self, octets: bytes, stream: int, ppid: int = 60) -> None:
        """Send one message."""
        self._lab.message(octets, self._name, "AMF")
        self._inner.send(octets, stream, ppid)

    def close(self) -> None:
        """End the association."""
        self._inner.close()

    def received(self, octets: bytes, stream: int, ppid: int) -> None:
        """One message came."""
        self._lab.message(octets, "AMF", self._name)
        if self.user is not None:
            self.user.received(octets, stream, ppid)

    def lost(self, reason: str) -> None:
        """It ended."""
        self._lab.note(f"{self._name}: the association ended: {reason}")
        if self.user is not None:
            self.user.lost(reason)


class _Port:
    """A datagram port whose datagrams are kept as evidence; it is its own user's port too."""

    def __init__(self, lab: ForeignLab, inner: DatagramPort, acceptor: DatagramAcceptor, interface: str) -> None:
        self._lab = lab
        self._inner = inner
        self._interface = interface
        self.user: DatagramUser = acceptor(self)

    @property
    def address(self) -> Address:
        """What it is bound to."""
        return self._inner.address

    def send(self, octets: bytes, destination: Address) -> None:
        """Send one datagram."""
        self._lab.datagram(self._interface, octets, self.address, destination)
        self._inner.send(octets, destination)

    def received(self, octets: bytes, source: Address) -> None:
        """One datagram came."""
        self._lab.datagram(self._interface, octets, source, self.address)
        self.user.received(octets, source)


class ForeignWeb:
    """A console at an address."""

    code = ""

    def __init__(self, address: Address, *, tls: bool) -> None:
        self.address = address
        self.tls = tls

    def lines(self) -> Sequence[str]:
        """Nothing: its log is not ours to read."""
        return ()


class ForeignLab:
    """One test's connections to a foreign network, in real time."""

    def __init__(self, target: Target, evidence: Evidence, screening: Screening = UNSCREENED) -> None:
        self.profile = target.profile()
        self.screening = screening
        self.surfaces = target.surfaces()
        self.events: Sequence[Event] = ()
        self._target = target
        self._evidence = evidence
        self._sims = target.sims()
        self._hosts: list[int] = []
        self._ends: list[Callable[[], None]] = []
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """End every connection."""
        for end in reversed(self._ends):
            end()

    @property
    def inside(self) -> Inside:
        """Nobody sees the inside of a foreign network."""
        raise Blocked("this needs the inside of the network, which only its own makers see")

    def sim(self) -> Sim:
        """The next subscriber of the target's file."""
        if not self._sims:
            raise Blocked(f"more subscribers are needed than the {len(self._target.subscriber)} that the target names")
        return self._sims.pop(0)

    def random(self, octets: int) -> bytes:
        """Octets nobody can foresee."""
        return os.urandom(octets)

    def note(self, text: str) -> None:
        """Write a line into the log."""
        self._evidence.note(text)

    def record(self, record: Record) -> None:
        """Keep a record."""
        self._evidence.record(record)

    def message(self, octets: bytes, source: str, target: str) -> None:
        """Keep a message of N2."""
        value = ngap.decode(octets).message
        name = type(value).__name__ if value is not None else "damaged NGAP"
        self.record(Record(self._loop.time(), "N2", source, target, name, octets=bytes(octets), value=value))

    def datagram(self, interface: str, octets: bytes, source: Address, target: Address) -> None:
        """Keep a datagram of N3 or N4."""
        ends = (f"{source[0]}:{source[1]}", f"{target[0]}:{target[1]}")
        kept = "N3" if interface == "N3" else "N4"
        self.record(Record(self._loop.time(), kept, *ends, interface, octets=bytes(octets)))  # type: ignore[arg-type]

    async def n2(self, client: Acceptor, name: str) -> None:
        """Associate with the AMF; Blocked where it does not answer."""

        def accept(association: Association) -> AssociationUser:
            watched = _Watched(self, association, name)
            watched.user = client(watched)
            self._ends.append(association.close)
            return watched

        try:
            async with asyncio.timeout(5):
                await endpoints.connect(self._target.n2, accept, "n2")
        except (OSError, TimeoutError) as error:
            raise Blocked(f"N2 at {self._target.n2} does not answer: {str(error) or 'no answer in 5 s'}") from None

    def n3(self, user: DatagramAcceptor, host: int = 10) -> DatagramPort:
        """A socket at one of our own addresses on N3."""
        if host not in self._hosts:
            self._hosts.append(host)
        number = self._hosts.index(host)
        if number >= len(self._target.n3_local):
            raise Blocked(f"{number + 1} addresses of ours on N3 are needed: name more in n3_local")
        return self._bind((self._target.n3_local[number], GTPU_PORT), user, "N3")

    def n3_target(self) -> Address:
        """The UPF's N3."""
        if not self._target.n3:
            raise Blocked("the target names no N3 address of its UPF (n3)")
        return endpoints.parse_address(self._target.n3, GTPU_PORT, "n3")

    def n4(self, user: DatagramAcceptor) -> DatagramPort:
        """A socket at our own address on N4."""
        return self._bind((self._target.n4_local, PFCP_PORT), user, "N4")

    def n4_target(self) -> Address:
        """The UPF's N4."""
        return endpoints.parse_address(self._target.n4, PFCP_PORT, "n4")

    def _bind(self, address: Address, user: DatagramAcceptor, interface: str) -> DatagramPort:
        made: list[_Port] = []

        def accept(port: DatagramPort) -> DatagramUser:
            made.append(_Port(self, port, user, interface))
            return made[0]

        port = udp.bind(address, accept, setting=f"{interface.lower()}_local")
        self._ends.append(port.close)
        return made[0]

    def exposed(self, interface: str) -> str:
        """Its own address on an interface: this assessor reaches it, so others on the path do."""
        return {"N3": self._target.n3, "N4": self._target.n4}.get(interface, "")

    async def console(self, *, tls: bool = False) -> Web:  # noqa: ARG002 - it is as it is
        """The console that the target names."""
        address = endpoints.parse_address(self._target.console, 443, "console")
        return ForeignWeb(address, tls=self._target.console_tls)

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition."""
        end = self._loop.time() + seconds
        while not condition():
            if self._loop.time() >= end:
                return False
            await asyncio.sleep(STEP)
        return True

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def foreign(target: Target, screening: Screening = UNSCREENED) -> Labs:
    """Labs of a foreign network."""

    @contextlib.asynccontextmanager
    async def made(case: Case, evidence: Evidence) -> AsyncIterator[Lab]:
        evidence.note(f"{case.document} {case.clause}: {target.name} at {target.n2}")
        lab = ForeignLab(target, evidence, screening)
        try:
            yield lab
        finally:
            lab.close()

    return made
