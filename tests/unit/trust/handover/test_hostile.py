"""Every verifying command of hand-over and assessment: hostile input is refused in a line, exit 1, nothing written."""

import json
import os
import shutil
import sys

import pytest

from freehold.cli import main as entry
from freehold.trust.assure.evidence import kept
from freehold.trust.assure.run import HEAD, Run, write
from freehold.trust.assure.verdict import Result, Verdict
from freehold.trust.handover.grant import read_grant
from freehold.trust.handover.package import FILE, Origin, build
from freehold.trust.seal import new_signer
from freehold.trust.seal.jsf import signed

GRANT = """
[grant]
licensor = "Seller"
licensee = "Buyer"
field = "all"
territory = "all"
fee = "one-off"
[[document]]
path = "a.txt"
kind = "know-how"
tier = "nda"
"""
DEEP = b"[" * 5000


@pytest.fixture
def place(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/grant.toml").write_text(GRANT)
    (tmp_path / "in/a.txt").write_text("a")
    seller = new_signer(tmp_path / "seller.pem")
    new_signer(tmp_path / "other.pem")
    new_signer(tmp_path / "buyer.pem")
    grant = read_grant(tmp_path / "in/grant.toml")
    origin = Origin("0.1.0", "ab" * 32, "cd" * 32, {}, {}, {})
    for name in ("made", "newer"):
        build(grant, tmp_path / "in", origin, [], seller, tmp_path / name)
    folder = tmp_path / "run"
    (folder / "one").mkdir(parents=True)
    (folder / "one/log.txt").write_text("seen")
    evidence = (kept(folder, folder / "one/log.txt"),)
    result = Result("TS 33.512 AMF", "4.2.2.1.1", "TC", "A", Verdict.PASS, "because", evidence)
    write(Run(HEAD, "ours", "freehold", "2026-01-01T00:00:00+00:00", (result,), ()), folder)
    return tmp_path


@pytest.fixture
def run(place, monkeypatch, capsys):
    def runner(*arguments):
        before = names(place)
        monkeypatch.setattr(sys, "argv", ["freehold", *[str(each).replace("@", f"{place}/") for each in arguments]])
        status = 0
        try:
            entry.main()
        except SystemExit as end:
            status = end.code or 0
        shown = capsys.readouterr()
        return status, shown.out, shown.err, names(place) - before

    return runner


def names(place):
    return {path for path in place.rglob("*") if not path.is_dir()}


VERIFY = ("handover", "verify", f"@made/{FILE}", "--key", "@seller.pem.pub", "--tier", "@made/nda")
ACCEPT = ("handover", "accept", f"@made/{FILE}", "--key", "@seller.pem.pub", "--tier", "@made/nda", "--sign",
          "@buyer.pem", "--out", "@acceptance", "--source", "@in")  # fmt: skip
REPORT = ("assure", "report", "@run")
COMPARE = ("assure", "compare", "@run", "@run")


def change(path, edit):
    value = json.loads(path.read_text())
    edit(value)
    path.write_text(json.dumps(value))


def sparse(path):
    with path.open("wb") as file:
        file.truncate(1 << 30)


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def forge(place):
    value = json.loads((place / "made" / FILE).read_text())
    del value["signature"]
    other = place / "forger.pem"
    (place / "made" / FILE).write_text(json.dumps(signed(value, new_signer(other))))


HAND_OVERS = {
    "cut": lambda place: (place / "made" / FILE).write_bytes((place / "made" / FILE).read_bytes()[:-100]),
    "altered": lambda place: change(place / "made" / FILE, lambda value: value.update(version=2)),
    "signed by another": forge,
    "deep": lambda place: (place / "made" / FILE).write_bytes(DEEP),
    "huge": lambda place: sparse(place / "made" / FILE),
    "a pipe": lambda place: pipe(place / "made" / FILE),
    "rolled back": lambda place: shutil.copy(place / "newer" / FILE, place / "made" / FILE),
    "mixed": lambda place: shutil.copytree(place / "newer/nda", place / "made/nda", dirs_exist_ok=True),
    "climbing": lambda place: change(
        place / "made/nda/openings.json", lambda value: value["openings"][0].update(name="../teaser/openings.json")
    ),
    "absolute": lambda place: change(
        place / "made/nda/openings.json", lambda value: value["openings"][0].update(name="/etc/hostname")
    ),
    "no file": lambda place: change(
        place / "made/nda/openings.json", lambda value: value["openings"][0].update(name="a\0.txt")
    ),
    "deep openings": lambda place: (place / "made/nda/openings.json").write_bytes(DEEP),
}


def test_when_nothing_is_wrong_then_each_command_takes_it(run):
    for command in (VERIFY, REPORT, COMPARE):
        status, out, err, _ = run(*command)
        assert status == 0, (command, out, err)


@pytest.mark.parametrize("command", [VERIFY, ACCEPT], ids=["verify", "accept"])
@pytest.mark.parametrize("name", HAND_OVERS)
def test_when_a_hand_over_is_hostile_then_it_is_refused(run, place, command, name):
    HAND_OVERS[name](place)
    status, out, err, written = run(*command)
    assert (status, out, err.count("\n"), written) == (1, "", 1, set()), err
    assert not (place / "acceptance").exists()


def test_when_the_key_is_anothers_then_it_is_refused(run):
    status, out, err, written = run(*[each.replace("@seller", "@other") for each in VERIFY])
    assert (status, out, written) == (1, "", set())
    assert "no key you trust" in err


def evidence(edit):
    return lambda place: change(place / "run/results.json", lambda value: edit(value["results"][0]["evidence"]))


RUNS = {
    "cut": lambda place: (place / "run/results.json").write_bytes((place / "run/results.json").read_bytes()[:-20]),
    "deep": lambda place: (place / "run/results.json").write_bytes(DEEP),
    "huge": lambda place: sparse(place / "run/results.json"),
    "a pipe": lambda place: pipe(place / "run/results.json"),
    "another verdict": lambda place: change(
        place / "run/results.json", lambda value: value["results"][0].update(verdict="SURE")
    ),
}
EVIDENCE = {
    "altered": lambda place: (place / "run/one/log.txt").write_text("not seen"),
    "gone": lambda place: (place / "run/one/log.txt").unlink(),
    "a pipe": lambda place: pipe(place / "run/one/log.txt"),
    "climbing": evidence(lambda files: files[0].update(file="../seller.pem")),
    "absolute": evidence(lambda files: files[0].update(file="/etc/hostname")),
    "no file": evidence(lambda files: files[0].update(file="a\0b")),
    "twice": evidence(lambda files: files.append(files[0])),
}


@pytest.mark.parametrize("command", [REPORT, COMPARE], ids=["report", "compare"])
@pytest.mark.parametrize("name", RUNS)
def test_when_results_are_hostile_then_they_are_refused(run, place, command, name):
    RUNS[name](place)
    status, out, err, written = run(*command)
    assert (status, out, err.count("\n"), written) == (1, "", 1, set()), err


@pytest.mark.parametrize("name", EVIDENCE)
def test_when_evidence_is_not_what_it_was_then_no_report_is_made(run, place, name):
    EVIDENCE[name](place)
    status, out, err, written = run(*REPORT)
    assert (status, out, err.count("\n"), written) == (1, "", 1, set()), err
    assert "evidence" in err


@pytest.mark.parametrize(
    "command",
    [("gap", "@bad"), ("gap", "@in/grant.toml", "--sbom", "@bad"), ("gap", "@in/grant.toml", "--general", "@bad"),
     ("gap", "@in/grant.toml", "--patents", "@bad"), ("value", "@bad"),
     ("build", "@bad", "--wheel", "@bad", "--sign", "@seller.pem", "--out", "@new"),
     ("build", "@in/grant.toml", "--wheel", "@bad", "--sign", "@seller.pem", "--out", "@new"),
     ("clauses", "--counsel", "--patents", "@bad")],
    ids=lambda command: " ".join(command[:3]),
)  # fmt: skip
@pytest.mark.parametrize("octets", [DEEP, b"\0", b"PK\x03\x04", b"\xff\xfe"], ids=["deep", "nul", "zip", "no text"])
def test_when_input_is_hostile_then_it_is_refused(run, place, pytestconfig, command, octets):
    (place / "bad").write_bytes(octets)
    source = () if command[0] == "value" else ("--source", pytestconfig.rootpath)
    status, out, err, written = run("handover", *command, *source)
    assert (status, out, written) == (1, "", set()), err
    assert not (place / "new").exists()
    assert "Traceback" not in err
