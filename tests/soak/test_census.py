"""The census that the soak tests believe."""

import gc

from freehold.procedure import AlarmQueue
from soakkit.census import census, grown


def test_when_a_container_grows_then_the_census_names_it():
    queue = AlarmQueue()
    gc.collect()  # what tests before left behind goes now, not between the two
    before = census()
    alarm = queue.call_at(1.0, print)
    after = census()
    assert grown(before, after) == {"AlarmQueue._heap": (before["AlarmQueue._heap"], before["AlarmQueue._heap"] + 1),
                                    "QueuedAlarm": (before["QueuedAlarm"], before["QueuedAlarm"] + 1)}  # fmt: skip
    alarm.cancel()


def test_when_nothing_changes_then_nothing_has_grown():
    assert grown(census(), census()) == {}
