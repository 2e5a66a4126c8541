import pytest

from freehold.sim.clock import START_UTC, VirtualClock, VirtualEnvironment
from freehold.spec.errors import Bug
from freehold.spec.events import Event


def test_when_time_runs_then_alarms_are_called_at_their_own_time():
    environment = VirtualEnvironment()
    seen = []
    for when in (3.0, 1.0, 2.0):
        environment.call_at(when, lambda: seen.append(environment.now()))
    environment.run_until(2.5)
    assert seen == [1.0, 2.0]
    assert environment.now() == 2.5
    environment.run_for(1)
    assert seen == [1.0, 2.0, 3.0]
    assert environment.utc() == START_UTC + 3.5


def test_when_a_callback_adds_one_for_now_then_it_is_called_at_the_same_instant():
    environment = VirtualEnvironment()
    seen = []
    environment.call_at(1.0, lambda: environment.call_soon(lambda: seen.append(environment.now())))
    environment.run_until(1.0)
    assert seen == [1.0]


def test_when_an_alarm_is_cancelled_then_it_is_not_called():
    environment = VirtualEnvironment()
    seen = []
    environment.call_at(1.0, lambda: seen.append(1)).cancel()
    environment.run_until(5.0)
    assert seen == []


def test_when_an_alarm_is_overdue_then_time_does_not_go_back():
    environment = VirtualEnvironment()
    environment.run_until(10.0)
    seen = []
    environment.call_at(3.0, lambda: seen.append(environment.now()))
    environment.settle()
    assert seen == [10.0]


def test_when_callbacks_never_end_then_it_is_a_bug_and_not_a_hang(monkeypatch):
    monkeypatch.setattr("freehold.sim.clock.LIVELOCK", 100)
    environment = VirtualEnvironment()

    def again():
        environment.call_soon(again)

    again()
    with pytest.raises(Bug, match="100 callbacks"):
        environment.settle()


def test_when_seeds_are_equal_then_randomness_is_equal():
    assert VirtualEnvironment(seed=7).random(16) == VirtualEnvironment(seed=7).random(16)
    assert VirtualEnvironment(seed=7).random(16) != VirtualEnvironment(seed=8).random(16)


def test_when_two_environments_share_a_clock_then_each_keeps_its_own_counts():
    clock = VirtualClock()
    amf, smf = VirtualEnvironment(clock), VirtualEnvironment(clock)
    amf.run_until(4.0)
    amf.count("procedure.started", "registration")
    amf.count("procedure.started", "paging")
    amf.emit(Event("bug", "text"))
    assert smf.now() == 4.0
    assert amf.counted("procedure.started") == 2
    assert amf.counts["procedure.started", "paging"] == 1
    assert smf.counted("procedure.started") == 0
    assert [event.text for event in amf.emitted("bug")] == ["text"]
    assert smf.emitted("bug") == []


def test_when_a_condition_ends_then_run_while_stops_there():
    environment = VirtualEnvironment()
    seen = []
    for when in (1.0, 2.0, 3.0):
        environment.call_at(when, lambda: seen.append(environment.now()))
    assert environment.clock.run_while(lambda: len(seen) < 2)
    assert seen == [1.0, 2.0]
    assert not environment.clock.run_while(lambda: True, limit=10.0)
