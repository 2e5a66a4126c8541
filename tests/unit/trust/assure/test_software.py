"""The scan for known vulnerabilities: of our own parts, and of a foreign network by its bill of materials."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from freehold.trust.assure.cases import software
from freehold.trust.assure.lab import Component, Screening
from freehold.trust.assure.verdict import Blocked, Violation
from freehold.trust.seal import Refused

BILL = {
    "bomFormat": "CycloneDX",
    "components": [
        {"type": "library", "name": "victim", "purl": "pkg:pypi/victim@1.0"},
        {"type": "library", "name": "victim", "purl": "pkg:pypi/victim@1.0"},
        {"type": "library", "name": "@scope/page", "purl": "pkg:npm/%40scope/page@2.1.0"},
        {"type": "library", "name": "go", "purl": "pkg:golang/example.org/x@v1.2.3"},
        {"type": "file", "name": "no purl"},
        "no component",
    ],
}


def record(name, ecosystem="PyPI", package="victim", versions=("1.0",)):
    affected = [{"package": {"ecosystem": ecosystem, "name": package}, "versions": list(versions)}]
    return {"id": name, "aliases": [f"CVE-{name}"], "modified": "2026-05-01T00:00:00Z", "affected": affected}


@pytest.fixture
def scan(tmp_path, tmp_path_factory):
    """The verdict on a bill of materials, beside these records."""

    def perform(*records, bill=BILL, decisions=None, surfaces=frozenset()):
        folder = tmp_path_factory.mktemp("advisories")
        for each in records:
            (folder / f"{each['id']}.json").write_text(json.dumps(each))
        places = {}
        for name, told in (("bill", bill), ("decisions", decisions)):
            if told is not None:
                places[name] = tmp_path / f"{name}.json"
                places[name].write_text(json.dumps(told))
        inside = SimpleNamespace(components=lambda: [Component("python", "3.11.7"), Component("victim", "1.0")])
        screening = Screening(advisories=folder if records else None, **places)
        lab = SimpleNamespace(screening=screening, surfaces=surfaces, inside=inside, note=lambda _: None)
        return asyncio.run(software.vulnerability_scan(lab))

    return perform


BOTH = (record("A", versions=["0.9"]), record("N", "npm", "@scope/page", ["1.0.0"]))


def test_when_a_bill_names_packages_then_each_is_looked_up_once_and_other_ecosystems_are_not():
    found = [(each.locked.ecosystem, each.locked.name, each.locked.version) for each in software.parts_of_bill(BILL)]
    assert found == [("pypi", "victim", "1.0"), ("npm", "@scope/page", "2.1.0")]
    assert software.parts_of_bill([]) == []
    assert software.parts_of_bill({"components": 7}) == []


def test_when_nothing_is_known_of_the_parts_then_it_passes_and_says_how_much_was_known(scan):
    said = scan(*BOTH)
    assert "2 packages" in said
    assert "PyPI 1 records" in said


def test_when_a_part_is_known_to_be_vulnerable_then_it_fails_until_its_owner_decided(scan):
    with pytest.raises(Violation, match=r"B of pkg:pypi/victim@1\.0"):
        scan(*BOTH, record("B"))
    with pytest.raises(Violation, match="B of"):
        scan(*BOTH, record("B"), decisions={"B": {"state": "in_triage"}})
    decided = {"CVE-B": {"state": "not_affected", "justification": "code_not_reachable"}}
    assert "1 known vulnerabilities, all decided" in scan(*BOTH, record("B"), decisions=decided)


def test_when_there_is_nothing_to_look_into_or_at_then_nothing_is_known(scan):
    with pytest.raises(Blocked, match="--advisories"):
        scan()
    with pytest.raises(Blocked, match="--sbom"):
        scan(*BOTH, bill=None)
    with pytest.raises(Blocked, match="names no package"):
        scan(*BOTH, bill={"components": []})
    with pytest.raises(Blocked, match="nothing of npm"):
        scan(BOTH[0])


def test_when_no_bill_is_named_then_our_own_parts_are_looked_up(scan):
    assert "1 packages" in scan(BOTH[0], bill=None, surfaces=frozenset({"inside"}))


def test_when_a_bill_is_damaged_then_it_is_refused(scan, tmp_path):
    with pytest.raises(Refused):
        scan(*BOTH, bill="x" * 10, decisions=[])


@pytest.mark.parametrize("version", ["3.9.1", "2.7", "3", "x"])
def test_when_the_interpreter_is_one_that_nothing_is_known_of_then_nothing_is_said(version):
    lab = SimpleNamespace(
        inside=SimpleNamespace(components=lambda: [Component("python", version)]), note=lambda _: None
    )
    with pytest.raises(Blocked, match="nothing is known"):
        asyncio.run(software.no_unsupported_components(lab))


def test_when_the_interpreters_support_has_ended_then_it_fails(monkeypatch):
    from datetime import date

    monkeypatch.setitem(software.PYTHONS, (3, 11), date(2020, 1, 1))
    lab = SimpleNamespace(
        inside=SimpleNamespace(components=lambda: [Component("python", "3.11.7")]), note=lambda _: None
    )
    with pytest.raises(Violation, match="no security support since 2020-01-01"):
        asyncio.run(software.no_unsupported_components(lab))
