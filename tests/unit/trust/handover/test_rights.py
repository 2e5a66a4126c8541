"""What is declared, what is not granted, what it may be worth: and that no licence is looked at by the program."""

import contextlib
import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from freehold.cli import main as entry
from freehold.trust.handover import declarations, value
from freehold.trust.handover.clauses import of_source, rows, titles
from freehold.trust.handover.declarations import read_general, read_patents, specifications_of
from freehold.trust.handover.gap import gaps
from freehold.trust.handover.grant import Terms
from freehold.trust.seal import Refused

SAMPLES = "docs/how-to/samples"  # synthetic: no row is of a real holder
OLDER = (
    "Declaring company,Publication Number,Application Number,Country,Standard,Declaration date,Patent family\n"
    'Alpha Radio (sample),EP0000001,EP000001,EP,"TS 24.501, TS 138 413 V16",2020-01-01,A1\n'
)
TERMS = Terms(
    "Rehearsal Licensor", "Buyer GmbH", "all", "worldwide", "one-off", modify=True, sublicense=False, assign=True
)


@pytest.fixture
def exports(pytestconfig):
    return pytestconfig.rootpath / SAMPLES


def test_when_exports_are_read_then_each_declaration_is_there(exports, tmp_path):
    found = list(read_patents(exports / "isld.csv"))
    assert [(each.holder.partition(" (")[0], each.specification) for each in found] == [
        ("Alpha Radio", "TS 24.501"), ("Alpha Radio", "TS 24.501"), ("Alpha Radio", "TS 38.413"),
        ("Beta; and Sons", "TS 36.331"), ("Rehearsal Licensor", "TS 23.501"),
    ]  # fmt: skip
    assert found[0].publications == ("EP0000001A1", "EP0000001B1")
    assert (found[0].jurisdiction, found[0].date, found[0].family) == ("EP", "2020-01-01", "101")
    general = read_general(exports / "general.csv")
    assert [(each.holder.partition(" (")[0], each.to_all) for each in general] == [
        ("Alpha Radio", False), ("Gamma Systems", True), ("Rehearsal Licensor", True),
    ]  # fmt: skip
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(exports / "isld.csv", "ISLD-export.csv")
    assert list(read_patents(tmp_path / "x.zip")) == found


def test_when_columns_have_other_names_or_marks_then_they_are_found(tmp_path):
    (tmp_path / "old.csv").write_text(OLDER, encoding="utf-8-sig")
    found = list(read_patents(tmp_path / "old.csv"))
    assert [each.specification for each in found] == ["TS 24.501", "TS 38.413"]
    (tmp_path / "tabs.csv").write_text("comp legal name\tSTANDARD\nA\tTS 24.501\n\tTS 24.501\nB\n")
    assert [each.holder for each in read_patents(tmp_path / "tabs.csv")] == ["A"]


@pytest.mark.parametrize(
    ("text", "named"),
    [("TS 24.501", ["TS 24.501"]), ("TS 124 501", ["TS 24.501"]), ("24501 v16.1.0", ["TS 24.501"]),
     ("24.501", ["TS 24.501"]), ("5GS", []), ("LTE", []), ("", []), ("1124.501", [])],
)  # fmt: skip
def test_when_a_cell_names_specifications_then_they_are_found(text, named):
    assert specifications_of(text) == named


def zipped(*names):
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        for name in names:
            archive.writestr(name, "COMP_LEGAL_NAME;Standard\nA;TS 24.501\n")
    return octets.getvalue()


@pytest.mark.parametrize(
    "octets",
    [b"", b"a;b\n1;2\n", b'COMP_LEGAL_NAME;Standard\n"open', b"Standard\nTS 24.501\n", b"COMP_LEGAL_NAME\nA\n",
     b"\xff\xfe\x00", b"PK\x03\x04 no archive", zipped(), zipped("a.csv", "b.csv"), zipped("a.csv")[:-30],
     b"COMP_LEGAL_NAME;Standard\n" + b"A" * (1 << 20)],
)  # fmt: skip
def test_when_an_export_is_none_then_it_is_refused(tmp_path, octets):
    (tmp_path / "x.csv").write_bytes(octets)
    with pytest.raises(Refused):
        list(read_patents(tmp_path / "x.csv"))


def test_when_an_export_has_too_many_rows_or_is_no_file_then_it_is_refused(tmp_path, monkeypatch, exports):
    monkeypatch.setattr(declarations, "MOST_ROWS", 3)
    with pytest.raises(Refused, match="larger than any export"):
        list(read_patents(exports / "isld.csv"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="no regular file"):
        list(read_patents(tmp_path / "pipe"))


def test_when_rights_are_of_others_then_each_is_a_gap_and_the_licensors_own_is_none(exports):
    found = gaps(
        TERMS,
        {},
        ["TS 24.501", "TS 38.413", "TS 23.501"],
        read_patents(exports / "isld.csv"),
        read_general(exports / "general.csv"),
    )
    patents = {each.holder: each.why for each in found if each.name == "patents"}
    assert set(patents) == {"Alpha Radio (sample)", "Gamma Systems (sample)"}
    assert patents["Alpha Radio (sample)"] == "2 to TS 24.501, TS 38.413: declared, unverified, not a claim chart"
    assert patents["Gamma Systems (sample)"].startswith("a general declaration only, to all standards, of 2019-05-05")
    names = {each.name: each.state for each in found}
    assert names["sublicense"] == "not granted"
    assert "modify" not in names
    assert names["export"] == names["cra"] == "a duty of the licensee"


def test_when_this_source_is_read_then_its_clauses_have_code_and_tests(pytestconfig):
    root = pytestconfig.rootpath
    found = {(each["specification"], each["clause"]): each for each in rows(*of_source(root), titles(root))}
    assert len(found) > 500
    row = found["TS 24.501", "5.4.1.3.5"]
    assert all(name.startswith("src/freehold/") for name in row["code"])
    assert row["tests"]
    assert row["title"] == "Authentication not accepted by the network"


def assumption(low, base, high):
    return f'{{low = {low}, base = {base}, high = {high}, unit = "1", source = "a report", date = "2026-01-01"}}'


MODEL = f"""
currency = "EUR"
years = 2
units = {assumption(100, 100, 200)}
growth = {assumption(0, 1, 1)}
price = {assumption(10, 10, 10)}
royalty = {assumption(0.1, 0.1, 0.1)}
discount = {assumption(0, 0.25, 0.25)}
lump_sum = {assumption(50, 100, 100)}
upkeep = {assumption(0, 25, 25)}
"""


def test_when_a_model_is_reckoned_then_the_values_are_those_by_hand(tmp_path):
    (tmp_path / "model.toml").write_text(MODEL)
    told = value.table(value.read_model(tmp_path / "model.toml"))
    assert told["heading"] == "a model, not a valuation"
    assert told["cases"]["low"] == {"running royalties": 200.0, "lump sum": 50.0, "lump sum is cheaper by": 150.0}
    # 100 / 1.25 + 200 / 1.5625, and 100 + 25 / 1.25 + 25 / 1.5625.
    assert told["cases"]["base"] == pytest.approx(
        {"running royalties": 208.0, "lump sum": 136.0, "lump sum is cheaper by": 72.0}
    )
    assert all(each["source"] and each["date"] for each in told["assumptions"].values())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source = "a report"', 'source = " "'), ("years = 2", "years = 1000"), ("years = 2", "years = 0"),
        ("low = 100", "low = 1000"),
        ("low = 100", "low = nan"), ("high = 200", "high = inf"), ("low = 0, base = 0.25", "low = -1, base = 0.25"),
        ("EUR", '"'),
    ],
)  # fmt: skip
def test_when_an_assumption_has_no_sense_or_source_then_it_is_refused(tmp_path, old, new):
    assert old in MODEL
    (tmp_path / "model.toml").write_text(MODEL.replace(old, new))
    with pytest.raises(Refused):
        value.read_model(tmp_path / "model.toml")


@pytest.fixture
def run(monkeypatch, capsys):
    def runner(*arguments):
        monkeypatch.setattr(sys, "argv", ["freehold", "handover", *map(str, arguments)])
        status = 0
        try:
            entry.main()
        except SystemExit as end:
            status = end.code or 0
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return runner


def test_when_clauses_are_asked_for_then_patents_are_shown_to_counsel_alone(run, exports, pytestconfig):
    root = ["--source", pytestconfig.rootpath]
    status, out, _ = run("clauses", *root, "--json")
    assert (status, "Alpha Radio" in out) == (0, False)
    assert run("clauses", *root, "--patents", exports / "isld.csv")[0] == 2
    status, out, err = run("clauses", *root, "--counsel", "--patents", exports / "isld.csv", "--json")
    assert "not a claim chart" in err
    rows = {each["specification"]: each for each in json.loads(out)}
    assert rows["TS 24.501"]["publications"] == ["EP0000001A1", "EP0000001B1"]
    assert "5.4.1.3.5" in rows["TS 24.501"]["clauses"]
    assert {each["state"] for each in rows.values()} == {"declared, unverified, not a claim chart"}
    assert "TS 36.331" not in rows


def test_when_commands_are_given_hostile_files_then_each_refuses_with_a_line_and_status_1(run, tmp_path):
    (tmp_path / "bad").write_bytes(b"[" * 1000)
    for command in (["gap", tmp_path / "bad"], ["value", tmp_path / "bad"]):
        status, out, err = run(*command)
        assert (status, out, err.count("\n") <= 2) == (1, "", True)


def test_when_the_licence_file_is_gone_then_nothing_changes(tmp_path, pytestconfig):  # no run-time licence check exists
    copy = tmp_path / "site"
    subprocess.run(["cp", "-a", str(pytestconfig.rootpath / "src"), str(copy)], check=True)
    program = "from freehold.cli.main import main; main()"
    arguments = [sys.executable, "-c", program, "demo", "--ues", "1"]
    helped = subprocess.run([*arguments[:3], "demo", "--help"], check=True, capture_output=True, text=True).stdout
    if "--ues" not in helped:
        arguments = arguments[:4]
    for name in ("LICENSE", "LICENSES", "grant.toml", "handover.cdx.json"):
        with contextlib.suppress(FileNotFoundError):
            (copy / name).unlink()
    environment = {
        "PYTHONPATH": str(copy),
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    finished = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert finished.returncode == 0, finished.stderr
