"""The network as its management sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from freehold.manage.backup.content import Content
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import (
    BackupView,
    ChangeView,
    ConfigurationView,
    FindingView,
    FunctionView,
    GnbView,
    HomeKeyView,
    SessionView,
    StatusView,
    UeInsideView,
    UeView,
    VersionView,
)
from freehold.procedure import Alarm, Record, Signal, Tap
from freehold.services.ledger import Act
from freehold.services.nudr import DataRepository
from freehold.spec.events import Event
from freehold.spec.identities import Supi

if TYPE_CHECKING:
    from freehold.manage.terminals import ManagedTerminals

T = TypeVar("T")


class ManagedConfiguration(Protocol):
    """The configuration of a running network; Unusable says what is wrong with a text."""

    @property
    def slices(self) -> tuple[SliceForm, ...]:
        """What a subscriber gets who is given no slices."""

    def view(self) -> ConfigurationView:
        """As it is written now."""

    def plan(self, text: str) -> tuple[ChangeView, ...]:
        """What another text would change."""

    async def apply(self, text: str, actor: str, note: str) -> tuple[ChangeView, ...]:
        """Write a text, keep it as a version, and take over what needs no restart."""

    def versions(self) -> Sequence[VersionView]:
        """Every version that is kept, oldest first."""

    def version(self, number: int) -> str | None:
        """The text of a version."""


class ManagedBackups(Protocol):
    """Backups of a running network; Unusable says why one cannot be restored."""

    async def content(self, *, history: bool) -> Content:
        """Everything that a backup of now holds."""

    def check(self, content: Content, without: Collection[str]) -> BackupView:
        """What would be restored; nothing is changed."""

    def stage(self, content: Content, without: Collection[str], actor: str) -> BackupView:
        """Restore it at the next start."""

    def waiting(self) -> BackupView | None:
        """What the next start restores."""

    def give_up(self) -> bool:
        """Restore nothing at the next start; whether anything waited."""


class ManagedNetwork(Protocol):
    """What `manage` asks of the network it was given; every read answers at once."""

    @property
    def subscribers(self) -> DataRepository:
        """The subscriptions."""

    @property
    def configuration(self) -> ManagedConfiguration:
        """The configuration of the network."""

    @property
    def terminals(self) -> ManagedTerminals | None:
        """The simulated terminals; None where the process has no simulated radio."""

    @property
    def backups(self) -> ManagedBackups:
        """Backups of the network."""

    @property
    def tap(self) -> Tap:
        """Where records of every interface come by."""

    @property
    def log(self) -> Collection[str]:
        """The last lines of the log."""

    def examine(self) -> Sequence[FindingView]:
        """What the machine has and lacks for this network; takes a while, and may be called in any thread."""

    def utc(self) -> float:
        """Seconds since 1970."""

    def now(self) -> float:
        """The monotonic time that tap records carry."""

    def status(self) -> StatusView:
        """The whole at one glance."""

    def gnbs(self) -> Sequence[GnbView]:
        """The gNBs with an association."""

    def ues(self) -> Sequence[UeView]:
        """The UE contexts."""

    def inside(self, supi: Supi) -> UeInsideView:
        """What the functions know of one UE beside its state."""

    def settings(self) -> dict[str, Any]:
        """Every setting, as a file holds it."""

    def settings_schema(self) -> dict[str, Any]:
        """The JSON schema of the settings."""

    def sessions(self) -> Sequence[SessionView]:
        """The PDU sessions."""

    def trace(self, ends: Sequence[str], octets: int, a_second: int) -> None:
        """Trace terminals' packets at the UPF by address, so many octets and so many a second; nobody's where none.

        Unusable where the UPF is in another process.
        """

    def traced(self) -> Sequence[Record]:
        """The packets traced since the last call."""

    def functions(self) -> Sequence[FunctionView]:
        """The network functions of this process."""

    def home_keys(self) -> Sequence[HomeKeyView]:
        """What SIMs need to conceal their SUPIs."""

    async def rotate_home_key(self, profile: Literal["A", "B"]) -> HomeKeyView:
        """A fresh key pair beside those that are there; Unusable where no identifier is free."""

    async def retire_home_key(self, key_id: int) -> None:
        """Remove a key pair; Unusable where there is none, or no other."""

    def counters(self) -> Mapping[tuple[str, str], int]:
        """Every counter by name and label."""

    def values(self) -> Mapping[str, float]:
        """What is sampled, by its name in `spec.measurements`."""

    def levels(self) -> Mapping[tuple[str, str], float]:
        """What may become an alarm, by problem of `faults.rules.LEVELS` and the object it is about."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Alarm:
        """Call back once monotonic time reaches `when` seconds."""

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""

    def tell(self, event: Event) -> None:
        """Hand an event of the management itself to everybody who listens."""

    def subscription_changed(self, supi: Supi) -> None:
        """Tell the functions that work with a subscription that it changed (TS 29.503 5.2.2.5)."""

    def deregister(self, supi: Supi) -> bool:
        """Begin the network's deregistration of a UE (TS 24.501 5.5.2.3); whether it has a context."""

    def record(self, act: Act) -> Signal[None]:
        """Write an act into the ledger; set once it is durable."""

    def ledger(self) -> Sequence[bytes]:
        """Every entry of the ledger, in order."""

    async def wait(self, signal: Signal[T]) -> T:
        """The value of a signal, once it is set."""
