"""Conversations: what runs for one peer, and the driver that advances it. No loop, no clock, no socket."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal, TypeVar

import msgspec

from freehold.procedure.effects import PENDING, Effect, Signal
from freehold.procedure.environment import Alarm, Environment
from freehold.procedure.procedure import Call, Collision, Procedure
from freehold.procedure.tap import Record, about
from freehold.spec import counters
from freehold.spec.errors import Aborted, PeerError, Reject, TimerExpired
from freehold.spec.events import Event
from freehold.spec.identities import Supi
from freehold.spec.timers import Timer, Timers

T = TypeVar("T")
KEPT: Final = 32
"""Messages that a procedure keeps at most."""
PAST: Final = 8
"""Procedures that a conversation remembers once they ended."""
Accepts = Callable[[Any], bool]


class Ending(msgspec.Struct, frozen=True, gc=False):
    """A procedure that ended: when it began, how long it took in seconds, how it ended and, where it failed, why."""

    name: str
    spec: str
    began: float
    seconds: float
    outcome: str
    why: str = ""


class Driver:
    """What the conversations of one network function share: its name, its environment, its timers."""

    __slots__ = ("environment", "name", "timers")

    def __init__(self, name: str, environment: Environment, timers: Timers) -> None:
        self.name = name
        self.environment = environment
        self.timers = timers

    def converse(self, subject: object, on_bug: Callable[[], None] | None = None) -> Conversation:
        """A new conversation about `subject`; `on_bug` gives up that one context after a mistake of ours."""
        return Conversation(self, subject, on_bug)


class Conversation:
    """The procedures that run for one peer: a UE, a gNB, a session."""

    __slots__ = ("_on_bug", "_queued", "_runs", "about", "driver", "past", "subject")

    def __init__(self, driver: Driver, subject: object, on_bug: Callable[[], None] | None) -> None:
        self.driver = driver
        self.subject = subject
        self._on_bug = on_bug
        self._runs: tuple[Run, ...] = ()
        self._queued: tuple[tuple[Call[Any], Signal[Any] | None], ...] = ()
        self.about: Supi | None = None
        """Whose it turned out to be, for the tap alone: nobody has proven it."""
        self.past: tuple[Ending, ...] = ()
        """What ended last, oldest first."""

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the procedures that run."""
        return tuple(run.call.procedure.name for run in self._runs)

    def find(self, procedure: Procedure[Any, Any]) -> Call[Any] | None:
        """The running call of a procedure, if there is one."""
        return next((run.call for run in self._runs if run.call.procedure is procedure), None)

    def start(self, call: Call[Any]) -> bool:
        """Start a procedure unless a collision forbids it; whether it started or was queued."""
        return self._start(call, None)

    def perform(self, call: Call[T]) -> Signal[T]:
        """Start a procedure; the signal gives its result, and Aborted where a collision forbids the start."""
        done: Signal[T] = Signal()
        if not self._start(call, done):
            done.fail(Aborted(f"{call.procedure.name} collides with {', '.join(self.running)}"))
        return done

    def deliver(self, message: object) -> bool:
        """Hand a message to the procedure that waits for it, or keeps it; whether one did."""
        for run in self._runs:
            if run.offer(message):
                return True
        return any(run.keep(message) for run in self._runs)

    def abort(self, reason: str, *, but: Procedure[Any, Any] | None = None) -> None:
        """End every running procedure with Aborted, except `but`."""
        self._queued = ()
        for run in self._runs:
            if run.call.procedure is not but:
                run.fail(Aborted(reason))

    def mark(self, procedure: Procedure[Any, Any]) -> None:
        """Show in the ladder that a procedure begins."""
        self.show("procedure", procedure.name, procedure.spec)

    def show(self, interface: Literal["procedure", "timer"], text: str, clause: str = "") -> None:
        """Show in the ladder what happens here, beside the messages."""
        environment, name, subject = self.driver.environment, self.driver.name, self.subject
        if environment.tap.active and environment.tap.wants(subject):
            shown = str(subject)
            record = Record(environment.now(), interface, name, name, text, clause, subject=shown, about=about(subject))
            environment.tap.record(record)

    def _start(self, call: Call[Any], done: Signal[Any] | None) -> bool:
        for run in self._runs:
            rule = run.call.procedure.collides.get(call.procedure.name, Collision.PARALLEL)
            action = rule if isinstance(rule, Collision) else rule(run.call, call)
            if action is Collision.DROP:
                return False
            if action is Collision.QUEUE:
                self._queued += ((call, done),)
                return True
            if action is Collision.ABORT:
                run.fail(Aborted(f"{run.call.procedure.name} gives way to {call.procedure.name}"))
        run = Run(self, call, done)
        self._runs += (run,)
        environment = self.driver.environment
        environment.count(counters.PROCEDURE_STARTED, call.procedure.name)
        self.mark(call.procedure)
        if environment.tap.tracer is not None:
            procedure = call.procedure
            environment.tap.tracer.begun(
                run, self.driver.name, procedure.name, procedure.spec, self.subject, environment.now()
            )
        run.resume(None)
        return True

    def ended(self, run: Run, outcome: str) -> None:
        """Take a procedure off the list, count its end, and start what waited for it."""
        self._runs = tuple(other for other in self._runs if other is not run)
        environment, procedure = self.driver.environment, run.call.procedure
        environment.count(counters.PROCEDURE_ENDED, f"{procedure.name} {outcome}")
        now = environment.now()
        ending = Ending(procedure.name, procedure.spec, run.began, now - run.began, outcome, run.why)
        self.past = (*self.past[1 - PAST :], ending)
        if environment.tap.tracer is not None:
            environment.tap.tracer.ended(run, outcome, self.subject, now, run.why)
        if self._queued:
            queued, self._queued = self._queued, ()
            for call, done in queued:
                if not self._start(call, done) and done is not None:
                    done.fail(Aborted(f"{call.procedure.name} collides with {', '.join(self.running)}"))

    def gave_up(self, call: Call[Any], error: BaseException) -> None:
        """Report a mistake of ours and give this one context up."""
        text = "".join(traceback.format_exception_only(error)).strip()
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = f" at {place[0].filename.rsplit('/', 1)[-1]}:{place[0].lineno}" if place else ""
        self.driver.environment.emit(
            Event(
                "bug",
                f"{self.driver.name}: {call.procedure.name} broke ({text}{where}); only this context is given up",
                "error",
                str(self.subject),
            )
        )
        if self._on_bug is not None:
            self._on_bug()


class Run:
    """One running procedure: its coroutine, what it waits for, its alarm."""

    __slots__ = (
        "_accepts",
        "_alarm",
        "_busy",
        "_coroutine",
        "_done",
        "_failure",
        "_kept",
        "_refused",
        "began",
        "call",
        "conversation",
        "waiting",
        "why",
    )

    def __init__(self, conversation: Conversation, call: Call[Any], done: Signal[Any] | None) -> None:
        self.conversation = conversation
        self.call = call
        self._coroutine: Coroutine[Any, Any, Any] = call.coroutine()
        self._done = done
        self._accepts: Accepts | None = None
        self._alarm: Alarm | None = None
        self._kept: list[object] = []
        self._busy = False
        self._refused = ""
        self._failure: Exception | None = None
        self.waiting: Effect[Any] | None = None
        self.began = conversation.driver.environment.now()
        self.why = ""

    @property
    def environment(self) -> Environment:
        """The outside world of this procedure's network function."""
        return self.conversation.driver.environment

    def timer(self, name: str) -> Timer:
        """A timer of this network function's table."""
        return self.conversation.driver.timers[name]

    def seconds(self, timer: str | float) -> float:
        """A timer's length in seconds, by name or as given."""
        return self.timer(timer).seconds if isinstance(timer, str) else timer

    # --- waits: called by effects ---------------------------------------------------------
    def arm(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back in `seconds` unless the procedure goes on before."""
        self._alarm = self.environment.call_at(self.environment.now() + seconds, callback)

    def listen(self, accepts: Accepts) -> None:
        """Wait for a message that `accepts` takes."""
        self._accepts = accepts

    def take(self, accepts: Accepts) -> object | None:
        """A kept message that `accepts` takes, removed from the kept ones."""
        for message in self._kept:
            if accepts(message):
                self._kept.remove(message)
                return message
        return None

    def expire(self, timer: str | float) -> None:
        """Raise TimerExpired at the waiting place."""
        self.environment.count(counters.EXPIRED, str(timer))
        self.conversation.show("timer", f"{timer} expired")
        self.fail(TimerExpired(str(timer)))

    def retransmitted(self, timer: str) -> None:
        """Count one retransmission, about to be sent."""
        self.environment.count(counters.RETRANSMISSION, timer)
        self.conversation.show("timer", f"{timer} expired: sent again")

    # --- messages: called by the conversation ---------------------------------------------
    def offer(self, message: object) -> bool:
        """Resume with a message if this procedure waits for it."""
        if self._accepts is None or not self._accepts(message):
            return False
        self.resume(message)
        return True

    def keep(self, message: object) -> bool:
        """Keep a message that came before its wait, if the procedure said it may, and not without end."""
        if not isinstance(message, self.call.procedure.keeps) or len(self._kept) >= KEPT:
            return False
        self._kept.append(message)
        return True

    # --- advance ---------------------------------------------------------------------------
    def resume(self, value: object) -> None:
        """Go on from the waiting place with a value."""
        self._advance(value, None)

    def fail(self, error: Exception) -> None:
        """Go on from the waiting place with an error; a procedure that is at work meets it at its next wait."""
        if self._busy:
            self._failure = error
        else:
            self._advance(None, error)

    def _advance(self, value: object, error: Exception | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._accepts = None
        self.waiting = None
        self._busy = True
        tap = self.environment.tap
        tracer = tap.tracer
        before = None if tracer is None else tracer.advancing(self)
        attended = tap.attend(self.conversation.subject, self.conversation) if tap.heard else None
        try:
            while True:
                effect: Effect[Any] = self._coroutine.send(value) if error is None else self._coroutine.throw(error)
                error = None
                try:
                    value = effect.begin(self)
                except Exception as raised:  # noqa: BLE001 - thrown where the procedure waits
                    error = raised
                    continue
                if value is PENDING:
                    if self._failure is None:
                        self.waiting = effect
                        break
                    error, self._failure = self._failure, None
        except StopIteration as stop:
            self._end(self._refused or "ended", stop.value)
        except (Reject, TimerExpired, Aborted, PeerError) as ended:
            self._refuse(ended)
        except Exception as bug:  # noqa: BLE001 - isolated: the process and every other context go on
            self._end("bug", bug)
            self.conversation.gave_up(self.call, bug)
        finally:
            self._busy = False
            if attended is not None:
                tap.leave(attended)
            if tracer is not None:
                tracer.resume(before)

    def _refuse(self, error: Exception) -> None:
        """Let the procedure's own handler answer; its end is this run's end."""
        procedure = self.call.procedure
        self.why = self.why or str(error)
        handler = procedure.on_reject if isinstance(error, Reject) else procedure.on_failure
        if handler is None or self._refused:
            self._end(type(error).__name__.lower(), error)
            return
        self._refused = type(error).__name__.lower()
        self._failure = None
        if self._done is not None:
            done, self._done = self._done, None
            done.fail(error)
        self._coroutine = handler(error, *self.call.arguments, **self.call.keywords)
        self._advance(None, None)

    def _end(self, outcome: str, result: Any) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._accepts = None
        self.waiting = None
        self.conversation.ended(self, outcome)
        if self._done is not None:
            if isinstance(result, Exception):
                self._done.fail(result)
            else:
                self._done.set(result)
