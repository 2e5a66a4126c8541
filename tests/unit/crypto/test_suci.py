"""SUCI protection against TS 33.501 C.4, and what a hostile scheme output may contain (negative K03)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import suci
from freehold.crypto.suci import Scheme

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/crypto/suci.json").read_text())["sets"]
A, B = (next(one for one in VECTORS if one["scheme"] == scheme) for scheme in (1, 2))
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# RFC 7748 6.1 and the points of low order that its check of the all-zero secret refuses
LOW_ORDER_X25519 = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]


def octets(one: dict, name: str) -> bytes:
    return bytes.fromhex(one[name])


@pytest.mark.parametrize("one", VECTORS, ids=[one["clause"] for one in VECTORS])
def test_when_the_published_inputs_are_concealed_then_it_is_the_published_output(one):
    ephemeral, plain = octets(one, "ephemeral_private"), octets(one, "plain")
    assert suci.conceal(one["scheme"], octets(one, "home_public"), ephemeral, plain) == octets(one, "output")


@pytest.mark.parametrize("one", VECTORS, ids=[one["clause"] for one in VECTORS])
def test_when_the_published_output_is_deconcealed_then_it_is_the_published_plaintext(one):
    assert suci.deconceal(one["scheme"], octets(one, "home_private"), octets(one, "output")) == octets(one, "plain")


@pytest.mark.parametrize("one", [A, B], ids=["A", "B"])
def test_when_a_private_key_is_given_then_its_published_public_key_comes(one):
    assert suci.suci_public_key(one["scheme"], octets(one, "home_private")) == octets(one, "home_public")


def test_when_the_scheme_is_null_then_the_output_is_the_input():
    # TS 33.501 C.4.2.1
    assert suci.conceal(Scheme.NULL, b"", bytes(32), bytes.fromhex("00012080f6")).hex() == "00012080f6"
    assert suci.deconceal(Scheme.NULL, bytes(32), bytes.fromhex("00012080f6")).hex() == "00012080f6"


def refused(one: dict, output: bytes) -> str:
    with pytest.raises(suci.SchemeOutputError) as caught:
        suci.deconceal(one["scheme"], octets(one, "home_private"), output)
    return str(caught.value)


@pytest.mark.parametrize("one", [A, B], ids=["A", "B"])
@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 40])
def test_when_the_output_is_too_short_then_its_length_is_refused(one, length):
    assert refused(one, octets(one, "output")[:length]) == "length"


@pytest.mark.parametrize("one", [A, B], ids=["A", "B"])
@pytest.mark.parametrize("position", [-1, -8, -9])
def test_when_the_tag_or_the_ciphertext_is_changed_then_the_mac_is_refused(one, position):
    output = bytearray(octets(one, "output"))
    output[position] ^= 1
    assert refused(one, bytes(output)) == "mac"


@pytest.mark.parametrize("one", [A, B], ids=["A", "B"])
def test_when_the_output_has_an_octet_more_or_less_then_the_mac_is_refused(one):
    output = octets(one, "output")
    assert refused(one, output + b"\0") == "mac"
    assert refused(one, output[:-1]) == "mac"


@pytest.mark.parametrize("point", LOW_ORDER_X25519, ids=lambda point: point.hex()[:8])
def test_when_the_x25519_point_has_low_order_then_the_public_key_is_refused(point):
    assert refused(A, point + octets(A, "output")[32:]) == "public key"


@pytest.mark.parametrize("point", LOW_ORDER_X25519, ids=lambda point: point.hex()[:8])
def test_when_the_home_public_key_has_low_order_then_nothing_is_concealed_for_it(point):
    with pytest.raises(ValueError, match="public key"):
        suci.conceal(Scheme.PROFILE_A, point, octets(A, "ephemeral_private"), b"\1")


@pytest.mark.parametrize(
    "point",
    [
        b"\x02" + (5).to_bytes(32),  # x = 5 is on the curve; 1 is not
        b"\x02" + b"\xff" * 32,  # x not below the field's prime
        b"\x00" + bytes(32),  # infinity, padded
        b"\x04" + bytes(32),  # uncompressed, half missing
        b"\x05" + octets(B, "output")[1:33],  # x only
        b"\x06" + octets(B, "output")[1:33],  # hybrid
    ],
    ids=["another point", "above p", "infinity", "uncompressed", "x only", "hybrid"],
)
def test_when_the_p256_point_is_not_a_compressed_point_of_the_curve_then_it_is_refused(point):
    expected = "mac" if point[1:] == (5).to_bytes(32) else "public key"
    assert refused(B, point + octets(B, "output")[33:]) == expected


def test_when_the_p256_point_is_off_the_curve_then_the_public_key_is_refused():
    # x = 1 has no y on secp256r1: 1 - 3 + b is no square
    assert refused(B, b"\x02" + (1).to_bytes(32) + octets(B, "output")[33:]) == "public key"


@pytest.mark.parametrize("private", [0, P256_ORDER, P256_ORDER + 1])
def test_when_a_p256_private_key_is_not_of_the_group_then_it_is_refused(private):
    with pytest.raises(ValueError, match="private key"):
        suci.suci_public_key(Scheme.PROFILE_B, private.to_bytes(32))


def test_when_the_home_key_is_another_one_then_the_mac_is_refused():
    with pytest.raises(suci.SchemeOutputError, match="mac"):
        suci.deconceal(Scheme.PROFILE_A, bytes(range(32)), octets(A, "output"))


@pytest.mark.parametrize("scheme", [3, 12, 255])
def test_when_the_scheme_is_not_defined_then_it_is_refused(scheme):
    with pytest.raises(ValueError, match="protection scheme"):
        suci.deconceal(scheme, bytes(32), b"")


@given(output=st.binary(max_size=120), scheme=st.sampled_from([1, 2]))
def test_when_anything_at_all_is_deconcealed_then_only_a_scheme_output_error_comes(output, scheme):
    with pytest.raises(suci.SchemeOutputError):
        suci.deconceal(scheme, octets((A, B)[scheme - 1], "home_private"), output)


@given(msin=st.text("0123456789", min_size=1, max_size=10))
def test_when_a_msin_is_packed_then_it_reads_back(msin):
    assert suci.msin_of_plaintext(suci.imsi_plaintext(msin)) == msin


def test_when_the_published_msin_is_packed_then_it_is_the_published_scheme_input():
    # TS 33.501 C.4.2.1
    assert suci.imsi_plaintext("001002086").hex() == "00012080f6"


@pytest.mark.parametrize("plain", [b"", b"\xff", b"\xf1\x21", b"\x1f\x22", b"\xa1", b"\x11" * 6, bytes(1_000_000)])
def test_when_a_plaintext_is_no_msin_then_there_are_no_digits(plain):
    # negative K04
    assert suci.msin_of_plaintext(plain) is None
