"""The tables of rules, causes and remedies know what the functions say, and nothing else."""

import re
from pathlib import Path

import pytest

from freehold.core.amf.causes import REFUSALS, TRANSIENT
from freehold.manage.why.causes import MM, SM, explain, pfcp
from freehold.manage.why.remedies import BUILDERS
from freehold.manage.why.rules import EVENTS, RULES
from freehold.spec.causes import MmCause, SmCause
from freehold.ue.nas.mm.refusals import EFFECTS

SOURCE = Path(__file__).parents[4] / "src/freehold"
TEXT = "".join(path.read_text() for room in ("core", "ran") for path in (SOURCE / room).rglob("*.py"))
RAISED = set(re.findall(r'(?:Unmet|_differs)\(\s*"([a-z0-9-]+)"', TEXT)) | {
    row.rule for row in (*REFUSALS.values(), TRANSIENT)
}


def test_when_a_function_names_a_rule_then_the_table_has_it_and_no_other():
    assert set(RULES) == RAISED


def test_when_a_rule_names_a_remedy_then_there_is_one_and_each_is_of_use():
    assert {name for rule in RULES.values() for name in rule.remedies} == set(BUILDERS)


def test_when_a_rule_or_cause_cites_then_it_cites_a_clause():
    cited = [rule.clause for rule in RULES.values()]
    cited += [clause for _, clause in EVENTS.values()]
    cited += [told.clause for table in (MM, SM) for told in table.values()]
    assert [clause for clause in cited if not re.fullmatch(r"TS \d\d\.\d{3} [A-Z\d][\w.]*", clause)] == []


def test_when_an_event_says_that_a_procedure_failed_then_some_function_tells_it():
    told = set(re.findall(r'(?:tell|report|fault)\(\s*(?:[^"()]*?name=)?"([\w.-]+)"', TEXT))
    told |= set(re.findall(r'name="([\w-]+)"', TEXT)) | set(re.findall(r'"(upf-[\w-]+)"', TEXT))
    assert set(EVENTS) - told == set()


def test_when_a_cause_makes_a_usim_invalid_then_the_card_is_said_to_be_locked():
    # TS 24.501 5.5.1.2.5: the simulated terminal and what is said of real ones agree
    for cause, effect in EFFECTS.items():
        assert explain(f"5GMM #{int(cause)}").locks == effect.invalidate, cause
    assert explain("AUTHENTICATION REJECT").locks


@pytest.mark.parametrize(("protocol", "table"), [("5GMM", MmCause), ("5GSM", SmCause)])
def test_when_a_nas_cause_is_explained_then_it_has_words_a_clause_and_what_follows(protocol, table):
    for cause in table:
        shown = explain(f"{protocol} #{int(cause)}")
        assert shown.name.startswith(f"{protocol} #{int(cause)}, ")
        assert shown.clause.startswith("TS 24.501 9.11.")
        assert shown.then
    assert explain(f"{protocol} #250").name.endswith("without a name")


def test_when_there_is_no_cause_or_a_strange_one_then_nothing_is_made_up():
    assert explain("") is None
    assert explain("SIP 404") is None
    assert explain("5GMM").name.endswith("without a name")
    assert pfcp("73").endswith("rule creation modification failure")
    assert pfcp("x") == "PFCP cause #x"
