"""NEA and NIA against the test data that TS 33.501 D.4 names."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import algorithms

VECTORS = Path(__file__).parents[2] / "vectors/crypto"
CIPHERING = json.loads((VECTORS / "nea.json").read_text())["sets"]
INTEGRITY = json.loads((VECTORS / "nia.json").read_text())["sets"]
KEY = bytes(range(16))


def name(one: dict) -> str:
    return f"{one['algorithm']} {one['source']} set {one['set']}"


def defined(octets: bytes, bits: int) -> str:
    return f"{int.from_bytes(octets):0{len(octets) * 8}b}"[:bits]


@pytest.mark.parametrize("one", CIPHERING, ids=map(name, CIPHERING))
def test_when_the_published_plaintext_is_ciphered_then_it_is_the_published_ciphertext(one):
    arguments = one["algorithm"], bytes.fromhex(one["key"]), one["count"], one["bearer"], one["direction"]
    plain, cipher = bytes.fromhex(one["plain"]), bytes.fromhex(one["cipher"])
    ciphered = algorithms.nea(*arguments, plain, one["bits"])
    assert defined(ciphered, one["bits"]) == defined(cipher, one["bits"])
    assert algorithms.nea(*arguments, ciphered, one["bits"]) == plain
    # whole octets: the same keystream, to the end of the last octet
    assert defined(algorithms.nea(*arguments, plain), one["bits"]) == defined(cipher, one["bits"])


@pytest.mark.parametrize("one", INTEGRITY, ids=map(name, INTEGRITY))
def test_when_the_published_message_is_authenticated_then_it_is_the_published_mac(one):
    arguments = one["algorithm"], bytes.fromhex(one["key"]), one["count"], one["bearer"], one["direction"]
    message = bytes.fromhex(one["message"])
    assert algorithms.nia(*arguments, message, one["bits"]).hex() == one["mac"]
    if one["bits"] % 8 == 0:
        assert algorithms.nia(*arguments, message[: one["bits"] // 8]).hex() == one["mac"]


@pytest.mark.parametrize("one", INTEGRITY, ids=map(name, INTEGRITY))
def test_when_a_bit_of_a_published_input_is_changed_then_the_mac_is_not_the_published_one(one):
    key, message, bits = bytes.fromhex(one["key"]), bytes.fromhex(one["message"]), one["bits"]
    for changed in (0, bits // 2, bits - 1):
        other = bytearray(message)
        other[changed // 8] ^= 0x80 >> changed % 8
        at = one["count"], one["bearer"], one["direction"]
        assert algorithms.nia(one["algorithm"], key, *at, bytes(other), bits).hex() != one["mac"]
    for position in range(3):
        at = [one["count"], one["bearer"], one["direction"]]
        at[position] ^= 1
        assert algorithms.nia(one["algorithm"], key, *at, message, bits).hex() != one["mac"]
    at = one["count"], one["bearer"], one["direction"]
    assert algorithms.nia(one["algorithm"], bytes([key[0] ^ 1, *key[1:]]), *at, message, bits).hex() != one["mac"]
    assert algorithms.nia(one["algorithm"], key, *at, message, bits - 1).hex() != one["mac"]


@pytest.mark.parametrize("one", CIPHERING, ids=map(name, CIPHERING))
def test_when_a_published_ciphertext_is_deciphered_elsewhere_then_it_is_not_the_published_plaintext(one):
    key, cipher, bits = bytes.fromhex(one["key"]), bytes.fromhex(one["cipher"]), one["bits"]
    plain = defined(bytes.fromhex(one["plain"]), bits)
    for position in range(3):
        at = [one["count"], one["bearer"], one["direction"]]
        at[position] ^= 1
        assert defined(algorithms.nea(one["algorithm"], key, *at, cipher, bits), bits) != plain
    at = one["count"], one["bearer"], one["direction"]
    for algorithm in {1, 2, 3} - {one["algorithm"]}:
        assert defined(algorithms.nea(algorithm, key, *at, cipher, bits), bits) != plain
    with pytest.raises(ValueError, match="bits"):
        algorithms.nea(one["algorithm"], key, *at, cipher, 8 * len(cipher) + 1)


@pytest.mark.parametrize("file", ["milenage", "nea", "nia", "suci"])
def test_when_a_set_is_kept_then_two_public_copies_have_its_numbers(file):
    sets = json.loads((VECTORS / f"{file}.json").read_text())["sets"]
    assert [one for one in sets if len(set(one["verified"])) < 2] == []


@pytest.mark.parametrize("algorithm", [1, 2, 3])
@pytest.mark.parametrize("changed", ["count", "bearer", "direction", "message"])
def test_when_any_input_differs_then_the_mac_differs(algorithm, changed):
    # negative N11
    inputs = {"count": 7, "bearer": 1, "direction": 0, "message": b"octets"}
    other = inputs | {"count": 8, "bearer": 2, "direction": 1, "message": b"octett"}
    mac = algorithms.nia(algorithm, KEY, *inputs.values())
    assert mac != algorithms.nia(algorithm, KEY, *(inputs | {changed: other[changed]}).values())


def test_when_the_algorithm_is_null_then_nothing_is_protected():
    # TS 33.501 D.1
    assert algorithms.nea(0, KEY, 7, 1, 0, b"octets") == b"octets"
    assert algorithms.nia(0, KEY, 7, 1, 0, b"octets") == bytes(4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((4, KEY, 0, 0, 0, b""), "ciphering algorithm"),
        ((1, KEY[:15], 0, 0, 0, b""), "key has 15 octets"),
        ((1, KEY, 0, 32, 0, b""), "bearer"),
        ((1, KEY, 0, 0, 2, b""), "direction"),
        ((1, KEY, 0, 0, 0, b"", 1), "bits"),
    ],
)
def test_when_an_input_is_out_of_range_then_it_is_named(arguments, says):
    with pytest.raises(ValueError, match=says):
        algorithms.nea(*arguments)


def test_when_there_are_more_bits_than_octets_then_the_mac_is_refused():
    with pytest.raises(ValueError, match="bits"):
        algorithms.nia(2, KEY, 0, 0, 0, b"x", 9)


@pytest.mark.parametrize("algorithm", range(4))
@given(messages=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=200)), max_size=40))
def test_when_messages_are_protected_together_then_each_is_as_if_alone(algorithm, messages):
    together = algorithms.nea_batch(algorithm, KEY, 5, 1, messages)
    assert together == [algorithms.nea(algorithm, KEY, count, 5, 1, data) for count, data in messages]
    macs = algorithms.nia_batch(algorithm, KEY, 5, 1, messages)
    assert macs == [algorithms.nia(algorithm, KEY, count, 5, 1, data) for count, data in messages]


def test_when_a_batch_has_a_wrong_bearer_then_it_is_refused():
    for batch in (algorithms.nea_batch, algorithms.nia_batch):
        with pytest.raises(ValueError, match="bearer"):
            batch(1, KEY, 32, 0, [(0, b"x")])
        with pytest.raises(ValueError, match="algorithm"):
            batch(4, KEY, 0, 0, [(0, b"x")])
