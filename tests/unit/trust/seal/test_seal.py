import base64
import json
import os

import pytest

from freehold.spec.errors import Unusable
from freehold.trust.seal import Refused, load_signer, load_verifier, new_signer, open_envelope, read_json, seal_envelope
from freehold.trust.seal.reading import DEPTH, read_bounded

VALUE = {"b": [1, {"c": "ä"}], "a": None}


@pytest.fixture
def signer(tmp_path):
    return new_signer(tmp_path / "owner.pem")


def test_when_a_key_is_made_then_its_owner_alone_reads_it_and_both_halves_load(tmp_path, signer):
    path = tmp_path / "owner.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path).public.key_id == load_verifier(tmp_path / "owner.pem.pub").key_id == signer.public.key_id
    with pytest.raises(Unusable, match="exists"):
        new_signer(path)
    path.chmod(0o644)
    with pytest.raises(Unusable, match="read by others"):
        load_signer(path)


def test_when_a_file_holds_no_key_then_it_is_said(tmp_path):
    path = tmp_path / "other.pem"
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    with pytest.raises(Unusable, match="no Ed25519 private key"):
        load_signer(path)
    with pytest.raises(Unusable, match="no Ed25519 public key"):
        load_verifier(path)


def test_when_an_envelope_is_opened_with_its_key_then_the_value_is_there(signer, tmp_path):
    second = new_signer(tmp_path / "second.pem")
    opened = open_envelope(seal_envelope(VALUE, [signer, second]), [second.public, signer.public], "it")
    assert json.loads(opened.payload) == VALUE
    assert [each.key_id for each in opened.signers] == [second.public.key_id, signer.public.key_id]


def test_when_an_envelope_is_of_another_key_then_it_is_refused(signer, tmp_path):
    stranger = new_signer(tmp_path / "stranger.pem")
    with pytest.raises(Refused, match="no signature is of a key you trust"):
        open_envelope(seal_envelope(VALUE, [signer]), [stranger.public], "it")


def test_when_any_octet_of_an_envelope_changes_then_it_is_refused_or_says_the_same(signer):
    octets = seal_envelope(VALUE, [signer])
    for at in range(len(octets)):
        changed = bytearray(octets)
        changed[at] ^= 1
        try:
            opened = open_envelope(bytes(changed), [signer.public], "it")
        except Refused:
            continue
        assert json.loads(opened.payload) == VALUE  # white space, or the name of the key, which nobody trusts


@pytest.mark.parametrize(
    "change",
    [
        {"signatures": []},
        {"signatures": [{"sig": "AA=="}] * 17},
        {"signatures": [7]},
        {"signatures": {}},
        {"payloadType": "text/plain"},
        {"payload": "?"},
        {"payload": 7},
    ],
)
def test_when_an_envelope_is_misshapen_then_it_is_refused(signer, change):
    envelope = json.loads(seal_envelope(VALUE, [signer])) | change
    with pytest.raises(Refused):
        open_envelope(json.dumps(envelope).encode(), [signer.public], "it")


def test_when_a_payload_moves_to_another_type_then_its_signature_does_not_hold(signer):
    envelope = json.loads(seal_envelope(VALUE, [signer], "application/a")) | {"payloadType": "application/b"}
    with pytest.raises(Refused, match="changed"):
        open_envelope(json.dumps(envelope).encode(), [signer.public], "it", "application/b")


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"[" * 100_000, "inside each other"),
        (b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1), "inside each other"),
        (b"{", "no JSON"),
        (b'"\xff"', "no JSON"),
        (b"[]", "no JSON object"),
        (b'{"a": 1} {"b": 2}', "no JSON"),
    ],
)
def test_when_a_document_is_hostile_then_it_is_refused_in_a_line(tmp_path, octets, why):
    path = tmp_path / "document.json"
    path.write_bytes(octets)
    with pytest.raises(Refused, match=why):
        read_json(path)


def test_when_brackets_stand_in_strings_then_they_do_not_count(tmp_path):
    path = tmp_path / "document.json"
    path.write_text(json.dumps({"a": "[" * 500 + '"\\' + "{" * 500, "b": [[]]}))
    assert read_json(path)["b"] == [[]]


def test_when_a_file_is_too_large_or_no_file_then_it_is_refused_without_reading_it_all(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Refused, match="more than 1000 octets"):
        read_bounded(path, 1000)
    with pytest.raises(Refused, match="no regular file"):
        read_bounded(type(path)(os.devnull))
    with pytest.raises(Unusable, match="no such file"):
        read_bounded(tmp_path / "absent")


def test_when_the_payload_is_read_then_only_after_its_signature(signer):
    envelope = json.loads(seal_envelope(VALUE, [signer]))
    envelope["payload"] = base64.b64encode(b"[" * 1000).decode()
    with pytest.raises(Refused, match="no signature"):
        open_envelope(json.dumps(envelope).encode(), [signer.public], "it")
