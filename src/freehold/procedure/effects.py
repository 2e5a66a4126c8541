"""What a procedure may wait for: typed effects, so that mypy knows what `await` gives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar, cast, overload

from freehold.spec.errors import Bug
from freehold.spec.events import Event

if TYPE_CHECKING:
    from freehold.procedure.conversation import Run

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class Pending(Enum):
    """The answer of an effect whose value comes later."""

    PENDING = "pending"


PENDING: Final = Pending.PENDING
Outcome: TypeAlias = T | Literal[Pending.PENDING]


class Channel(Protocol):
    """A way to one peer: it encodes, protects and sends."""

    def send(self, message: Any) -> None:
        """Send one message of the peer's protocol."""


class Effect(Generic[T]):
    """One thing a procedure waits for; awaiting it gives a value of type T."""

    __slots__ = ()

    def __await__(self) -> Generator[Effect[T], T, T]:
        return (yield self)

    def begin(self, run: Run) -> Outcome[T]:
        """Give the value at once, or take note of the wait and answer PENDING."""
        raise NotImplementedError


class Random(Effect[bytes]):
    """That many unpredictable octets."""

    __slots__ = ("octets",)

    def __init__(self, octets: int) -> None:
        self.octets = octets

    def begin(self, run: Run) -> bytes:
        """Draw them from the environment."""
        return run.environment.random(self.octets)


class Now(Effect[float]):
    """Monotonic time in seconds."""

    __slots__ = ()

    def begin(self, run: Run) -> float:
        """Read the environment's clock."""
        return run.environment.now()


class Count(Effect[None]):
    """Add one to a counter of spec.counters."""

    __slots__ = ("label", "name")

    def __init__(self, name: str, label: str = "") -> None:
        self.name = name
        self.label = label

    def begin(self, run: Run) -> None:
        """Count in the environment."""
        run.environment.count(self.name, self.label)


class Emit(Effect[None]):
    """Tell the operator."""

    __slots__ = ("event",)

    def __init__(self, event: Event) -> None:
        self.event = event

    def begin(self, run: Run) -> None:
        """Hand the event to the environment."""
        run.environment.emit(self.event)


class Send(Effect[None]):
    """Send one message and go on."""

    __slots__ = ("channel", "message")

    def __init__(self, channel: Channel, message: object) -> None:
        self.channel = channel
        self.message = message

    def begin(self, run: Run) -> None:  # noqa: ARG002 - the same for every effect
        """Send it at once."""
        self.channel.send(self.message)


class Expire(Effect[None]):
    """Wait until a timer of spec.timers (by name) or a number of seconds has run out."""

    __slots__ = ("timer",)

    def __init__(self, timer: str | float) -> None:
        self.timer = timer

    def begin(self, run: Run) -> Outcome[None]:
        """Arm the alarm; its expiry resumes the procedure."""
        run.arm(run.seconds(self.timer), lambda: run.resume(None))
        return PENDING


class Expect(Effect[T]):
    """Wait for one of some message types in this conversation, under an optional timer."""

    __slots__ = ("timer", "types", "where")

    def __init__(
        self, types: tuple[type[Any], ...], timer: str | float | None = None, where: Callable[[Any], bool] | None = None
    ) -> None:
        self.types = types
        self.timer = timer
        self.where = where

    def accepts(self, message: object) -> bool:
        """Whether this is a message waited for."""
        return type(message) in self.types and (self.where is None or self.where(message))

    def begin(self, run: Run) -> Outcome[T]:
        """Take a kept message, or wait."""
        kept = run.take(self.accepts)
        if kept is not None:
            return cast("T", kept)
        if self.timer is not None:
            timer = self.timer
            run.arm(run.seconds(timer), lambda: run.expire(timer))
        run.listen(self.accepts)
        return PENDING


class Kept(Effect[list[T]]):
    """What came of a message type before anybody waited for it, in its order; it waits for nothing."""

    __slots__ = ("kind",)

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind

    def begin(self, run: Run) -> list[T]:
        """Take all that was kept of it."""
        found: list[T] = []
        while (message := run.take(lambda kept: type(kept) is self.kind)) is not None:
            found.append(cast("T", message))
        return found


class Exchange(Expect[T]):
    """Send a message and wait for an answer; its timer's expiry sends it again, and at last raises TimerExpired."""

    __slots__ = ("channel", "message")

    def __init__(
        self,
        channel: Channel,
        message: object,
        types: tuple[type[Any], ...],
        timer: str,
        where: Callable[[Any], bool] | None = None,
    ) -> None:
        super().__init__(types, timer, where)
        self.channel = channel
        self.message = message

    def begin(self, run: Run) -> Outcome[T]:
        """Send, and wait with all retransmissions of the timer's table entry."""
        self.channel.send(self.message)
        run.listen(self.accepts)
        self._supervise(run, run.timer(str(self.timer)).retransmissions)
        return PENDING

    def _supervise(self, run: Run, left: int) -> None:
        timer = run.timer(str(self.timer))

        def expired() -> None:
            if left == 0:
                run.expire(timer.name)
                return
            run.retransmitted(timer.name)
            self.channel.send(self.message)
            self._supervise(run, left - 1)

        run.arm(timer.seconds, expired)


class Signal(Effect[T]):
    """A value that comes from outside the conversation, once: from a store, another function, a child procedure."""

    __slots__ = ("_error", "_run", "_value", "_watcher")

    def __init__(self) -> None:
        self._value: Outcome[T] = PENDING
        self._error: Exception | None = None
        self._run: Run | None = None
        self._watcher: Callable[[Signal[T]], None] | None = None

    @property
    def settled(self) -> bool:
        """Whether it was set or failed."""
        return self._value is not PENDING or self._error is not None

    def set(self, value: T) -> None:
        """Give the value; later calls change nothing."""
        if not self.settled:
            self._value = value
            run, self._run = self._run, None
            if run is not None and run.waiting is self:
                run.resume(value)
            if self._watcher is not None:
                self._watcher(self)

    def fail(self, error: Exception) -> None:
        """Raise an error at the waiting place; later calls change nothing."""
        if not self.settled:
            self._error = error
            run, self._run = self._run, None
            if run is not None and run.waiting is self:
                run.fail(error)
            if self._watcher is not None:
                self._watcher(self)

    def watch(self, watcher: Callable[[Signal[T]], None]) -> None:
        """Call `watcher` once this is settled, at once if it is: the way out of the procedures' world."""
        if self.settled:
            watcher(self)
        else:
            self._watcher = watcher

    def result(self) -> T:
        """The value of a settled signal; raises its error."""
        if self._error is not None:
            raise self._error
        if self._value is PENDING:
            raise Bug("a signal was read before it was settled")
        return self._value

    def begin(self, run: Run) -> Outcome[T]:
        """Give what is there, or wait for it."""
        if self._error is not None:
            raise self._error
        if self._value is PENDING:
            self._run = run
        return self._value


@overload
def exchange(
    channel: Channel, message: object, a: type[A], /, *, timer: str, where: Callable[[A], bool] | None = None
) -> Effect[A]: ...
@overload
def exchange(channel: Channel, message: object, a: type[A], b: type[B], /, *, timer: str) -> Effect[A | B]: ...
@overload
def exchange(
    channel: Channel,
    message: object,
    a: type[A],
    b: type[B],
    c: type[C],
    /,
    *,
    timer: str,
    where: Callable[[A | B | C], bool] | None = None,
) -> Effect[A | B | C]: ...
def exchange(
    channel: Channel, message: object, /, *types: type[Any], timer: str, where: Callable[[Any], bool] | None = None
) -> Effect[Any]:
    """Send `message` and wait for one of the answers that `where` takes, with the timer's retransmissions."""
    return Exchange(channel, message, types, timer, where)


@overload
def expect(
    a: type[A], /, *, timer: str | float | None = None, where: Callable[[A], bool] | None = None
) -> Effect[A]: ...
@overload
def expect(
    a: type[A], b: type[B], /, *, timer: str | float | None = None, where: Callable[[A | B], bool] | None = None
) -> Effect[A | B]: ...
@overload
def expect(
    a: type[A],
    b: type[B],
    c: type[C],
    /,
    *,
    timer: str | float | None = None,
    where: Callable[[A | B | C], bool] | None = None,
) -> Effect[A | B | C]: ...
def expect(
    *types: type[Any], timer: str | float | None = None, where: Callable[[Any], bool] | None = None
) -> Effect[Any]:
    """Wait for one of some message types; a timer's expiry raises TimerExpired."""
    return Expect(types, timer, where)


def send(channel: Channel, message: object) -> Effect[None]:
    """Send one message and go on."""
    return Send(channel, message)
