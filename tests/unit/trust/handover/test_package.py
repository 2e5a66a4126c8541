"""A hand-over's signed file: what it says, that it opens tier by tier, and that nothing changed passes."""

import json

import pytest

from freehold.trust.handover.gap import gaps
from freehold.trust.handover.grant import read_grant
from freehold.trust.handover.package import FILE, OPENINGS, Origin, build, verify
from freehold.trust.seal import Refused, new_signer
from freehold.trust.seal.jsf import signed

GRANT = """
[grant]
licensor = "Seller Ltd"
licensee = "Buyer GmbH"
field = "private networks"
territory = "worldwide"
fee = "one-off"
covers = ["warranty"]
[[patent]]
number = "EP1234567"
jurisdiction = "EP"
family = "F1"
[[document]]
path = "brochure.md"
kind = "know-how"
tier = "teaser"
[[document]]
path = "contract.txt"
kind = "contract"
[[document]]
path = "evidence/flows.json"
kind = "evidence"
tier = "clean-room"
"""
FILES = {"brochure.md": b"a network", "contract.txt": b"terms", "evidence/flows.json": b"{}"}
BILL = {"components": [{"type": "library", "bom-ref": "a", "name": "left", "version": "1", "purl": "pkg:cargo/left@1"}]}
CODE = {("TS 24.501", "5.4.1"): {"src/a.py"}, ("RFC 9110", "13.1"): {"src/b.py"}}
TESTS = {("TS 24.501", "5.4.1"): {"tests/a.py"}}
ORIGIN = Origin("0.1.0", "ab" * 32, "cd" * 32, BILL, CODE, TESTS)


@pytest.fixture
def folder(tmp_path):
    for name, octets in FILES.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(octets)
    (tmp_path / "in/grant.toml").write_text(GRANT)
    return tmp_path


@pytest.fixture
def signer(folder):
    return new_signer(folder / "seller.pem")


@pytest.fixture
def made(folder, signer):
    grant = read_grant(folder / "in/grant.toml")
    build(grant, folder / "in", ORIGIN, gaps(grant.grant, BILL, ["TS 24.501"]), signer, folder / "out")
    return folder / "out"


def test_when_it_is_built_then_the_file_holds_and_every_tier_opens(made, signer):
    handed = verify(made / FILE, [signer.public], [made / tier for tier in ("teaser", "nda", "clean-room")])
    assert (handed.licensor, handed.licensee, handed.version) == ("Seller Ltd", "Buyer GmbH", "0.1.0")
    assert (handed.source, handed.wheel) == (ORIGIN.source, ORIGIN.wheel)
    document = handed.document
    standards = {each["name"]: each for each in document["definitions"]["standards"]}
    assert standards["TS 24.501"]["requirements"][0]["identifier"] == "5.4.1"
    assert document["definitions"]["patents"][0]["patentNumber"] == "EP1234567"
    assert document["metadata"]["component"]["patentAssertions"][0]["assertionType"] == "license"
    told = [each["value"] for each in document["properties"]]
    assert any(each.startswith("snow-3g | - | not granted") for each in told)
    assert any(each.startswith("warranty | - | covered by the contract") for each in told)
    assert any(each.startswith("copyright pkg:cargo/left@1") for each in told)
    assert document["declarations"]["claims"][0]["evidence"] == ["evidence:3"]


def test_when_only_the_file_is_there_then_no_document_or_name_is_in_it(made, signer):
    text = (made / FILE).read_text()
    assert verify(made / FILE, [signer.public])
    assert "flows.json" not in text
    assert "contract.txt" not in text
    assert not (made / "teaser/contract.txt").exists()


def test_when_the_file_is_of_another_key_or_changed_then_it_is_refused(made, signer, folder):
    stranger = new_signer(folder / "stranger.pem")
    with pytest.raises(Refused, match="no key you trust"):
        verify(made / FILE, [stranger.public])
    document = json.loads((made / FILE).read_text())
    for change in (
        {"version": 2}, {"properties": []}, {"serialNumber": "urn:uuid:00000000-0000-4000-8000-000000000000"},
        {"extra": 1},
        {"signature": {**document["signature"], "excludes": ["properties"]}},
        {"signature": {**document["signature"], "algorithm": "HS256"}},
        {"signature": {**document["signature"], "value": "?"}}, {"signature": 7}, {"signature": {"chain": []}},
        {"version": 10**40},
    ):  # fmt: skip
        (made / FILE).write_text(json.dumps(document | change))
        with pytest.raises(Refused):
            verify(made / FILE, [signer.public])
    again = signed({name: each for name, each in document.items() if name != "signature"}, stranger)
    (made / FILE).write_text(json.dumps(again))
    with pytest.raises(Refused, match="no key you trust"):  # the key it carries is a stranger's word
        verify(made / FILE, [signer.public])


def test_when_a_signed_file_is_no_hand_over_of_the_schema_then_it_is_refused(made, signer):
    document = json.loads((made / FILE).read_text())
    del document["signature"]
    (made / FILE).write_text(json.dumps(signed(document | {"specVersion": "1.6"}, signer)))
    with pytest.raises(Refused, match="no CycloneDX"):
        verify(made / FILE, [signer.public])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told.pop("metadata"), "no hand-over"),
        (lambda told: told["metadata"].pop("component"), "no hand-over"),
        (lambda told: told["metadata"]["component"].pop("licenses"), "no hand-over"),
        (lambda told: told["metadata"]["component"].update(licenses=[{"license": {"id": "MIT"}}]), "no hand-over"),
        (lambda told: told["metadata"]["component"].pop("properties"), "does not say freehold:source"),
        (lambda told: told["metadata"]["component"]["properties"].pop(), "does not say freehold:wheel"),
        (lambda told: told["metadata"]["component"]["externalReferences"][0].pop("hashes"), "a way of its own"),
        (lambda told: told["metadata"]["component"]["externalReferences"][0].pop("comment"), "a way of its own"),
        (lambda told: told["metadata"]["component"]["externalReferences"][0].update(url="urn:freehold:document:2"),
         "a way of its own"),
        (lambda told: told["metadata"]["component"]["externalReferences"][0].update(url="urn:freehold:document:²"),
         "a way of its own"),
        (lambda told: told.pop("serialNumber"), "no hand-over"),
        (lambda told: told["components"].append({"type": "file", "bom-ref": "a", "name": "x"}), "of two things"),
        (lambda told: told.update(dependencies=[7]), "no CycloneDX"),
        (lambda told: told.update(dependencies=[{"ref": "nowhere"}]), "leads nowhere"),
    ],
)  # fmt: skip
def test_when_the_licensor_signs_what_is_no_hand_over_then_it_is_refused(made, signer, change, why):
    document = json.loads((made / FILE).read_text())
    del document["signature"]
    change(document)
    (made / FILE).write_text(json.dumps(signed(document, signer)))
    with pytest.raises(Refused, match=why):
        verify(made / FILE, [signer.public])


@pytest.mark.parametrize(
    ("name", "octets", "why"),
    [
        ("contract.txt", b"other terms", "is not the document"),
        ("more.txt", b"more", "no document of this hand-over"),
        (OPENINGS, b"{", "no JSON"),
        (OPENINGS, b'{"tier": "teaser", "openings": []}', "not those of the documents"),
        (OPENINGS, b'{"tier": "nda", "openings": []}', "not those of the documents"),
        (OPENINGS, b'{"tier": "nda", "openings": 7}', "Expected"),
        (OPENINGS, b'{"tier":"nda","openings":[{"number":2,"name":"../contract.txt","salt":""}]}', "leads out"),
        (OPENINGS, b'{"tier":"nda","openings":[{"number":2,"name":"/etc/passwd","salt":""}]}', "leads out"),
        (
            OPENINGS,
            b'{"tier":"nda","openings":[{"number":2,"name":"contract.txt","salt":"zz"}]}',
            "is not the document",
        ),
    ],
)
def test_when_a_tier_is_changed_then_it_is_refused(made, signer, name, octets, why):
    (made / "nda" / name).write_bytes(octets)
    with pytest.raises(Refused, match=why):
        verify(made / FILE, [signer.public], [made / "nda"])


def test_when_a_document_is_a_link_out_or_of_another_hand_over_then_it_is_refused(made, signer, folder):
    (folder / "secret").write_bytes(b"terms")
    (made / "nda/contract.txt").unlink()
    (made / "nda/contract.txt").symlink_to(folder / "secret")
    with pytest.raises(Refused, match="leads out"):
        verify(made / FILE, [signer.public], [made / "nda"])
    grant = read_grant(folder / "in/grant.toml")
    build(grant, folder / "in", ORIGIN, [], signer, folder / "second")
    with pytest.raises(Refused, match="is not the document"):  # the same documents, other salts
        verify(made / FILE, [signer.public], [folder / "second/nda"])


def test_when_a_document_was_left_out_then_it_is_refused_by_its_name(made, signer):
    (made / "nda/contract.txt").unlink()
    with pytest.raises(Refused, match=r"contract\.txt was left out"):
        verify(made / FILE, [signer.public], [made / "nda"])


def test_when_a_tier_has_a_link_to_a_folder_beside_its_documents_then_it_is_refused(made, signer, folder):
    (made / "nda/more").symlink_to(folder / "in")
    with pytest.raises(Refused, match="more is no document of this hand-over"):
        verify(made / FILE, [signer.public], [made / "nda"])


def test_when_a_member_stands_twice_then_the_file_is_refused_though_the_last_one_is_signed(made, signer):
    signed = (made / FILE).read_text()
    (made / FILE).write_text(signed.replace("{", '{"metadata": {"component": {"version": "9"}},', 1))
    with pytest.raises(Refused, match="'metadata' stands twice"):
        verify(made / FILE, [signer.public])


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[grant]\nlicensor = 7", GRANT + "surprise = 1", GRANT.replace("contract.txt", "../contract.txt"),
        GRANT.replace("contract.txt", "brochure.md"), GRANT.replace('"contract"', '"novel"'),
    ],
)  # fmt: skip
def test_when_a_grant_is_wrong_then_it_is_refused_and_nothing_is_written(folder, text):
    (folder / "in/grant.toml").write_text(text)
    with pytest.raises(Refused):
        read_grant(folder / "in/grant.toml")


def test_when_the_folder_is_not_empty_then_nothing_is_written(made, signer, folder):
    grant = read_grant(folder / "in/grant.toml")
    with pytest.raises(Refused, match="not empty"):
        build(grant, folder / "in", ORIGIN, [], signer, made)
