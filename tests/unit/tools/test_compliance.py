"""The compliance page: clauses cited by code, with the tests that name them."""

from __future__ import annotations

from pathlib import Path

from compliance import cited, order, page


def test_when_clauses_are_cited_then_they_are_found_with_their_files(tmp_path: Path):
    source = tmp_path / "a.py"
    source.write_text("# TS 24.501 5.4.1.3.5, TS 33.501 Annex A.2. RFC 6962 2.1, TS 38.413 10.\n", encoding="utf-8")
    assert cited([source]) == {
        ("TS 24.501", "5.4.1.3.5"): {str(source)},
        ("TS 33.501", "Annex A.2"): {str(source)},
        ("RFC 6962", "2.1"): {str(source)},
        ("TS 38.413", "10"): {str(source)},
    }


def test_when_clauses_are_ordered_then_their_numbers_count():
    keys = [("TS 24.501", "5.10"), ("TS 24.501", "5.9"), ("TS 24.501", "5"), ("TS 23.502", "9"), ("TS 24.501", "A.2")]
    assert sorted(keys, key=order) == [
        ("TS 23.502", "9"), ("TS 24.501", "5"), ("TS 24.501", "5.9"), ("TS 24.501", "5.10"), ("TS 24.501", "A.2"),
    ]  # fmt: skip


def test_when_no_test_names_a_clause_then_the_page_says_so():
    text = "\n".join(
        page({("TS 1", "2"): {"src/freehold/core/x.py"}, ("TS 1", "3"): {"y.py"}}, {("TS 1", "3"): {"tests/z.py"}})
    )
    assert "| 2 | `core/x.py` | none names it |" in text
    assert "| 3 | `y.py` | `z.py` |" in text
    assert "2 clauses are cited by code; 1 of them" in text
