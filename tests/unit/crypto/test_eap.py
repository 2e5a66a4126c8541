"""Keys of EAP-AKA' against the test vectors of RFC 9048 Appendix D, AT_MAC against the standard library's HMAC."""

import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import eap

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/crypto/eap_aka_prime.json").read_text())["sets"]
K_AUT = bytes(range(32))
# RFC 4187 9.4, 10.6, 10.15: a challenge with AT_RAND and AT_MAC
BEFORE = bytes.fromhex("01050030 32010000 01050000") + bytes(16) + bytes.fromhex("0b050000")
MAC = bytes(range(16))


@pytest.mark.parametrize("one", VECTORS, ids=[f"case {one['case']}" for one in VECTORS])
def test_when_the_published_inputs_are_given_then_every_key_is_the_published_one(one):
    ck, ik, autn = (bytes.fromhex(one[name]) for name in ("ck", "ik", "autn"))
    primes = eap.ck_ik_prime(ck, ik, one["network"].encode(), autn[:6])
    assert [prime.hex() for prime in primes] == [one["ck_prime"], one["ik_prime"]]
    keys = eap.eap_aka_keys(*primes, one["identity"].encode())
    for name in ("k_encr", "k_aut", "k_re", "msk", "emsk"):
        assert getattr(keys, name).hex() == one[name]
    # TS 33.501 6.1.3.1
    assert keys.kausf.hex() == one["emsk"][:64]


def test_when_keys_are_printed_then_no_key_is_in_the_text():
    keys = eap.eap_aka_keys(bytes(16), bytes(16), b"0208930000000001")
    assert repr(keys) == "EapKeys(...)"


def test_when_a_reauthentication_is_done_then_msk_and_emsk_are_those_of_prf_prime():
    # RFC 9048 3.3 and 3.4.1
    s, block, expected = b"EAP-AKA' re-auth" + b"identity" + b"\x00\x07" + MAC, b"", b""
    for counter in range(1, 5):
        block = hmac.digest(K_AUT, block + s + bytes([counter]), "sha256")
        expected += block
    assert b"".join(eap.reauthentication_keys(K_AUT, b"identity", 7, MAC)) == expected


@pytest.mark.parametrize("extra", [b"", b"sixteen octets.."])
def test_when_a_packet_is_authenticated_then_its_mac_is_over_zeros_in_the_macs_place(extra):
    # RFC 9048 3.4.2, RFC 4187 10.15
    expected = hmac.digest(K_AUT, BEFORE + bytes(16) + extra, "sha256")[:16]
    assert eap.mac(K_AUT, BEFORE + MAC, extra) == expected
    assert eap.verify_mac(K_AUT, BEFORE + expected, extra)
    assert not eap.verify_mac(K_AUT, BEFORE + expected, extra + b"x")
    assert not eap.verify_mac(bytes(32), BEFORE + expected, extra)


@pytest.mark.parametrize("position", range(len(BEFORE) + 16))
def test_when_any_octet_of_a_packet_is_changed_then_its_mac_is_wrong(position):
    mac = eap.mac(K_AUT, BEFORE + MAC)
    assert mac is not None
    packet = bytearray(BEFORE + mac)
    packet[position] ^= 4
    assert not eap.verify_mac(K_AUT, bytes(packet))


@pytest.mark.parametrize(
    "packet",
    [b"", BEFORE[:8], BEFORE[:28], BEFORE + MAC[:15], BEFORE[:29] + b"\x00\x00\x00", BEFORE[:29] + b"\x04" * 20],
)
def test_when_there_is_no_whole_mac_then_the_packet_has_none(packet):
    assert eap.mac(K_AUT, packet) is None
    assert not eap.verify_mac(K_AUT, packet)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_when_a_packet_is_any_octets_then_it_has_no_right_mac(packet, extra):
    assert not eap.verify_mac(K_AUT, packet, extra)


def test_when_a_key_has_a_wrong_length_then_it_is_named():
    with pytest.raises(ValueError, match="K_aut has 31 octets"):
        eap.mac(K_AUT[:31], BEFORE + MAC)
    with pytest.raises(ValueError, match="CK' has 15 octets"):
        eap.eap_aka_keys(bytes(15), bytes(16), b"")
    with pytest.raises(ValueError, match="NONCE_S has 0 octets"):
        eap.reauthentication_keys(K_AUT, b"", 0, b"")
