import json
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


def test_when_logs_are_json_then_each_line_is_an_object_with_the_ue_of_its_event(capsys):
    logs.start("info", as_json=True)
    logs.log(Event("session-refused", "no\naddress", "warning", "imsi-...0001", "widen", "TS 1", ue="abcdef012345"))
    logging.getLogger("freehold").info("management API: %s", "here")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert {name: first[name] for name in ("level", "event", "text", "subject", "ue", "fix", "clause")} == {
        "level": "warning", "event": "session-refused", "text": "no\naddress", "subject": "imsi-...0001",
        "ue": "abcdef012345", "fix": "widen", "clause": "TS 1",
    }  # fmt: skip
    assert (second["level"], second["text"]) == ("info", "management API: here")
    assert first["time"].endswith("+00:00")


def test_when_functions_tell_of_a_ue_then_the_pseudonym_is_the_same_in_each(freehold_network, freehold_run):
    async def script():
        events = []
        freehold_network.world.listen(events.append)
        ue = freehold_network.ue()
        await ue.register()
        amf, smf = freehold_network.core.amf.function, freehold_network.core.smf._smf
        await ue.pdu_session()
        amf.tell("a", "x", subject=amf.contexts.supis[ue.supi])
        smf.tell("b", "y", subject=next(iter(smf.contexts)))
        smf.tell("c", "z", subject="UPF")
        return [event.ue for event in events if event.name in {"a", "b", "c"}]

    one, two, three = freehold_run(script())
    assert one == two
    assert (len(one), three) == (12, "")
