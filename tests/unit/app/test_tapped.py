"""Service calls on the tap."""

from __future__ import annotations

import pytest

from freehold.app.tapped import tapped
from freehold.procedure import SILENT, Record, Tap
from freehold.services.errors import ServiceError


class Clock:
    def __init__(self) -> None:
        self.tap = Tap()

    def now(self) -> float:
        return 1.5


class Nssf:
    name = "plain attribute"

    async def select(self, wanted: int) -> int:
        if wanted < 0:
            raise ServiceError(404, "NOT_FOUND")
        return wanted + 1


def complete(awaitable) -> object:
    try:
        awaitable.__await__().send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError


def test_when_nobody_watches_then_the_call_passes_through():
    clock = Clock()
    assert complete(tapped(Nssf(), clock, "AMF", "NSSF").select(1)) == 2
    assert not SILENT.active


def test_when_somebody_watches_then_request_and_response_are_recorded():
    clock, records = Clock(), []
    service = tapped(Nssf(), clock, "AMF", "NSSF")
    clock.tap.listen(records.append)
    assert complete(service.select(1)) == 2
    assert records == [
        Record(1.5, "SBI", "AMF", "NSSF", "Nnssf_NSSelection_Get request", "TS 29.531 5.2.2.2", value=(1,)),
        Record(1.5, "SBI", "NSSF", "AMF", "Nnssf_NSSelection_Get response", "TS 29.531 5.2.2.2", value=2),
    ]
    assert service.name == "plain attribute"


def test_when_the_service_refuses_then_the_refusal_is_recorded_and_raised():
    clock, records = Clock(), []
    clock.tap.listen(records.append)
    with pytest.raises(ServiceError):
        complete(tapped(Nssf(), clock, "AMF", "NSSF").select(-1))
    assert [record.name for record in records][1:] == ["Nnssf_NSSelection_Get 404 NOT_FOUND"]
