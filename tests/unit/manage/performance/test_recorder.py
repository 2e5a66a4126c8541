"""Granularity periods on virtual time: whole, suspect, over a crash, bounded."""

import pytest

from freehold.manage.performance.files import end_of, file_name
from freehold.manage.performance.readings import MOST_SERIES, Period, Spread, growth
from freehold.manage.performance.recorder import Recorder, RecorderSettings
from freehold.sim.clock import START_UTC, VirtualEnvironment
from freehold.store import MemoryStore

SETTINGS = RecorderSettings(look=10.0, granularity=300.0, kept=5)


class Network:
    def __init__(self):
        self.environment = VirtualEnvironment()
        self.sampled = {"SM.SessionNbr": 0}
        self.skew = 0.0
        self.now = self.environment.now
        self.call_at = self.environment.call_at

    def utc(self):
        return self.environment.utc() + self.skew

    def counters(self):
        return dict(self.environment.counts)

    def values(self):
        return dict(self.sampled)

    def count(self, number, label=""):
        self.environment.count("RM.RegInitReq", label, number)

    def run(self, seconds):
        self.environment.run_for(seconds)


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def store():
    return MemoryStore()


def started(network, store, settings=SETTINGS):
    recorder = Recorder(network, store, settings)
    recorder.start()
    return recorder


def shown(recorder):
    return [(p.begin - START_UTC, p.end - START_UTC, p.total("RM.RegInitReq"), p.suspect) for p in recorder.periods()]


def test_when_periods_end_then_each_holds_what_was_counted_in_it(network, store):
    recorder = started(network, store)
    network.count(3)
    network.run(299.0)
    network.count(4, "x")
    assert shown(recorder) == []
    network.run(1.0)
    network.count(5)
    network.run(300.0)
    assert shown(recorder) == [(0, 300, 7, False), (300, 600, 5, False)]
    assert next(recorder.periods()).counters["RM.RegInitReq"] == {"": 3, "x": 4}
    assert recorder.period(START_UTC + 300).total("RM.RegInitReq") == 7
    assert [end - begin for begin, end, _ in recorder.heads()] == [300, 300]


def test_when_the_network_was_stopped_within_a_period_then_its_file_can_be_had(network, store):
    recorder = started(network, store)
    network.count(7)
    network.run(100.25)
    recorder.stop()
    network.run(400.0)
    recorder = started(network, store)
    network.run(300.0)
    ((begin, end, suspect), _) = recorder.heads()
    name = file_name(begin, end, "Lab")
    period = recorder.period(end_of(name))
    assert (period.begin, period.end, period.total("RM.RegInitReq"), suspect) == (begin, end, 7, True)
    assert file_name(period.begin, period.end, "Lab") == name


def test_when_a_value_is_sampled_then_its_mean_and_largest_are_kept(network, store):
    recorder = started(network, store)
    network.run(145.0)
    network.sampled["SM.SessionNbr"] = 60
    network.run(155.0)
    (period,) = recorder.periods()
    spread = period.values["SM.SessionNbr"]
    assert (spread.looks, spread.least, spread.most) == (31, 0, 60)
    assert spread.mean == pytest.approx(60 * 16 / 31)


def test_when_the_program_ends_and_starts_within_a_period_then_both_parts_count_and_it_is_suspect(network, store):
    recorder = started(network, store)
    network.count(3)
    network.run(100.0)
    recorder.stop()
    network.environment.counts.clear()  # another process counts from 0
    network.run(50.0)
    again = started(network, store)
    network.count(4)
    network.run(450.0)
    assert shown(again) == [(0, 300, 7, True), (300, 600, 0, False)]


def test_when_the_process_dies_then_at_most_a_minute_of_counting_is_lost(network, store):
    started(network, store)
    network.count(3)
    network.run(70.0)  # a checkpoint is written at 60 s
    network.count(100)
    network.run(20.0)  # and here it dies: nothing is stopped
    survivor = Network()
    survivor.skew = 90.0
    again = started(survivor, store)
    survivor.count(4)
    survivor.run(300.0)
    assert shown(again) == [(0, 300, 7, True)]


def test_when_periods_are_very_many_then_the_oldest_go_from_memory_and_store(network, store):
    recorder = started(network, store)
    network.run(300.0 * 12)
    assert len(shown(recorder)) == 5
    assert len(store.load("measurements")) == 5
    assert shown(Recorder(network, store, SETTINGS))[0][0] == 300.0 * 7


def test_when_the_clock_is_set_back_or_far_ahead_then_the_period_is_suspect_and_life_goes_on(network, store):
    recorder = started(network, store)
    network.count(1)
    network.run(100.0)
    network.skew = 7000.0
    network.count(2)
    network.run(10.0)
    network.skew = 0.0
    network.run(20.0)
    network.count(4)
    network.run(300.0)
    assert all(suspect for _, _, _, suspect in shown(recorder)[:-1])
    assert sum(count for _, _, count, _ in shown(recorder)) == 7


def test_when_the_last_minutes_are_asked_for_then_only_they_count(network, store):
    recorder = started(network, store)
    network.count(1)
    network.run(400.0)
    network.count(2)
    network.run(100.0)
    assert recorder.last(60.0).total("RM.RegInitReq") == 0
    assert recorder.last(110.0).total("RM.RegInitReq") == 2
    assert recorder.last(900.0).total("RM.RegInitReq") == 3
    assert recorder.last(110.0).seconds == pytest.approx(110.0, abs=11)
    assert recorder.last(900.0).seconds == 500.0


def test_when_the_store_holds_what_is_no_period_then_the_rest_is_shown(network, store):
    store.commit("measurements", [("0000000300.0", b"{"), ("0000000600.0", b'{"begin": 1}')])
    recorder = Recorder(network, store, SETTINGS)
    assert list(recorder.periods()) == []
    assert list(recorder.heads()) == []


def test_when_somebody_hears_of_looks_and_periods_then_each_is_told(network, store):
    looks, periods = [], []
    recorder = Recorder(network, store, SETTINGS)
    recorder.on_look(lambda: looks.append(network.now()))
    recorder.on_period(periods.append)
    recorder.start()
    recorder.start()  # once is enough
    network.run(300.0)
    assert looks == [10.0 * number for number in range(31)]
    assert len(periods) == 1
    recorder.stop()
    network.run(300.0)
    assert len(looks) == 31


def test_when_the_loop_is_held_up_then_the_recorder_knows_by_how_much(network, store):
    recorder = started(network, store)
    late = []
    recorder.on_look(lambda: late.append(recorder.late))
    network.environment.call_at(5.0, lambda: setattr(network, "now", lambda: network.environment.now() + 7.0))
    network.run(10.0)
    assert late == [7.0]


def test_when_a_counter_falls_then_it_began_anew():
    assert growth({("a", ""): 10, ("b", ""): 3}, {("a", ""): 4, ("b", ""): 3}) == {"a": {"": 4}}


def test_when_labels_are_very_many_then_so_many_are_kept():
    grown = growth({}, {("a", f"{number}"): 1 for number in range(MOST_SERIES + 500)})
    assert len(grown["a"]) == MOST_SERIES


def test_when_periods_are_joined_then_counts_add_and_spreads_widen():
    one = Period(0.0, 1.0, {"a": {"x": 1}}, {"v": Spread.of(3.0)})
    two = Period(
        1.0, 2.0, {"a": {"x": 2, "y": 5}, "b": {"": 1}}, {"v": Spread.of(9.0), "w": Spread.of(1.0)}, suspect=True
    )
    both = one.joined(two)
    assert (both.begin, both.end, both.suspect) == (0.0, 2.0, True)
    assert both.counters == {"a": {"x": 3, "y": 5}, "b": {"": 1}}
    assert (both.values["v"].mean, both.values["v"].least, both.values["w"].most) == (6.0, 3.0, 1.0)
    assert one.counters == {"a": {"x": 1}}
