"""The compliance page: clauses cited by code, with the tests that name them."""

from __future__ import annotations

from pathlib import Path

from compliance import page
from freehold.trust.handover.clauses import Clause, cited, order


def test_when_clauses_are_cited_then_they_are_found_with_their_files(tmp_path: Path):
    source = tmp_path / "a.py"
    source.write_text("# TS 24.501 5.4.1.3.5, TS 33.501 Annex A.2. RFC 6962 2.1, TS 38.413 10.\n", encoding="utf-8")
    assert cited([source]) == {
        ("TS 24.501", "5.4.1.3.5"): {str(source)},
        ("TS 33.501", "A.2"): {str(source)},
        ("RFC 6962", "2.1"): {str(source)},
        ("TS 38.413", "10"): {str(source)},
    }


def test_when_clauses_are_ordered_then_their_numbers_count():
    keys = [("TS 24.501", "5.10"), ("TS 24.501", "5.9"), ("TS 24.501", "5"), ("TS 23.502", "9"), ("TS 24.501", "A.2")]
    assert sorted(keys, key=order) == [
        ("TS 23.502", "9"), ("TS 24.501", "5"), ("TS 24.501", "5.9"), ("TS 24.501", "5.10"), ("TS 24.501", "A.2"),
    ]  # fmt: skip


def test_when_no_test_names_a_clause_then_the_page_says_so():
    code = {("TS 1", "2"): {"src/freehold/core/x.py"}, ("TS 1", "3"): {"y.py"}}
    known = {("TS 1", "3"): Clause("Scope", "1.0.0", "contents", "2026-11-27")}
    text = "\n".join(page(code, {("TS 1", "3"): {"tests/z.py"}}, known))
    assert "| 2 |  | not had | `core/x.py` | none names it |" in text
    assert "| 3 | Scope | contents 1.0.0 | `y.py` | `z.py` |" in text
    assert "2 clauses are cited by code; 1 of them" in text
    assert "text 0, contents 1, second hand 0, not had 1" in text
