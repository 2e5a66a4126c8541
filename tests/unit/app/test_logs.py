import logging

import pytest

from freehold.app import logs
from freehold.spec.events import Event


@pytest.fixture(autouse=True)
def as_before():
    kept = (logs.LOGGER.handlers, logs.LOGGER.level, logs.LOGGER.propagate)
    yield
    logs.LOGGER.handlers, logs.LOGGER.propagate = kept[0], kept[2]
    logs.LOGGER.setLevel(kept[1])


def test_when_an_event_is_logged_then_one_line_says_all_of_it(capsys):
    logs.start("info")
    logs.log(Event("x", "TAC 7\nis not served", "warning", "gnb-7", "set network.tac = 7", "TS 38.413 8.7.1"))
    line = capsys.readouterr().err
    assert line.endswith("WARNING gnb-7: TAC 7 is not served; set network.tac = 7 [TS 38.413 8.7.1]\n")


def test_when_an_event_is_below_the_level_then_it_is_not_logged(capsys):
    logs.start("warning")
    logs.log(Event("x", "text", "info"))
    assert capsys.readouterr().err == ""


def test_when_the_screen_is_covered_then_nothing_is_written(capsys):
    logs.start("debug", quiet=True)
    logs.log(Event("x", "text", "error"))
    assert capsys.readouterr().err == ""
    assert logs.LOGGER.level == logging.DEBUG
