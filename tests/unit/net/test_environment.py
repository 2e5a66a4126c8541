import asyncio

import pytest

from freehold.net.environment import LoopEnvironment
from freehold.spec.events import Event


class StillLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to its next timer: real scheduling without waiting."""

    def __init__(self):
        super().__init__()
        self.offset = 0.0
        self.timers_made = 0

    def time(self):
        return super().time() + self.offset

    def call_at(self, when, callback, *args, context=None):
        self.timers_made += 1
        self.offset += max(0.0, when - self.time())
        return super().call_at(when, callback, *args, context=context)


@pytest.fixture
def loop():
    loop = StillLoop()
    yield loop
    loop.close()


def test_when_alarms_are_due_then_they_are_called_in_order(loop):
    environment = LoopEnvironment(loop, clock=loop.time)
    seen = []
    start = environment.now()
    environment.call_at(start + 2, lambda: seen.append("b"))
    environment.call_at(start + 1, lambda: seen.append("a"))
    environment.call_at(start + 1.5, lambda: seen.append("x")).cancel()
    environment.call_at(start + 3, loop.stop)
    loop.run_forever()
    assert seen == ["a", "b"]


def test_when_a_later_alarm_is_added_then_the_loop_gets_no_second_timer(loop):
    environment = LoopEnvironment(loop, clock=loop.time)
    start = environment.now()
    environment.call_at(start + 1, lambda: None)
    environment.call_at(start + 5, lambda: None)
    assert loop.timers_made == 1


def test_when_a_callback_raises_then_later_alarms_still_ring(loop):
    environment = LoopEnvironment(loop, clock=loop.time)
    errors = []
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    start = environment.now()
    environment.call_at(start + 1, lambda: 1 / 0)
    environment.call_at(start + 2, loop.stop)
    loop.run_forever()
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_when_closed_then_nothing_rings(loop):
    environment = LoopEnvironment(loop, clock=loop.time)
    seen = []
    environment.call_at(environment.now() + 1, lambda: seen.append(1))
    environment.close()
    environment.call_at(environment.now() + 1, lambda: seen.append(2))
    loop.call_later(2, loop.stop)
    loop.run_forever()
    assert seen == []


def test_when_counted_and_emitted_then_the_operator_sees_it(loop):
    environment = LoopEnvironment(loop, clock=loop.time)
    heard = []
    stop = environment.listen(heard.append)
    environment.count("timer.expired", "T3560")
    environment.count("timer.expired", "T3560")
    environment.emit(Event("a", "text"))
    stop()
    environment.emit(Event("b", "text"))
    assert environment.counts["timer.expired", "T3560"] == 2
    assert [event.name for event in heard] == ["a"]


def test_when_asked_for_randomness_then_it_is_never_twice_the_same(loop):
    environment = LoopEnvironment(loop, clock=loop.time)
    assert len(environment.random(16)) == 16
    assert environment.random(16) != environment.random(16)
    assert environment.utc() > 1_700_000_000
