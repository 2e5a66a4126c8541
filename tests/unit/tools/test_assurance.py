"""The reference pages of counters and alarms: every row of the tables is on them."""

import pytest

from assurance import main
from freehold.manage.faults.rules import RAISING, RULES
from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.thresholds import BUILT_IN
from freehold.spec import counters
from freehold.spec.measurements import MEASUREMENTS

STEMS = {"Req", "Succ", "Fail", "RM.RegInit", "RM.RegMob", "RM.RegPeriod", "RM.RegEmerg"}
"""Constants that are parts of names."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    main(folder)
    return {name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in ("counters", "alarms")}


def test_when_the_pages_are_made_then_every_row_of_the_tables_is_there(pages):
    assert all(f"| `{name}` |" in pages["counters"] for name in (*MEASUREMENTS, *KPIS))
    assert all(f"| `{name}` |" in pages["alarms"] for name in (*RULES, *(each.name for each in BUILT_IN)))
    assert all(f"`{event}`" in pages["alarms"] for event in RAISING)


def test_when_a_page_has_a_table_then_each_line_has_the_columns_of_its_head(pages):
    for text in pages.values():
        columns = 0
        for line in text.splitlines():
            if line.startswith("|---"):
                columns = line.count("|")
            elif line.startswith("| `"):
                assert line.count("|") == columns, line


def test_when_a_counter_has_a_name_then_it_has_a_meaning():
    names = {value for name, value in vars(counters).items() if name.isupper() and isinstance(value, str)}
    assert names - STEMS <= set(MEASUREMENTS)


def test_when_an_alarm_is_raised_by_an_event_then_some_function_tells_it(request):
    root = request.config.rootpath / "src" / "freehold"
    text = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py") if "faults" not in path.parts)
    cleared = {name for rule in RULES.values() for name in rule.cleared_by}
    assert [name for name in (*RAISING, *cleared) if f'"{name}"' not in text] == []
