"""What a test may touch of the network it is about: ours in this process, or a foreign one at its addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import msgspec

from freehold.procedure import Record
from freehold.services.datagram import Address, DatagramAcceptor, DatagramPort
from freehold.services.n2 import Acceptor
from freehold.spec.events import Event
from freehold.spec.identities import PlmnId, SNssai, Supi
from freehold.spec.keys import Key

Surface = Literal["N2", "N3", "N4", "console", "accounts", "host", "inside"]
"""Where a network can be reached. `accounts`: a console whose log-in is ours; `inside`: functions of this process."""


class Profile(msgspec.Struct, frozen=True):
    """What the owner tells of the network under test."""

    name: str
    plmn: PlmnId
    tac: int
    slices: tuple[SNssai, ...]
    dnn: str
    home_key: tuple[int, int, bytes] | None = None
    """Scheme, identifier and octets of a public key to conceal SUPIs with."""
    other_slice: SNssai = SNssai(200, 0xABCDEF)
    """A slice that no subscriber may use."""
    integrity: tuple[int, ...] = ()
    ciphering: tuple[int, ...] = ()
    """The operator's priorities; empty where they are not told."""
    gateway: str = ""
    """The data network's own IPv4 address, which answers a ping."""
    core: tuple[str, ...] = ()
    """Addresses of the core that no terminal may reach."""
    up_security: tuple[str, str] | None = None
    """Integrity and confidentiality that the UDM subscribes to a terminal, where they differ from the SMF's own."""
    ports: tuple[int, ...] = ()
    """TCP ports that the owner says are open at the core's addresses."""
    isolation: Mapping[str, str] = {}
    """How an interface is protected outside of the product, by its name, in the owner's words."""


class Sim(msgspec.Struct, frozen=True):
    """A subscriber: SUPI, K, OPc."""

    supi: Supi
    k: Key
    opc: Key


class Component(msgspec.Struct, frozen=True):
    """A package that is installed for the product: its name, version, and the modules that it brings.

    `declared` says that the product itself asks for it, not one of its packages; `status` is what its author says of
    its development, where that is said.
    """

    name: str
    version: str
    modules: tuple[str, ...] = ()
    declared: bool = False
    status: str = ""


class Mount(msgspec.Struct, frozen=True):
    """A file system of the host that is not root's alone to mount: where, its options, and what says so."""

    place: str
    options: tuple[str, ...]
    source: str


class Logged:
    """What a log server was told, and what keeps the network from telling it; nothing where nothing does."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.failing: Callable[[], str] = str


class Served(msgspec.Struct, frozen=True):
    """A console that gave up its privileges: the user it runs as, its capabilities, what it answered."""

    user: int
    capabilities: int
    status: int


class Screening(msgspec.Struct, frozen=True):
    """What vulnerabilities are looked up with: the owner's bill of materials, advisories and decisions."""

    bill: Path | None = None
    advisories: Path | None = None
    decisions: Path | None = None


UNSCREENED: Final = Screening()
"""Where the owner named nothing."""


class Web(Protocol):
    """A console at an address, with the means to speak to it."""

    address: Address
    tls: bool
    code: str
    """What makes the first account of our own console; empty for another one."""

    def lines(self) -> Sequence[str]:
        """What the console wrote of its visitors; nothing for a foreign one."""


class Inside(Protocol):
    """What only a network of this process shows: read, or operated as its owner does."""

    def secrets(self) -> Sequence[bytes]:
        """Octets that must never leave: K, OPc, private keys."""

    def stored(self) -> Sequence[tuple[str, str, bytes]]:
        """Every row of the store: table, key, octets."""

    def loads(self) -> Mapping[str, int]:
        """How many contexts of each kind there are."""

    def counter(self, name: str) -> int:
        """A counter's value, over all labels."""

    def packets(self) -> Mapping[str, int]:
        """What became of every packet at the UPF, by name."""

    def authentications(self, supi: Supi) -> Sequence[Any]:
        """What the UDM keeps of a subscriber's authentications."""

    def now(self) -> float:
        """The network's monotonic second."""

    def downlink(self, packet: bytes) -> None:
        """An IP packet that the data network sends to a terminal."""

    def silent_home(self) -> AbstractContextManager[None]:
        """While the block runs the home network gives no answer to a request for authentication."""

    def session_state(self, supi: Supi) -> object:
        """What SMF and AMF keep of a subscriber, to compare."""

    async def set_security(self, supi: Supi, integrity: str, confidentiality: str) -> None:
        """Subscribe a user plane security policy."""

    def another(self, **changes: Any) -> AbstractAsyncContextManager[Lab]:
        """A second network like this one, with other settings."""

    def ledger(self) -> Sequence[bytes]:
        """Every entry of the ledger."""

    def log_server(self, *, vouched: bool = True) -> AbstractAsyncContextManager[Logged]:
        """While the block runs, the network tells a log server over TLS, whom somebody it trusts vouches for or not."""

    def files(self) -> Sequence[tuple[str, int]]:
        """Every file of the installed package: name and mode."""

    async def kept(self) -> Sequence[tuple[str, int]]:
        """What a network keeps on disk when it is started as an owner does: name and mode."""

    def native(self) -> bytes:
        """The native library as it is loaded."""

    def listening(self) -> frozenset[tuple[str, str, int]]:
        """Where this network listens: tcp or udp, address, port."""

    def defaults(self) -> Mapping[str, Sequence[str]]:
        """Where a network listens whose owner set nothing, by setting."""

    def users(self) -> Sequence[tuple[str, int]]:
        """The accounts of the host: name and number."""

    async def unprivileged(self) -> Served:
        """A console of a process that gave up its privileges, asked once."""

    def components(self) -> Sequence[Component]:
        """The packages that the product needs, as they are installed; the interpreter is one of them."""

    def imported(self) -> frozenset[str]:
        """The modules of others that the product's own files import, by their first name."""

    def optional(self) -> Mapping[str, bool]:
        """Functions that a network can do without, by setting: whether they are on where the owner set nothing."""

    def mounts(self) -> Sequence[Mount]:
        """File systems that others than root mount, or may mount, on this host."""

    def refuses_clear(self, host: str) -> bool:
        """Whether a console at an address beyond loopback does not start without a certificate."""


class Lab(Protocol):
    """A network under test."""

    profile: Profile
    surfaces: frozenset[Surface]
    screening: Screening

    @property
    def events(self) -> Sequence[Event]:
        """What the network said of itself so far; nothing for a foreign one."""

    @property
    def inside(self) -> Inside:
        """The inside of a network of this process; Blocked elsewhere."""

    def sim(self) -> Sim:
        """A subscriber that no other role uses; Blocked where there is none left."""

    def random(self, octets: int) -> bytes:
        """Octets nobody can foresee, or the same in every run of our own network."""

    def note(self, text: str) -> None:
        """Write a line into the test's log."""

    def record(self, record: Record) -> None:
        """Keep what crossed an interface as evidence."""

    async def n2(self, client: Acceptor, name: str) -> None:
        """Associate with the AMF."""

    def n3(self, user: DatagramAcceptor, host: int = 10) -> DatagramPort:
        """A socket on N3 with an address of its own; `host` tells one from another."""

    def n3_target(self) -> Address:
        """Where the UPF takes G-PDUs."""

    def n4(self, user: DatagramAcceptor) -> DatagramPort:
        """A socket of a stranger on N4."""

    def n4_target(self) -> Address:
        """Where the UPF takes PFCP."""

    def exposed(self, interface: str) -> str:
        """Where an interface leaves the host it runs on; empty where it does not."""

    async def console(self, *, tls: bool = False) -> Web:
        """A console that listens."""

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Let the network run until a condition holds, for so long at most; whether it does."""

    async def sleep(self, seconds: float) -> None:
        """Let the network run."""


Play = Callable[[Lab], Awaitable[str]]
"""A test: it returns why it passed, or raises what it found."""
