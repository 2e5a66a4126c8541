import pytest

from freehold.manage.journal import Journal
from freehold.spec.events import Event


@pytest.mark.parametrize("severity", ["debug", "info", "warning", "error"])
def test_when_something_happens_then_it_is_kept_as_it_was_told(severity):
    journal = Journal()
    journal.note(Event("fine", "text", severity, "gnb-1", "do this", "TS 38.413 8.7.1"), 1.0)
    (event,) = journal.events()
    assert (event.time, event.name, event.severity, event.subject) == (1.0, "fine", severity, "gnb-1")
    assert (event.fix, event.clause) == ("do this", "TS 38.413 8.7.1")


def test_when_very_many_things_happen_then_memory_is_bounded_and_the_latest_stay():
    journal = Journal()
    for number in range(2000):
        journal.note(Event("lost", "text", "warning", f"gnb-{number}"), float(number))
    assert len(journal.events()) == 1000
    assert journal.events()[-1].subject == "gnb-1999"
    assert len(journal.events(5)) == 5
