"""A procedure: one typed coroutine in the order of its call flow, with its clause, its collisions and its reject."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Generic, ParamSpec, TypeVar

from freehold.procedure.effects import Effect

P = ParamSpec("P")
T = TypeVar("T")
Handler = Callable[..., Coroutine[Any, Any, None]]


class Collision(Enum):
    """What happens to a procedure that starts while another one runs (the abnormal cases of its clause)."""

    PARALLEL = "both run"
    ABORT = "the running one is aborted"
    DROP = "the new one is ignored"
    QUEUE = "the new one waits for the end of the running one"


CollisionRule = Collision | Callable[["Call[Any]", "Call[Any]"], Collision]
Collisions = Mapping[str, CollisionRule]
NO_COLLISIONS: Collisions = MappingProxyType({})


class Procedure(Generic[P, T]):
    """The coroutine function `body` and what the driver must know of it."""

    __slots__ = ("body", "collides", "keeps", "name", "on_failure", "on_reject", "spec")

    def __init__(self, body: Callable[P, Coroutine[Any, Any, T]], spec: str) -> None:
        self.body = body
        self.name = body.__name__
        self.spec = spec
        self.collides: Collisions = NO_COLLISIONS
        self.keeps: tuple[type[Any], ...] = ()
        self.on_reject: Handler | None = None
        self.on_failure: Handler | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Bind the arguments; nothing runs yet."""
        return Call(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<procedure {self.name} {self.spec}>"


class Begin(Effect[None]):
    """Marks in the ladder that a procedure inside another one begins."""

    __slots__ = ("call",)

    def __init__(self, call: Call[Any]) -> None:
        self.call = call

    def begin(self, run: Any) -> None:
        """Record the beginning, when somebody watches."""
        procedure = self.call.procedure
        run.conversation.mark(procedure)
        tracer = run.environment.tap.tracer
        if tracer is not None:
            tracer.step(run, procedure.name, procedure.spec, run.environment.now())


class Call(Generic[T]):
    """A procedure with its arguments: await it inside another one, or start it in a conversation."""

    __slots__ = ("arguments", "keywords", "procedure")

    def __init__(self, procedure: Procedure[Any, T], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.procedure = procedure
        self.arguments = arguments
        self.keywords = keywords

    def coroutine(self) -> Coroutine[Any, Any, T]:
        """The procedure's body, not yet begun."""
        return self.procedure.body(*self.arguments, **self.keywords)

    def __await__(self) -> Generator[Any, Any, T]:
        yield Begin(self)
        return (yield from self.coroutine().__await__())


def procedure(
    *,
    spec: str,
    collides: Collisions = NO_COLLISIONS,
    keeps: tuple[type[Any], ...] = (),
    on_reject: Handler | None = None,
    on_failure: Handler | None = None,
) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Procedure[P, T]]:
    """Make a coroutine function a procedure of clause `spec`.

    `collides` says by name what a starting procedure does to this running one. `keeps` are message types that may come
    before the procedure waits for them. `on_reject(reject, *arguments)` sends the spec's reject; `on_failure(error,
    *arguments)` cleans up after TimerExpired, Aborted and PeerError. Both are coroutines of the same run.
    """

    def decorate(body: Callable[P, Coroutine[Any, Any, T]]) -> Procedure[P, T]:
        made = Procedure(body, spec)
        made.collides = collides
        made.keeps = keeps
        made.on_reject = on_reject
        made.on_failure = on_failure
        return made

    return decorate
