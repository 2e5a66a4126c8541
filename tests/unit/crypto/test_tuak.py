"""TUAK against the test data of TS 35.233, and SHAKE256 of the standard library for what those sets leave out."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import keys, tuak

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/crypto/tuak.json").read_text())["sets"]
NETWORK = b"5G:mnc093.mcc208.3gppnetwork.org"
K, TOPC, RAND, AMF = bytes(range(16)), bytes(range(32)), bytes(range(100, 116)), b"\x80\x00"
KEYS = st.binary(min_size=16, max_size=16) | st.binary(min_size=32, max_size=32)


def octets(one: dict, *names: str) -> list[bytes]:
    return [bytes.fromhex(one[name]) for name in names]


@pytest.mark.parametrize("one", VECTORS, ids=[f"set {one['set']}" for one in VECTORS])
def test_when_the_published_inputs_are_given_then_every_function_gives_the_published_output(one):
    # TS 35.233 6.3 to 6.8
    k, rand, amf, top, topc, mac, mac_s = octets(one, "k", "rand", "amf", "top", "topc", "f1", "f1_star")
    response = octets(one, "f2", "f3", "f4", "f5")
    sqn, times = int(one["sqn"], 16), one["iterations"]
    assert tuak.topc(k, top, times) == topc
    assert tuak.f1(k, topc, rand, sqn, amf, len(mac), times) == mac
    assert tuak.f1_star(k, topc, rand, sqn, amf, len(mac_s), times) == mac_s
    assert list(tuak.f2345(k, topc, rand, *map(len, response[:3]), times)) == response
    assert tuak.f5_star(k, topc, rand, times).hex() == one["f5_star"]


def shake(instance: int, k: bytes, rand: bytes, amf: bytes, sqn: bytes) -> bytes:
    # TS 35.231 6.1: IN is a SHAKE256 block of 96 octets, padded as FIPS 202 6.2 pads one
    block = TOPC[::-1] + bytes([instance | (len(k) == 32)]) + b"TUAK1.0"[::-1]
    block += rand[::-1] + amf[::-1] + sqn[::-1] + k[::-1]
    return hashlib.shake_256(block.ljust(96, b"\0")).digest(128)


@given(KEYS, st.binary(min_size=16, max_size=16), st.integers(0, 2**48 - 1), st.sampled_from([8, 16, 32]))
def test_when_a_mac_of_any_length_is_computed_then_it_is_keccaks(k, rand, sqn, length):
    expected = shake(length, k, rand, AMF, sqn.to_bytes(6))[:length][::-1]
    assert tuak.f1(k, TOPC, rand, sqn, AMF, length) == expected
    expected = shake(0x80 | length, k, rand, AMF, sqn.to_bytes(6))[:length][::-1]
    assert tuak.f1_star(k, TOPC, rand, sqn, AMF, length) == expected


@given(KEYS, st.binary(min_size=16, max_size=16), st.sampled_from([4, 8, 16, 32]), *[st.sampled_from([16, 32])] * 2)
def test_when_a_response_of_any_lengths_is_computed_then_it_is_keccaks(k, rand, res, ck, ik):
    out = shake(0x40 | (res & 0x38) | 4 * (ck == 32) | 2 * (ik == 32), k, rand, bytes(2), bytes(6))
    expected = (out[:res][::-1], out[32 : 32 + ck][::-1], out[64 : 64 + ik][::-1], out[96:102][::-1])
    assert tuak.f2345(k, TOPC, rand, res, ck, ik) == expected


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: tuak.topc(K[:15], TOPC), "K is out of range"),
        (lambda: tuak.topc(K, TOPC[:31]), "TOPc has 31 octets"),
        (lambda: tuak.topc(K, TOPC, 0), "iterations"),
        (lambda: tuak.f1(K, TOPC, RAND, 1 << 48, AMF), "SQN"),
        (lambda: tuak.f1(K, TOPC, RAND, 0, AMF, 9), "MAC length"),
        (lambda: tuak.f1(K, TOPC, RAND, 0, b"\0"), "AMF has 1 octets"),
        (lambda: tuak.f2345(K, TOPC, RAND, 5), "RES length"),
        (lambda: tuak.f2345(K, TOPC, RAND, 8, 17), "CK length"),
        (lambda: tuak.f2345(K, TOPC, RAND, 8, 16, 0), "IK length"),
        (lambda: tuak.f5_star(K, TOPC, b""), "RAND has 0 octets"),
    ],
)
def test_when_an_input_is_out_of_range_then_it_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("k", [K, K + K])
def test_when_the_usim_answers_then_it_has_the_networks_response_and_key(k):
    vector = tuak.generate_vector(k, TOPC, RAND, 0x20, AMF, NETWORK, 2)
    answer = tuak.answer_challenge(k, TOPC, RAND, vector.autn, NETWORK, 2)
    assert answer is not None
    assert (answer.sqn, answer.res_star, answer.kausf) == (0x20, vector.xres_star, vector.kausf)
    assert answer.separated
    # TS 33.501 A.2, A.4
    res, ck, ik, _ = tuak.f2345(k, TOPC, RAND, iterations=2)
    assert vector.kausf == keys.kausf(ck, ik, NETWORK, vector.autn[:6])
    assert vector.xres_star == keys.res_star(ck, ik, NETWORK, RAND, res)


@pytest.mark.parametrize("position", range(16))
def test_when_any_octet_of_autn_is_changed_then_the_mac_fails(position):
    autn = bytearray(tuak.generate_vector(K, TOPC, RAND, 0x20, AMF, NETWORK).autn)
    autn[position] ^= 1
    assert tuak.answer_challenge(K, TOPC, RAND, bytes(autn), NETWORK) is None


def test_when_auts_is_made_then_the_home_network_reads_the_usims_sqn():
    auts = tuak.make_auts(K, TOPC, RAND, 0x123456789ABC)
    assert tuak.verify_auts(K, TOPC, RAND, auts) == 0x123456789ABC
    for position in range(14):
        changed = bytearray(auts)
        changed[position] ^= 0x80
        assert tuak.verify_auts(K, TOPC, RAND, bytes(changed)) is None


@pytest.mark.parametrize("length", [0, 1, 13, 15, 17, 64])
def test_when_a_peers_value_has_a_wrong_length_then_it_is_wrong_and_not_an_error(length):
    right = tuak.generate_vector(K, TOPC, RAND, 0x20, AMF, NETWORK)
    assert tuak.answer_challenge(K, TOPC, bytes(length), right.autn, NETWORK) is None
    assert tuak.answer_challenge(K, TOPC, RAND, bytes(length), NETWORK) is None
    assert tuak.verify_auts(K, TOPC, RAND, bytes(length)) is None
    assert tuak.verify_auts(K, TOPC, bytes(length), bytes(14)) is None
