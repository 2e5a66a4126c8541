"""The alarm list: one alarm a trouble, its life from raised to acknowledged, and that it survives its process."""

import pytest

from freehold.manage.faults import alarm_list
from freehold.manage.faults.alarm_list import AlarmList
from freehold.manage.faults.rules import RULES
from freehold.store import MemoryStore, SqliteStore
from freehold.store.folder import DataFolder

LOST = RULES["gnb-lost"]


class Clock:
    def __init__(self):
        self.time = 100.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def alarms(store, clock):
    return AlarmList(store, clock)


def heard(alarms):
    told = []
    alarms.listen(lambda each: told.append((each.notification_type, each.alarm.perceived_severity)))
    return told


def test_when_a_trouble_is_seen_again_then_it_is_one_alarm_with_its_first_and_last_time(alarms, clock):
    told = heard(alarms)
    for time in (10.0, 20.0, 30.0):
        clock.time = time
        alarms.raise_(LOST, "gnb-1", "MAJOR", f"at {time}")
    (alarm,) = alarms.all()
    assert (alarm.raised, alarm.last_seen, alarm.count, alarm.text) == (10.0, 30.0, 3, "at 30.0")
    assert (alarm.object_class, alarm.object_instance) == ("GNBCUCPFunction", "gnb-1")
    assert (alarm.alarm_type, alarm.probable_cause) == ("COMMUNICATIONS_ALARM", "communicationsSubsystemFailure")
    assert told == [("notifyNewAlarm", "MAJOR")]


def test_when_a_trouble_grows_worse_then_its_alarm_changes_and_is_told(alarms):
    told = heard(alarms)
    pool = RULES["address-pool"]
    alarms.raise_(pool, "internet", "MINOR", "86 %")
    alarms.raise_(pool, "internet", "CRITICAL", "all")
    (alarm,) = alarms.all()
    assert alarm.perceived_severity == "CRITICAL"
    assert told == [("notifyNewAlarm", "MINOR"), ("notifyChangedAlarm", "CRITICAL")]


def test_when_troubles_differ_then_the_worst_stands_first(alarms, clock):
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    clock.time += 1
    alarms.raise_(LOST, "gnb-2", "MAJOR", "")
    alarms.raise_(RULES["upf-lost"], "UPF", "CRITICAL", "")
    assert [alarm.object_instance for alarm in alarms.all()] == ["UPF", "gnb-2", "gnb-1"]


def test_when_an_alarm_is_cleared_and_then_acknowledged_then_it_leaves_the_list_for_the_history(alarms, clock):
    told = heard(alarms)
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    clock.time = 150.0
    alarms.clear("gnb-lost", "gnb-1")
    (alarm,) = alarms.all()
    assert (alarm.perceived_severity, alarm.cleared, alarm.ack_state) == ("CLEARED", 150.0, "UNACKNOWLEDGED")
    alarms.acknowledge(alarm, "anna")
    assert alarms.all() == []
    (over,) = alarms.history()
    assert (over.ack_state, over.ack_user, over.ack_time) == ("ACKNOWLEDGED", "anna", 150.0)
    assert [what for what, _ in told] == ["notifyNewAlarm", "notifyClearedAlarm", "notifyAckStateChanged"]


def test_when_an_alarm_is_acknowledged_first_then_it_stands_until_its_cause_is_gone(alarms):
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    alarms.acknowledge(alarms.all()[0], "anna")
    assert [alarm.stands for alarm in alarms.all()] == [True]
    alarms.unacknowledge(alarms.all()[0], "bert")
    assert alarms.all()[0].ack_state == "UNACKNOWLEDGED"
    alarms.acknowledge(alarms.all()[0], "anna")
    alarms.clear("gnb-lost", "gnb-1")
    assert alarms.all() == []
    assert len(alarms.history()) == 1


def test_when_a_cleared_trouble_comes_back_then_it_is_another_alarm(alarms):
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    first = alarms.all()[0].id
    alarms.clear("gnb-lost", "gnb-1")
    alarms.raise_(LOST, "gnb-1", "MAJOR", "again")
    (alarm,) = alarms.all()
    assert alarm.id != first
    assert [over.id for over in alarms.history()] == [first]


def test_when_nothing_stands_then_clearing_it_says_so(alarms):
    assert alarms.clear("gnb-lost", "gnb-1") is None


def test_when_somebody_comments_then_who_and_when_is_kept_and_comments_are_bounded(alarms, clock):
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    for number in range(60):
        clock.time += 1
        alarms.comment(alarms.all()[0], "anna", f"{number}")
    comments = alarms.all()[0].comments
    assert len(comments) == 50
    assert (comments[-1].user, comments[-1].text, comments[-1].time) == ("anna", "59", 160.0)


def test_when_the_program_starts_again_then_list_and_history_are_as_they_were(store, clock, alarms):
    alarms.raise_(LOST, "gnb-1", "MAJOR", "one")
    alarms.raise_(LOST, "gnb-2", "MAJOR", "two")
    alarms.clear("gnb-lost", "gnb-1")
    alarms.acknowledge(alarms.of("gnb-lost", "gnb-1"), "anna")
    again = AlarmList(store, clock)
    assert again.all() == alarms.all()
    assert again.history() == alarms.history()
    again.raise_(LOST, "gnb-3", "MAJOR", "three")
    assert again.of("gnb-lost", "gnb-3").id == "3"
    assert again.of("gnb-lost", "gnb-3").notification_id > alarms.of("gnb-lost", "gnb-2").notification_id


def test_when_the_process_dies_then_what_was_acknowledged_is_on_the_disk(tmp_path, clock):
    posted = []
    store = SqliteStore(DataFolder(tmp_path), posted.append)
    alarms = AlarmList(store, clock)
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    done = alarms.acknowledge(alarms.all()[0], "anna")
    while not done.settled:
        while posted:
            posted.pop(0)()
    kept = dict(store.load("alarms"))  # as a program that starts now reads it
    store.close()
    assert b'"ack_user":"anna"' in kept["000000000001"]


def test_when_troubles_are_very_many_then_the_list_and_the_history_are_bounded(alarms, monkeypatch):
    monkeypatch.setattr(alarm_list, "MOST", 5)
    monkeypatch.setattr(alarm_list, "MOST_HISTORY", 7)
    for number in range(40):
        alarms.raise_(LOST, f"gnb-{number}", "MAJOR", "")
    assert {alarm.object_instance for alarm in alarms.all()} == {f"gnb-{number}" for number in range(35, 40)}
    assert len(alarms.history()) == 7


def test_when_somebody_invents_names_then_they_are_one_alarm_of_several_objects(alarms):
    for number in range(alarm_list.MOST_OF_ONE + 50):
        alarms.raise_(RULES["unlisted-peer"], f"10.0.0.{number}", "MINOR", "")
    assert len(alarms.all()) == alarm_list.MOST_OF_ONE + 1
    assert alarms.of("unlisted-peer", "several").count == 50


def test_when_alarms_are_counted_then_each_severity_has_its_number(alarms):
    alarms.raise_(LOST, "gnb-1", "MAJOR", "")
    alarms.raise_(RULES["upf-lost"], "UPF", "CRITICAL", "")
    alarms.clear("upf-lost", "UPF")
    counts = alarms.counts()
    assert (counts.critical, counts.major, counts.cleared, counts.unacknowledged) == (0, 1, 1, 2)


def test_when_the_store_holds_what_is_no_alarm_then_the_rest_is_read(store, clock):
    store.commit("alarms", [("000000000001", b"{"), ("000000000002", b'{"id": 3}')])
    assert AlarmList(store, clock).all() == []
