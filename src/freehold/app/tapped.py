"""Service calls in process, made visible on the tap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from freehold.procedure import Environment, Record, about
from freehold.services.errors import ServiceError
from freehold.services.operations import OPERATIONS
from freehold.spec.identities import Supi

T = TypeVar("T")


def tapped(service: T, environment: Environment, source: str, target: str) -> T:
    """The same service, recording each operation and its answer while somebody watches."""
    return cast("T", _Tapped(service, environment, source, target))


class _Tapped:
    __slots__ = ("__dict__", "_environment", "_service", "_source", "_target")

    def __init__(self, service: object, environment: Environment, source: str, target: str) -> None:
        self._service = service
        self._environment = environment
        self._source = source
        self._target = target

    def __getattr__(self, method: str) -> Any:
        plain = getattr(self._service, method)
        if method not in OPERATIONS:
            return plain
        wrapped = self._watched(method, plain)
        setattr(self, method, wrapped)
        return wrapped

    def _watched(self, method: str, plain: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        environment = self._environment

        async def watched(*arguments: Any, **keywords: Any) -> Any:
            subject = subject_of(arguments)
            self._record(method, "request", arguments, subject)
            try:
                answer = await plain(*arguments, **keywords)
            except ServiceError as error:
                self._record(method, f"{error.status} {error.application_error}", None, subject)
                raise
            found = subject or subject_of((answer,))
            speaking = environment.tap.speaking
            if found is not None and speaking is not None and speaking.about is None:
                speaking.about = found
            self._record(method, "response", answer, found)
            return answer

        async def traced(*arguments: Any, **keywords: Any) -> Any:
            tracer, key, operation = environment.tap.tracer, object(), OPERATIONS[method]
            if tracer is None:
                return await watched(*arguments, **keywords)
            whom = next((value for value in arguments if isinstance(value, Supi) or hasattr(value, "supi")), None)
            about = whom if isinstance(whom, Supi) else getattr(whom, "supi", None)
            tracer.begun(key, self._source, operation.name, operation.clause, about, environment.now(), call=True)
            outcome = "aborted"
            try:
                answer = await watched(*arguments, **keywords)
                outcome = "ended"
            except ServiceError as error:
                outcome = error.application_error
                raise
            else:
                return answer
            finally:
                tracer.ended(key, outcome, about, environment.now())

        def choose(*arguments: Any, **keywords: Any) -> Awaitable[Any]:
            if environment.tap.tracer is not None:
                return traced(*arguments, **keywords)
            return watched(*arguments, **keywords) if environment.tap.active else plain(*arguments, **keywords)

        return choose

    def _record(self, method: str, kind: str, value: object, whose: Supi | None) -> None:
        environment, operation = self._environment, OPERATIONS[method]
        speaking = environment.tap.speaking
        subject = whose or ("" if speaking is None else speaking.subject)
        if not environment.tap.active or not environment.tap.wants(subject):
            return
        ends = (self._source, self._target) if kind == "request" else (self._target, self._source)
        environment.tap.record(
            Record(
                environment.now(),
                "SBI",
                *ends,
                f"{operation.name} {kind}",
                operation.clause,
                value=value,
                subject=str(subject),
                about=about(subject),
            )
        )


def subject_of(values: tuple[object, ...]) -> Supi | None:
    """Whom an operation is about: the SUPI among its values; None where none names one."""
    for value in values:
        supi = value if isinstance(value, Supi) else getattr(value, "supi", None)
        if isinstance(supi, Supi):
            return supi
    return None
