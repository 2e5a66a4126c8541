"""The bill of materials: what it holds, what it refuses, who is on a list, and what is known to be wrong."""

import contextlib
import json
import zipfile

import pytest

from freehold.trust.origin import advisories, parts, sbom, screening
from freehold.trust.origin.locks import Locked
from freehold.trust.origin.parts import Part
from freehold.trust.seal import Refused
from freehold.trust.seal.bill import faults_of, validate

PARTS = [
    Part(Locked("pypi", "click", "8.5.1", ("aa" * 32, "bb" * 32)), "run beside", "BSD-3-Clause", ("Pallets",)),
    Part(Locked("cargo", "aes", "0.9.4", ("cc" * 32,)), "linked in", "MIT OR Apache-2.0", ("RustCrypto Developers",)),
    Part(Locked("npm", "@preact/signals", "2.11.4", ("dd" * 64,), "sha512"), "bundled", "MIT"),
    Part(Locked("pypi", "ziglang", "0.17.0", ("ee" * 32,)), "build tool", "their own terms", ("Zig",)),
]
FILES = {"freehold/__init__.py": "12" * 32}


def made(**more):
    return sbom.bill("0.1.0", PARTS, FILES, {"source:sha256": "ab" * 32}, **more)


def test_when_a_bill_is_made_then_the_schema_holds_and_every_part_is_there():
    document = made()
    validate(document, "it")
    named = {each["bom-ref"]: each for each in document["components"]}
    assert set(named) == {part.purl for part in PARTS} | {"file:freehold/__init__.py"}
    assert named["pkg:npm/%40preact/signals@2.11.4"]["hashes"][0]["alg"] == "SHA-512"
    assert named["pkg:cargo/aes@0.9.4"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert named["pkg:pypi/ziglang@0.17.0"]["licenses"] == [{"license": {"name": "their own terms"}}]
    assert named["pkg:pypi/ziglang@0.17.0"]["scope"] == "excluded"
    assert {"name": "freehold:supplier", "value": "unknown"} in named["pkg:npm/%40preact/signals@2.11.4"]["properties"]
    assert "pkg:pypi/ziglang@0.17.0" not in document["dependencies"][0]["dependsOn"]


def test_when_a_bill_is_made_twice_then_it_is_the_same():
    assert json.dumps(made()) == json.dumps(made())


@pytest.mark.parametrize(
    "change",
    [
        {"specVersion": "1.6x"},
        {"bomFormat": "SPDX"},
        {"serialNumber": "urn:uuid:1"},
        {"surprise": 1},
        {"components": [{"type": "library"}]},
        {"components": [{"type": "library", "name": "a", "hashes": [{"alg": "SHA-256", "content": "zz"}]}]},
        {"components": [{"type": "library", "name": "a", "licenses": [{"license": {"id": "NoSuch-1.0"}}]}]},
        {"components": [{"type": "file", "name": n, "bom-ref": "twice"} for n in "ab"]},
        {"dependencies": [{"ref": "freehold", "dependsOn": ["nowhere"]}]},
    ],
)
def test_when_a_document_is_not_of_the_schema_then_it_is_refused(change):
    with pytest.raises(Refused, match=r"no CycloneDX 1\.7"):
        validate(made() | change, "it")


def test_when_a_source_is_read_then_its_parts_are_those_of_its_locks(pytestconfig):
    try:
        found = parts.parts_of(pytestconfig.rootpath)
    except parts.Unusable as error:
        pytest.skip(f"cargo cannot tell of its crates here: {error}")
    named = {(each.locked.ecosystem, each.locked.name): each for each in found}
    assert named["cargo", "pyo3"].role == "linked in"
    assert named["cargo", "syn"].role == "build tool"
    assert named["npm", "preact"].role == "bundled"
    assert named["npm", "vite"].role == "build tool"
    assert named["pypi", "msgspec"].role == "run beside"
    assert named["pypi", "ziglang"].role == "build tool"
    assert ("pypi", "colorama") not in named
    assert ("cargo", "freehold-per") not in named
    assert all(each.locked.hashes for each in found)
    document = sbom.bill("0.1.0", found, FILES, {})
    assert list(faults_of(document)) == []


def test_when_suppliers_are_screened_then_unknown_is_shown_as_unknown(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text('# a remark\n"RustCrypto, Developers",a reason\npallet\n\n')
    found = {each.purl: each for each in screening.screen(PARTS, screening.read_list(path))}
    assert found["pkg:cargo/aes@0.9.4"].verdict == "listed"
    assert found["pkg:cargo/aes@0.9.4"].entries == ("rustcrypto developers: a reason",)
    assert found["pkg:pypi/click@8.5.1"].verdict == "not listed"  # a part of a word is no name
    assert found["pkg:npm/%40preact/signals@2.11.4"].verdict == "unknown"
    document = made(findings=found.values())
    validate(document, "it")
    told = {each["name"]: each.get("properties", []) for each in document["components"]}
    assert {"name": "freehold:screening", "value": "listed"} in told["aes"]
    assert {"name": "freehold:screening", "value": "unknown"} in told["@preact/signals"]


@pytest.mark.parametrize("octets", [b"\xff\xfe", b'"open'])
def test_when_a_list_is_damaged_then_it_is_refused(tmp_path, octets):
    (tmp_path / "list.csv").write_bytes(octets)
    with pytest.raises(Refused):
        screening.read_list(tmp_path / "list.csv")


def record(folder, **more):
    told = {"id": "OSV-1", "aliases": ["CVE-2026-1"], "summary": "bad", "affected": []} | more
    (folder / f"{told['id']}.json").write_text(json.dumps(told))


def affected(ecosystem, name, *events, versions=()):
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, "versions": list(versions)}


def test_when_a_record_names_a_version_then_it_is_found_with_what_the_owner_decided(tmp_path):
    folder = tmp_path / "osv"
    folder.mkdir()
    record(folder, affected=[affected("PyPI", "Click", {"introduced": "0"}, {"fixed": "8.10"})])
    record(folder, id="OSV-2", affected=[affected("crates.io", "aes", versions=["0.9.4"])])
    record(folder, id="OSV-3", affected=[affected("crates.io", "aes", {"introduced": "0"}, {"fixed": "0.9.4"})])
    record(folder, id="OSV-4", affected=[affected("npm", "aes", versions=["0.9.4"])])
    record(folder, id="OSV-5", withdrawn="2026-01-01", affected=[affected("crates.io", "aes", versions=["0.9.4"])])
    found = advisories.search(PARTS, folder)
    assert [each.identifier for each in found.known] == ["OSV-1", "OSV-2"]
    path = tmp_path / "vex.json"
    path.write_text('{"CVE-2026-1": {"state": "not_affected", "justification": "code_not_reachable"}}')
    document = made(database=found, decisions=advisories.read_decisions(path))
    validate(document, "it")
    assert [each["analysis"]["state"] for each in document["vulnerabilities"]] == ["not_affected", "not_affected"]
    assert made(database=found)["vulnerabilities"][0]["analysis"] == {"state": "in_triage"}
    path.write_text('{"CVE-2026-1": {"state": "fine"}}')
    with pytest.raises(Refused, match="a state is one of"):
        advisories.read_decisions(path)


@pytest.mark.parametrize(
    ("events", "inside"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "0"}, {"fixed": "8.5.1"}], False),
        ([{"introduced": "0"}, {"last_affected": "8.5.1"}], True),
        ([{"introduced": "0"}, {"last_affected": "8.5.0"}], False),
        ([{"fixed": "8.5.1rc1"}, {"introduced": "8"}], False),
        ([{"introduced": "8.5.1a1"}], True),
        ([{"introduced": "8.5.2"}], False),
        ([{"introduced": "0"}, {"fixed": "3"}, {"introduced": "8.5"}], True),
        ([7, {"introduced": None}], False),
    ],
)
def test_when_a_version_is_between_its_events_then_it_is_affected(tmp_path, events, inside):
    record(tmp_path, affected=[affected("PyPI", "click", *events)])
    assert bool(advisories.search(PARTS, tmp_path).known) == inside


@pytest.mark.parametrize("octets", [b"{", b'{"affected": 7}', b'{"affected": [7, {"package": 3}]}', b"[" * 99])
def test_when_a_record_is_hostile_then_it_is_refused_or_says_nothing(tmp_path, octets):
    (tmp_path / "a.json").write_bytes(octets)
    with contextlib.suppress(Refused):
        assert advisories.search(PARTS, tmp_path).known == []


def said(document):
    """What the document says of each part's vulnerabilities, and of the database."""
    own = {
        each["bom-ref"]: each["properties"] for each in document["components"] if each["type"] != "file"
    } | {"": document["metadata"]["component"]["properties"]}  # fmt: skip
    values = {ref: {each["name"]: each["value"] for each in properties} for ref, properties in own.items()}
    return {ref: each.get("freehold:vulnerabilities", each.get("freehold:advisories")) for ref, each in values.items()}


def test_when_no_database_is_given_then_every_part_is_unknown_and_none_is_clean():
    document = made()
    validate(document, "it")
    assert set(said(document).values()) == {"unknown"}


def test_when_a_database_has_nothing_of_an_ecosystem_then_its_parts_stay_unknown(tmp_path):
    record(tmp_path, modified="2026-11-01T00:00:00Z", affected=[affected("PyPI", "click", {"introduced": "0"})])
    record(tmp_path, id="OSV-2", modified="?", affected=[affected("crates.io", "other", {"introduced": "0"})])
    document = made(database=advisories.search(PARTS, tmp_path))
    validate(document, "it")
    assert said(document) == {
        "pkg:pypi/click@8.5.1": "known",
        "pkg:cargo/aes@0.9.4": "none known",
        "pkg:npm/%40preact/signals@2.11.4": "unknown",
        "pkg:pypi/ziglang@0.17.0": "none known",
        "": "PyPI 1 records; crates.io 1 records; npm unknown: no record; newest 2026-11-01",
    }


def test_when_a_record_says_no_version_that_can_be_compared_then_the_part_is_not_taken_for_clean(tmp_path):
    by_commit = {"package": {"ecosystem": "PyPI", "name": "click"}, "ranges": [{"type": "GIT", "events": []}]}
    record(tmp_path, affected=[by_commit])
    assert advisories.search(PARTS, tmp_path).known[0].purls == ("pkg:pypi/click@8.5.1",)


def test_when_records_are_in_an_archive_then_they_are_read_in_place(tmp_path):
    hit = {"id": "OSV-1", "affected": [affected("npm", "@preact/signals", {"introduced": "0"})]}
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../OSV-1.json", json.dumps(hit))
        archive.writestr("README.md", "no record")
    assert [each.identifier for each in advisories.search(PARTS, tmp_path).known] == ["OSV-1"]
    assert [each.identifier for each in advisories.search(PARTS, tmp_path / "all.zip").known] == ["OSV-1"]
    assert [path.name for path in tmp_path.rglob("*")] == ["all.zip"]


@pytest.mark.parametrize("kind", ["bomb", "cut", "no archive", "deep", "no object", "empty"])
def test_when_an_archive_is_hostile_then_it_is_refused(tmp_path, kind):
    octets = {"deep": b"[" * 999, "no object": b"[]", "bomb": b" " * (advisories.MOST_OCTETS + 1)}.get(kind, b"{}")
    place, empty = tmp_path / "all.zip", tmp_path / "nothing"
    empty.mkdir()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("OSV-1.json", octets)
    if kind in {"cut", "no archive"}:
        place.write_bytes(place.read_bytes()[:40] if kind == "cut" else b"none")
    with pytest.raises(Refused):
        advisories.search(PARTS, place if kind != "empty" else empty)
