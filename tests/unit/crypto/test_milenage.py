"""MILENAGE against the design conformance test data of TS 35.208 and the AKA that stands on it."""

import json
from pathlib import Path

import pytest

from freehold.crypto import aka, keys, milenage

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/crypto/milenage.json").read_text())["sets"]
SETS = [{name: bytes.fromhex(v) for name, v in one.items() if name not in {"set", "verified"}} for one in VECTORS]
FIRST = SETS[0]
NETWORK = b"5G:mnc093.mcc208.3gppnetwork.org"
K, OPC, RAND = FIRST["k"], FIRST["opc"], FIRST["rand"]


@pytest.mark.parametrize("vector", SETS, ids=[f"set {one['set']}" for one in VECTORS])
def test_when_the_published_inputs_are_given_then_every_function_gives_the_published_output(vector):
    k, opc, rand, amf, sqn = (vector[name] for name in ("k", "opc", "rand", "amf", "sqn"))
    number = int.from_bytes(sqn)
    assert milenage.opc(k, vector["op"]) == opc
    assert milenage.f1(k, opc, rand, number, amf) == vector["f1"]
    assert milenage.f1_star(k, opc, rand, number, amf) == vector["f1_star"]
    assert milenage.f2345(k, opc, rand) == (vector["f2"], vector["f3"], vector["f4"], vector["f5"])
    assert milenage.f5_star(k, opc, rand) == vector["f5_star"]


def test_when_a_vector_is_generated_then_autn_is_concealed_sqn_amf_and_mac():
    vector = aka.generate_vector(K, OPC, RAND, int.from_bytes(FIRST["sqn"]), FIRST["amf"], NETWORK)
    concealed = bytes(a ^ b for a, b in zip(FIRST["sqn"], FIRST["f5"], strict=True))
    # TS 33.102 6.3.2
    assert vector.autn == concealed + FIRST["amf"] + FIRST["f1"]
    # TS 33.501 A.2, A.4
    assert vector.kausf == keys.kausf(FIRST["f3"], FIRST["f4"], NETWORK, concealed)
    assert vector.xres_star == keys.res_star(FIRST["f3"], FIRST["f4"], NETWORK, RAND, FIRST["f2"])


def test_when_the_usim_answers_then_it_has_the_networks_response_and_key():
    vector = aka.generate_vector(K, OPC, RAND, 0x20, b"\x80\x00", NETWORK)
    answer = aka.answer_challenge(K, OPC, RAND, vector.autn, NETWORK)
    assert answer is not None
    assert (answer.sqn, answer.res_star, answer.kausf) == (0x20, vector.xres_star, vector.kausf)
    assert answer.separated


def test_when_the_amf_has_no_separation_bit_then_the_answer_says_so():
    vector = aka.generate_vector(K, OPC, RAND, 0x20, b"\x7f\xff", NETWORK)
    answer = aka.answer_challenge(K, OPC, RAND, vector.autn, NETWORK)
    assert answer is not None
    assert not answer.separated


@pytest.mark.parametrize("position", range(16))
def test_when_any_octet_of_autn_is_changed_then_the_mac_fails(position):
    autn = bytearray(aka.generate_vector(K, OPC, RAND, 0x20, b"\x80\x00", NETWORK).autn)
    autn[position] ^= 1
    assert aka.answer_challenge(K, OPC, RAND, bytes(autn), NETWORK) is None


def test_when_another_serving_network_answers_then_response_and_key_differ():
    vector = aka.generate_vector(K, OPC, RAND, 0x20, b"\x80\x00", NETWORK)
    answer = aka.answer_challenge(K, OPC, RAND, vector.autn, b"5G:mnc001.mcc001.3gppnetwork.org")
    assert answer is not None
    assert answer.res_star != vector.xres_star
    assert answer.kausf != vector.kausf


def test_when_auts_is_made_then_the_home_network_reads_the_usims_sqn():
    auts = aka.make_auts(K, OPC, RAND, 0x123456789ABC)
    assert aka.verify_auts(K, OPC, RAND, auts) == 0x123456789ABC


@pytest.mark.parametrize("position", range(14))
def test_when_any_octet_of_auts_is_changed_then_it_is_refused(position):
    auts = bytearray(aka.make_auts(K, OPC, RAND, 0x40))
    auts[position] ^= 0x80
    assert aka.verify_auts(K, OPC, RAND, bytes(auts)) is None


def test_when_auts_is_for_another_rand_then_it_is_refused():
    assert aka.verify_auts(K, OPC, bytes(16), aka.make_auts(K, OPC, RAND, 0x40)) is None


def test_when_auts_is_of_another_subscriber_then_it_is_refused():
    assert aka.verify_auts(bytes(16), OPC, RAND, aka.make_auts(K, OPC, RAND, 0x40)) is None


@pytest.mark.parametrize("length", [0, 15, 17])
def test_when_a_key_has_a_wrong_length_then_its_name_is_said_and_no_octet_of_it(length):
    with pytest.raises(ValueError, match=f"^K has {length} octets, not 16$"):
        milenage.f2345(b"\xaa" * length, OPC, RAND)


def test_when_sqn_has_more_than_48_bits_then_it_is_refused():
    with pytest.raises(ValueError, match="SQN is out of range"):
        aka.generate_vector(K, OPC, RAND, 1 << 48, b"\x80\x00", NETWORK)


def test_when_secrets_are_printed_then_no_key_is_in_the_text():
    vector = aka.generate_vector(K, OPC, RAND, 0x20, b"\x80\x00", NETWORK)
    answer = aka.answer_challenge(K, OPC, RAND, vector.autn, NETWORK)
    assert answer is not None
    for text in (repr(vector), repr(answer), f"{vector}", f"{answer}"):
        for secret in (vector.kausf, vector.xres_star, K, OPC):
            assert secret.hex() not in text
            assert repr(secret) not in text


@pytest.mark.parametrize("length", [0, 1, 15, 17, 64])
def test_when_a_peers_value_has_a_wrong_length_then_it_is_wrong_and_not_an_error(length):
    # negative N05
    right = aka.generate_vector(K, OPC, RAND, 0x20, b"\x80\x00", NETWORK)
    assert aka.answer_challenge(K, OPC, bytes(length), right.autn, NETWORK) is None
    assert aka.answer_challenge(K, OPC, RAND, right.autn[:1] * length, NETWORK) is None
    assert aka.verify_auts(K, OPC, RAND, bytes(length)) is None
    assert aka.verify_auts(K, OPC, bytes(length), bytes(14)) is None
    assert keys.hres_star(RAND, bytes(length)) != keys.hres_star(RAND, right.xres_star)
