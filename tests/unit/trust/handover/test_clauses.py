"""Citations of clauses in source text, and the list that says what each clause is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.trust.handover.clauses import CHECKED, LIST, UNLISTED, Clause, cited, of_source, rows, titles


def found_in(tmp_path: Path, text: str) -> set[tuple[str, str]]:
    source = tmp_path / "a.py"
    source.write_text(text, encoding="utf-8")
    return set(cited([source]))


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("(TS 24.501 5.4.1.3.5).", ["TS 24.501 5.4.1.3.5"]),
        ("TS 24.501 9.11.3.3, 9.11.3.4)", ["TS 24.501 9.11.3.3", "TS 24.501 9.11.3.4"]),
        ("TS 29.244 8.2.13 to 8.2.18 and 7.5.2.4", ["TS 29.244 7.5.2.4", "TS 29.244 8.2.13", "TS 29.244 8.2.18"]),
        ("RFC 3748 4.1, 5.7, and 5.3.1", ["RFC 3748 4.1", "RFC 3748 5.3.1", "RFC 3748 5.7"]),
        ("TS 33.501 Annex A.2, A.8", ["TS 33.501 A.2", "TS 33.501 A.8"]),
        ("TS 24.501 9.11.3.18B: and TS 29.244 5.2.1A.2", ["TS 24.501 9.11.3.18B", "TS 29.244 5.2.1A.2"]),
        ("TS 24.007 11.2.3.1a, TS 38.413 10.3.4.1A", ["TS 24.007 11.2.3.1a", "TS 38.413 10.3.4.1A"]),
        ("TS 32.111-2 6.3.1", ["TS 32.111-2 6.3.1"]),
        ("TS 24.501 10.2, 16 s; T3550", ["TS 24.501 10.2"]),
        ("TS 38.413 10.6, 3 gNBs, RFC 9110", ["TS 38.413 10.6"]),
        ("TS 24.501 table 10.2.1", []),
        ("TS 23.502 4.2.2.2.2 steps 4 to 6", ["TS 23.502 4.2.2.2.2"]),
        ("TS 24.501 5.5.1.2.8 b, 5.6.1.8 b", ["TS 24.501 5.5.1.2.8"]),
        ("TS 33.501 8-9", []),
    ],
)
def test_when_clauses_are_cited_then_each_is_found(tmp_path, text, clauses):
    assert sorted(" ".join(key) for key in found_in(tmp_path, text)) == clauses


def test_when_engines_cite_clauses_then_they_count_and_what_was_built_does_not(tmp_path):
    for name in ("native/nas/src/a.rs", "native/target/b.rs", "bpf/c.h", "web/src/d.ts", "src/freehold/core/e.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("// TS 24.501 8.2", encoding="utf-8")
    code, tests = of_source(tmp_path)
    assert code == {("TS 24.501", "8.2"): {"native/nas/src/a.rs", "bpf/c.h", "web/src/d.ts", "src/freehold/core/e.py"}}
    assert not tests


HEAD = "specification\tclause\ttitle\tversion\tchecked\ton\n"


def listed(root: Path, text: str) -> dict[tuple[str, str], Clause]:
    path = root / LIST
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return titles(root)


def test_when_a_list_is_read_then_its_clauses_have_titles(tmp_path):
    known = listed(tmp_path, HEAD + "TS 24.501\t4.4\tNAS security\t19.6.2\tcontents\t2026-11-27\n")
    assert known == {("TS 24.501", "4.4"): Clause("NAS security", "19.6.2", "contents", "2026-11-27")}
    (told, unknown) = rows({("TS 24.501", "4.4"): {"a.py"}, ("TS 24.501", "5"): {"b.py"}}, {}, known)
    assert (told["title"], told["version"], told["checked"]) == ("NAS security", "19.6.2", "contents")
    assert (unknown["title"], unknown["checked"]) == (UNLISTED.title, "not had")


@pytest.mark.parametrize(
    "line",
    ["TS 24.501\t4.4", "TS 24.501\t4.4\tNAS security\t1\tguessed\t", "A\tB\tC\t\ttext\t\nA\tB\tC\t\ttext\t"],
)
def test_when_a_line_is_none_of_the_list_then_it_is_named(tmp_path, line):
    with pytest.raises(ValueError, match=r"line [23]: six fields"):
        listed(tmp_path, HEAD + line)


def test_when_a_source_has_no_list_then_nothing_has_a_title(tmp_path):
    assert titles(tmp_path) == {}


def test_when_this_code_cites_a_clause_then_the_list_says_what_it_is_called(pytestconfig):
    root = pytestconfig.rootpath
    code, _ = of_source(root)
    known = titles(root)
    missing = [f"{' '.join(key)} in {', '.join(sorted(code[key]))}" for key in sorted(set(code) - set(known))]
    assert not missing, f"look them up and add a line for each to {LIST}"


def test_when_the_list_says_how_a_clause_was_checked_then_it_says_when(pytestconfig):
    known = titles(pytestconfig.rootpath)
    assert all(clause.title for clause in known.values())
    assert all(bool(clause.on) == (clause.checked != CHECKED[-1]) for clause in known.values())
