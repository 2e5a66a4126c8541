"""The alarm queue: order, cancellation, and no growth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from freehold.procedure import AlarmQueue


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=60))
def test_when_alarms_are_set_and_cancelled_then_the_live_ones_ring_in_order(plan: list[tuple[int, bool]]):
    queue, rung = AlarmQueue(), []
    alarms = [queue.call_at(when, lambda key=(when, index): rung.append(key)) for index, (when, _) in enumerate(plan)]
    for alarm, (_, cancelled) in zip(alarms, plan, strict=True):
        if cancelled:
            alarm.cancel()
            alarm.cancel()
    live = [(when, index) for index, (when, cancelled) in enumerate(plan) if not cancelled]
    assert len(queue) == len(live)
    assert queue.run(100) == len(live)
    assert rung == sorted(live)
    assert queue.due() is None


def test_when_an_alarm_is_not_due_then_it_waits():
    queue, rung = AlarmQueue(), []
    queue.call_at(2, lambda: rung.append(1))
    assert queue.run(1.9) == 0
    assert queue.due() == 2


def test_when_an_alarm_sets_another_that_is_due_then_it_rings_in_the_same_run():
    queue, rung = AlarmQueue(), []
    queue.call_at(1, lambda: queue.call_at(1, lambda: rung.append("second")))
    assert queue.run(1) == 2
    assert rung == ["second"]


def test_when_a_rung_alarm_is_cancelled_then_nothing_happens():
    queue = AlarmQueue()
    alarm = queue.call_at(1, lambda: None)
    queue.run(1)
    alarm.cancel()
    assert len(queue) == 0


def test_when_many_alarms_are_cancelled_then_the_queue_does_not_keep_them():
    queue = AlarmQueue()
    keep = queue.call_at(5, lambda: None)
    for _ in range(10_000):
        queue.call_at(4, lambda: None).cancel()
    assert len(queue) == 1
    assert len(queue._heap) < 200
    assert queue.due() == keep.when
