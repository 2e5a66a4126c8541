"""What a log server reads: the header, the structured data and the text of RFC 5424."""

import re

import pytest

from freehold import __version__
from freehold.manage.syslog.message import MOST, Origin, of_act, of_event
from freehold.services.ledger import Act
from freehold.spec.events import Event

ORIGIN = Origin("core.example", 42)
HEADER = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>[!-~]{1,255}) (?P<program>[!-~]{1,48}) (?P<process>[!-~]{1,128})"
    rb" (?P<kind>[!-~]{1,32}) (?P<data>(?:\[[^\]]+\])+) \xef\xbb\xbf(?P<text>.*)",
    re.DOTALL,
)


def read(message):
    """The fields of a message by the grammar of RFC 5424 6, which a message out of order does not fit."""
    return {name: value.decode() for name, value in HEADER.fullmatch(message).groupdict().items()}


def test_when_somebody_acts_then_it_is_an_audit_message_with_who_and_what():
    act = Act(1767225600.25, "anna", "subscriber.delete", "imsi-001010000000001", "with its sessions")
    assert read(of_act(ORIGIN, act, 7)) == {
        "priority": "109",  # log audit, notice
        "time": "2026-01-01T00:00:00.250000Z",
        "host": "core.example",
        "program": "freehold",
        "process": "42",
        "kind": "subscriber.delete",
        "data": f'[origin software="freehold" swVersion="{__version__}"][meta sequenceId="7"]',
        "text": "anna: subscriber.delete imsi-001010000000001: with its sessions",
    }


@pytest.mark.parametrize(
    ("event", "priority"),
    [
        (Event("bug", "it broke", "error"), "131"),
        (Event("gnb-lost", "gone", "warning"), "132"),
        (Event("gnb-connected", "there", "info"), "134"),
        (Event("noise", "hm", "debug"), "135"),
        (Event("login-refused", "no", "warning"), "84"),
    ],
)
def test_when_something_happens_then_facility_and_severity_say_how_bad(event, priority):
    assert read(of_event(ORIGIN, event, 0.0, 1))["priority"] == priority


def test_when_an_event_has_a_remedy_then_it_stands_in_the_text():
    event = Event("gnb-refused", "its TAC is unknown", "warning", "gnb-1", "set network.tac", "TS 38.413 8.7.1.3")
    told = read(of_event(ORIGIN, event, 0.0, 1))["text"]
    assert told == "gnb-1: its TAC is unknown; set network.tac [TS 38.413 8.7.1.3]"


@pytest.mark.parametrize("text", ["two\nlines", "a\0b", "\x1b[31mred", "<34>1 - - - - - - forged", "\u2028"])
def test_when_a_text_would_begin_another_message_then_it_is_still_one(text):
    told = read(of_act(ORIGIN, Act(0.0, "eve", "x", text), 1))["text"]
    assert told.isprintable()
    assert len(told) == len(f"eve: x {text}")


@pytest.mark.parametrize("host", ["", "with space", "h\u00f6st", "x" * 300])
def test_when_a_name_is_none_then_the_header_still_reads(host):
    assert 1 <= len(read(of_act(Origin(host, 1), Act(0.0, "a", "an act"), 1))["host"]) <= 255


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u4e2d", "\U0001f5dd"])
def test_when_a_text_is_long_then_it_ends_with_a_whole_character(letter):
    message = of_act(ORIGIN, Act(0.0, "a", "x", letter * 4000), 1)
    assert MOST - 4 < len(message) <= MOST
    assert set(read(message)["text"]) <= {*"a: x ", letter}
