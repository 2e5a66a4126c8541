"""The page of user plane functions says what is so."""

from __future__ import annotations

from user_plane import FUNCTIONS, defined, main, missing


def test_when_the_page_names_tests_then_each_is_there():
    assert missing(defined()) == []


def test_when_a_test_is_gone_then_it_is_named():
    known = defined() - {"when_a_rule_copies_then_the_copy_leaves_beside_the_packet"}
    assert missing(known) == ["when_a_rule_copies_then_the_copy_leaves_beside_the_packet"]


def test_when_the_page_is_written_then_each_function_has_a_row(tmp_path):
    place = tmp_path / "page.md"
    assert main(str(place)) == 0
    rows = [line for line in place.read_text().splitlines() if line.startswith("| ")]
    assert len(rows) == len(FUNCTIONS) + 1
    assert {row.count(" | ") for row in rows} == {5}
