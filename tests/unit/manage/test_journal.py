import pytest

from freehold.manage import alarms
from freehold.manage.alarms import Journal
from freehold.spec.events import Event


def warning(name, subject="", text="text"):
    return Event(name, text, "warning", subject, "do this", "TS 38.413 8.7.1")


def test_when_a_trouble_comes_again_then_it_is_one_alarm_with_its_first_and_last_time():
    journal = Journal()
    for time in (10.0, 20.0, 30.0):
        journal.note(warning("lost", "gnb-1", f"at {time}"), time)
    (alarm,) = journal.alarms()
    assert (alarm.first, alarm.last, alarm.count, alarm.text) == (10.0, 30.0, 3, "at 30.0")
    assert alarm.fix == "do this"


def test_when_troubles_differ_by_subject_then_each_is_an_alarm_and_the_latest_is_first():
    journal = Journal()
    for number, subject in enumerate(("gnb-1", "gnb-2", "gnb-1")):
        journal.note(warning("lost", subject), float(number))
    assert [alarm.subject for alarm in journal.alarms()] == ["gnb-1", "gnb-2"]


@pytest.mark.parametrize("severity", ["debug", "info"])
def test_when_an_event_is_no_trouble_then_it_is_kept_but_no_alarm(severity):
    journal = Journal()
    journal.note(Event("fine", "text", severity), 1.0)
    assert journal.alarms() == []
    assert [event.severity for event in journal.events()] == [severity]


def test_when_an_alarm_is_acknowledged_then_it_comes_back_with_its_cause_under_a_new_number():
    journal = Journal()
    journal.note(warning("lost"), 1.0)
    first = journal.alarms()[0].id
    assert journal.acknowledge(first)
    assert not journal.acknowledge(first)
    journal.note(warning("lost"), 2.0)
    assert journal.alarms()[0].id != first
    assert journal.alarms()[0].count == 1


def test_when_very_many_things_happen_then_memory_is_bounded_and_the_latest_stay(monkeypatch):
    monkeypatch.setattr(alarms, "ALARMS", 10)
    journal = Journal()
    for number in range(2000):
        journal.note(warning("lost", f"gnb-{number}"), float(number))
    assert len(journal.events()) == 1000
    assert journal.events()[-1].subject == "gnb-1999"
    assert [alarm.subject for alarm in journal.alarms()] == [f"gnb-{number}" for number in range(1999, 1989, -1)]
    assert len(journal.events(5)) == 5
