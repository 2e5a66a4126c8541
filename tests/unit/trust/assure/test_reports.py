import hashlib
import json

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from typer.testing import CliRunner

from freehold.cli.main import program
from freehold.spec.errors import Unusable
from freehold.trust.assure.catalogue import ROWS, WAITS, row
from freehold.trust.assure.report import paper as paper_room
from freehold.trust.assure.report.attestations import document
from freehold.trust.assure.report.differences import differences
from freehold.trust.assure.report.page import page
from freehold.trust.assure.report.paper import paper
from freehold.trust.assure.run import HEAD, Run, altered, listing, not_executed, read, write
from freehold.trust.assure.verdict import Kept, Result, Verdict


def result(clause, verdict, reason="because", evidence=()):
    return Result("TS 33.512 AMF", clause, f"TC_{clause}", "A", verdict, reason, evidence)


def run_of(*results):
    return Run(HEAD, "A <network>", "freehold 0.1.0", "2026-01-01T00:00:00+00:00", results, not_executed())


MIXED = run_of(
    result("4.2.2.1.1", Verdict.PASS, evidence=(Kept("one/log.txt", "0" * 64),)),
    result("4.2.2.1.2", Verdict.FAIL, "a <b>wrong</b> answer"),
    result("4.2.2.1.4", Verdict.INCONCLUSIVE),
    result("4.2.2.3.1", Verdict.NOT_APPLICABLE),
)


# --- the catalogue ----------
def test_when_the_catalogue_is_listed_then_every_row_is_executable_or_waits_for_something():
    found = listing()
    assert len(found) == len(ROWS) == 143
    assert len({(each.document, each.clause) for each in found}) == len(found)
    for each in found:
        assert (each.state == "executable") == (not each.waits_for), each
    assert {each.waits for each in ROWS if each.waits} == set(WAITS)


def test_when_a_row_is_not_in_the_catalogue_then_key_error():
    assert row("TS 33.512", "4.2.2.3.1").test_case == "TC_NAS_REPLAY_AMF"
    with pytest.raises(KeyError):
        row("TS 33.512", "9.9")


def test_when_documents_are_whole_then_all_their_mandatory_tests_are_executable_or_need_an_option():
    waiting = {each.waits for each in ROWS if each.number in {"TS 33.512", "TS 33.513", "TS 33.514", "TS 33.515"}}
    assert waiting - {""} == {"optional", "tsc", "lan", "charging"}


# --- reports ----------
def test_when_a_run_is_written_as_a_page_then_it_stands_alone_and_holds_no_markup_of_others():
    text = page(MIXED).decode()
    assert HEAD in text
    assert "a &lt;b&gt;wrong&lt;/b&gt; answer" in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<tr>") > len(ROWS) - 80


def test_when_a_report_says_of_itself_then_it_names_what_was_assessed_where_when_and_by_document():
    run = msgspec.structs.replace(MIXED, ended="2026-01-01T00:05:00+00:00", host="Linux 6.1", digest="ab" * 32)
    text = page(run).decode()
    for told in ("2026-01-01T00:05:00+00:00", "Linux 6.1", "ab" * 32, "Release 18", "A &lt;network&gt;"):
        assert told in text
    assert dict(MIXED.facts()).keys() == {"assessed", "assessed with", "begun", "tests"}
    rows = {row[0]: row[1:] for row in run.counts()}
    assert rows["TS 33.512 AMF"][:4] == ("1", "1", "1", "1")
    assert sum(int(row[4]) for row in rows.values()) == len(not_executed())
    assert len(paper(run)) > len(paper(MIXED))


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("TC_SHORT", "TC_SHORT"),
        ("TC_PREDEFINED_AUTHENTICATION_ATTRIBUTES_DELETION", "TC_PREDEFINED_AUTHENTICATION_\nATTRIBUTES_DELETION"),
        ("(unnamed) a sentence that is longer than one line_of the column", None),
        ("A" * 60, None),
        ("_" + "A" * 60, None),
    ],
)
def test_when_a_name_is_long_then_it_goes_on_after_an_underscore(name, broken):
    assert paper_room._broken(name) == (broken or name)


def test_when_a_run_is_written_as_pdf_then_the_same_run_gives_the_same_octets():
    octets = paper(MIXED)
    assert octets.startswith(b"%PDF-")
    assert octets == paper(MIXED)


def test_when_a_run_is_attested_then_it_is_valid_cyclonedx_and_claims_what_was_judged_alone():
    octets = document(MIXED)
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(octets.decode()) is None
    read_ = json.loads(octets)
    (attestation,) = read_["declarations"]["attestations"]
    assert HEAD in attestation["summary"]
    assert [claim["predicate"].split(" TS")[0] for claim in read_["declarations"]["claims"]] == [
        "meets",
        "does not meet",
    ]
    scores = [entry.get("conformance", {}).get("score") for entry in attestation["map"]]
    assert scores == [1, 0, None, None]
    assert document(MIXED) == octets


def test_when_a_claim_is_changed_then_the_serial_number_is_another():
    other = run_of(*MIXED.results[1:])
    assert json.loads(document(other))["serialNumber"] != json.loads(document(MIXED))["serialNumber"]


# --- comparing ----------
def test_when_two_runs_are_compared_then_what_changed_is_named_and_what_is_worse():
    before = run_of(result("1", Verdict.PASS), result("2", Verdict.FAIL), result("3", Verdict.PASS))
    after = run_of(result("1", Verdict.FAIL, "new"), result("2", Verdict.PASS), result("4", Verdict.PASS))
    found = differences(before, after)
    assert [(each.test.split()[-2], each.before, each.after, each.worse) for each in found] == [
        ("1", "PASS", "FAIL", True),
        ("2", "FAIL", "PASS", False),
        ("4", "", "PASS", False),
        ("3", "PASS", "", True),
    ]
    assert differences(after, after) == []


# --- results on disk ----------
def test_when_results_are_written_then_they_are_read_again_and_hashes_stand_beside_them(tmp_path):
    place = write(MIXED, tmp_path)
    assert read(tmp_path) == read(place) == MIXED
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert hashlib.sha256(place.read_bytes()).hexdigest() in sums
    assert altered(MIXED, tmp_path) == ["one/log.txt"]


@pytest.mark.parametrize("octets", [b"", b"{", b"[]", b'{"head": 1}', b"\xff", b"[" * 100_000])
def test_when_results_are_damaged_then_they_are_refused(tmp_path, octets):
    (tmp_path / "results.json").write_bytes(octets)
    with pytest.raises(Unusable, match="no results of an assessment"):
        read(tmp_path)


def test_when_evidence_lies_elsewhere_then_it_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    folder = tmp_path / "run"
    folder.mkdir()
    outside = Kept("../secret", hashlib.sha256(b"x").hexdigest())
    assert altered(run_of(result("1", Verdict.PASS, evidence=(outside,))), folder) == ["../secret"]


# --- the command ----------
def invoke(*words):
    return CliRunner().invoke(program(), ["assure", *map(str, words)])


def test_when_tests_are_run_then_evidence_reports_and_comparison_follow(tmp_path):
    out = tmp_path / "run"
    done = invoke("run", "4.2.2.3.1", "4.2.2.8.1", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {each["verdict"] for each in told["results"]} == {"PASS"}
    assert set(told["results"][0]) >= {"document", "clause", "test_case", "class", "verdict", "reason", "evidence"}
    assert (out / told["results"][0]["evidence"][0]["file"]).read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert invoke("report", out).exit_code == 0
    assert {"report.html", "report.pdf", "attestations.cdx.json"} <= {each.name for each in out.iterdir()}
    assert invoke("compare", out, out).exit_code == 0
    (out / told["results"][0]["evidence"][1]["file"]).write_text("changed")
    assert invoke("report", out).exit_code == 1


def test_when_the_folder_is_not_empty_or_no_test_fits_then_nothing_runs(tmp_path):
    (tmp_path / "old").touch()
    with pytest.raises(Unusable, match="not empty"):
        CliRunner().invoke(program(), ["assure", "run", "--out", str(tmp_path)], catch_exceptions=False)
    with pytest.raises(Unusable, match="no executable test fits"):
        CliRunner().invoke(program(), ["assure", "run", "no such test"], catch_exceptions=False)


def test_when_the_catalogue_is_asked_for_then_it_is_a_table_or_json():
    assert len(json.loads(invoke("list", "--json").stdout)) == 143
    assert "TC_NAS_REPLAY_AMF" in invoke("list").stdout
