import json

import pytest

from freehold.cli.config import toml
from freehold.cli.output import cell, show_fields, show_rows, table, watched


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (1.25, "1.2"),
        ([], "-"),
        (["a", 1], "a, 1"),
        ({"id": 1, "ok": True}, "id=1 ok=yes"),
    ],
)
def test_when_a_value_is_shown_then_a_person_can_read_it(value, text):
    assert cell(value) == text


def test_when_rows_are_shown_then_columns_line_up_and_lines_have_no_tail():
    lines = table([{"a": "x", "b": 1}, {"a": "longer", "b": None}], {"a": "A", "b": "B"})
    assert lines == ["A       B", "x       1", "longer  -"]


def test_when_a_table_is_wider_than_the_terminal_then_sentences_give_way():
    columns = {"a": "A", "b": "B", "c": "C"}
    rows = [{"a": "short", "b": "so it is " * 9, "c": "y" * 20}]
    lines = table(rows, columns, 60)
    assert [len(line) for line in lines] == [41, 60]
    assert lines[1].startswith("short  so it is")
    assert lines[1].endswith("…  " + "y" * 20)
    assert table(rows, columns)[1].endswith("y" * 20)
    assert len(table(rows, columns, 3)[1]) > 3  # nothing is cut to nothing


def test_when_a_row_is_wider_than_the_terminal_then_it_is_folded_and_no_name_or_number_is_cut():
    columns = {"supi": "SUPI", "none": "NONE", "state": "STATE", "octets": "OCTETS", "trouble": "TROUBLE"}
    rows = [
        {"supi": "imsi-001010000000001", "state": "5GMM-REGISTERED", "octets": 59857000, "trouble": "no answer of it"},
        {"supi": "imsi-001010000000002", "state": "5GMM-REGISTERED", "octets": None, "trouble": None},
    ]
    assert table(rows, columns, 40) == [
        "SUPI                  STATE",
        "    OCTETS    TROUBLE",
        "imsi-001010000000001  5GMM-REGISTERED",
        "    59857000  no answer of it",
        "imsi-001010000000002  5GMM-REGISTERED",
    ]
    assert "NONE" in table(rows, columns, 120)[0]
    assert "NONE" in table(rows, columns)[0]


def test_when_output_is_watched_then_it_is_drawn_until_interrupted(monkeypatch):
    drawn = []

    def sleep(seconds):
        if len(drawn) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("freehold.cli.output.time.sleep", sleep)
    watched(lambda: drawn.append(1), watch=True)
    assert len(drawn) == 3
    watched(lambda: drawn.append(1), watch=False)
    assert len(drawn) == 4


def test_when_there_is_nothing_then_output_stays_empty_and_a_note_says_so(capsys):
    show_rows([], {"a": "A"}, as_json=False, none="nothing here")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "nothing here\n")
    show_rows([], {"a": "A"}, as_json=True, none="nothing here")
    assert json.loads(capsys.readouterr().out) == []


def test_when_fields_are_shown_then_both_forms_have_them(capsys):
    show_fields({"name": "x", "ues": 3}, as_json=False)
    assert capsys.readouterr().out == "name  x\nues   3\n"
    show_fields({"name": "ü", "ues": 3}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"name": "ü", "ues": 3}


def test_when_a_configuration_is_shown_then_it_is_toml():
    import tomllib

    sections = {"a": {"text": 'say "hi" \\', "flag": True, "list": [1, "x"], "none": None}, "b": [{"n": 1}, {"n": 2.5}]}
    read = tomllib.loads("\n".join(toml(sections)))
    assert read == {"a": {"text": 'say "hi" \\', "flag": True, "list": [1, "x"]}, "b": [{"n": 1}, {"n": 2.5}]}


def test_when_a_field_has_many_things_then_each_begins_a_line_and_says_what_it_has(capsys, monkeypatch):
    many = {"supi": "x", "sessions": [{"id": 1, "dnn": "internet", "ip6": ""}, {"id": 2, "dnn": "ims" * 9}]}
    show_fields(many, as_json=False)
    assert capsys.readouterr().out == f"supi      x\nsessions  id=1 dnn=internet\n          id=2 dnn={'ims' * 9}\n"
    monkeypatch.setattr("freehold.cli.output.terminal_width", lambda: 40)
    show_fields(many, as_json=False)
    assert capsys.readouterr().out.endswith(f"\n          id=2\n          dnn={'ims' * 9}\n")
