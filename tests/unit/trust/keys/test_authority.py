"""A root in shares: any M give it back, fewer never do, and what was changed is refused."""

import itertools
import os
from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId
from freehold.trust.keys import authority, ceremony
from freehold.trust.keys.shamir import join, multiply, split
from freehold.trust.seal import Refused, new_signer, open_envelope

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_when_octets_are_multiplied_then_it_is_the_field_of_aes():
    assert multiply(0x57, 0x83) == 0xC1  # FIPS 197 4.2
    assert multiply(0x57, 0x13) == 0xFE  # FIPS 197 4.2.1
    assert all(multiply(a, 1) == a for a in range(256))


def test_when_a_polynomial_is_known_then_its_shares_are_those_by_hand():
    # 0x42 + 0x57 x: at 1 0x42 ^ 0x57, at 2 0x42 ^ 0xae, at 0x83 0x42 ^ 0xc1.
    shares = split(b"\x42", 131, 2, lambda length: b"\x57" * length)
    assert (shares[1], shares[2], shares[0x83]) == (b"\x15", b"\xec", b"\x83")
    assert join({2: shares[2], 0x83: shares[0x83]}) == b"\x42"


@settings(deadline=None)  # shares take time in Python
@given(secret=st.binary(min_size=1, max_size=40), threshold=st.integers(2, 5), more=st.integers(0, 3))
def test_when_any_of_the_shares_come_together_then_the_secret_is_back(secret, threshold, more):
    shares = split(secret, threshold + more, threshold, os.urandom)
    for held in itertools.combinations(shares, threshold):
        assert join({number: shares[number] for number in held}) == secret


def test_when_one_share_is_missing_then_every_secret_is_as_likely():
    known = {1: b"\x00"}
    found = {join({**known, 2: bytes([other])}) for other in range(256)}
    assert len(found) == 256


@pytest.mark.parametrize(("shares", "threshold"), [(3, 1), (2, 3), (256, 2), (0, 0)])
def test_when_numbers_of_shares_make_no_sense_then_it_is_said(shares, threshold):
    with pytest.raises(Unusable):
        split(b"x", shares, threshold, os.urandom)


@pytest.mark.parametrize("shares", [{}, {0: b"a", 1: b"b"}, {1: b"a", 2: b"bb"}, {256: b"a"}])
def test_when_shares_make_no_sense_then_it_is_said(shares):
    with pytest.raises(Unusable):
        join(shares)


@pytest.fixture
def root():
    return authority.new_authority("Owner", NOW)


def test_when_enough_shares_come_together_then_the_root_certifies_again(root):
    shares = root.shares(5, 3, os.urandom)
    again = authority.gathered(root.certificate, [shares[4], shares[0], shares[2]])
    key = authority.new_key()
    made = again.certify("amf", PlmnId("001", "01"), key.public_key(), NOW)
    made.verify_directly_issued_by(root.certificate)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["amf.5gc.mnc001.mcc001.3gppnetwork.org"]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_when_shares_are_too_few_changed_or_of_another_root_then_it_is_refused(root):
    shares = root.shares(3, 2, os.urandom)
    with pytest.raises(Refused, match="it takes 2"):
        authority.gathered(root.certificate, shares[:1] * 2)
    with pytest.raises(Refused, match="0 shares"):
        authority.gathered(root.certificate, [])
    other = authority.new_authority("Other", NOW)
    with pytest.raises(Refused, match="another root"):
        authority.gathered(root.certificate, [shares[0], other.shares(2, 2, os.urandom)[1]])
    flipped = authority.Share(2, 2, shares[1].root, shares[0].value, shares[1].check)
    with pytest.raises(Refused, match="changed or copied wrongly"):
        authority.gathered(root.certificate, [shares[0], flipped])
    again = root.shares(3, 2, os.urandom)  # another splitting of the same root
    with pytest.raises(Refused, match="do not give the key"):
        authority.gathered(root.certificate, [shares[0], again[1]])


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"number": 1}', '{"number":1,"threshold":2,"root":"","value":"zz","check":""}']
)
def test_when_a_file_is_no_share_then_it_is_refused(tmp_path, text):
    (tmp_path / "share.json").write_text(text)
    with pytest.raises(Refused):
        authority.read_share(tmp_path / "share.json")


def test_when_a_ceremony_is_held_then_no_file_has_the_roots_key_and_the_transcript_names_every_step(tmp_path):
    made = ceremony.perform(tmp_path / "c", "Owner", PlmnId("001", "01"), 3, 2, ["amf", "upf"])
    files = {path.name: path for path in (tmp_path / "c").iterdir()}
    assert set(files) == {
        "root.crt", "share-1.json", "share-2.json", "share-3.json",
        "amf.crt", "amf.key", "upf.crt", "upf.key", "token.key", "token.pub",
    }  # fmt: skip
    assert {path.stat().st_mode & 0o777 for name, path in files.items() if name.endswith((".key", ".json"))} == {0o600}
    root = authority.gathered(
        authority.read_certificate(files["root.crt"]), [authority.read_share(files[f"share-{n}.json"]) for n in (1, 3)]
    )
    secret = root._key.private_numbers().private_value.to_bytes(32, "big")
    for path in files.values():
        octets = path.read_bytes()
        assert secret not in octets
        assert secret.hex().encode() not in octets
    assert {step.file for step in made.steps} == set(files) - {"amf.key", "upf.key", "token.key"}
    assert made.root == root.fingerprint
    signer = new_signer(tmp_path / "owner.pem")
    opened = open_envelope(ceremony.signed(made, signer), [signer.public], "it", ceremony.TRANSCRIPT)
    assert made.root.encode() in opened.payload
    with pytest.raises(Unusable, match="not empty"):
        ceremony.perform(tmp_path / "c", "Owner", PlmnId("001", "01"), 3, 2, ["amf"])
    with pytest.raises(Unusable, match="no such function"):
        ceremony.perform(tmp_path / "d", "Owner", PlmnId("001", "01"), 3, 2, ["mme"])
