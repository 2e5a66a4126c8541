"""The secrets of SIMs and of the home network, as operators give them."""

from __future__ import annotations

import itertools

import pytest

from freehold.core.udm import home_keys
from freehold.core.udr import credentials, generated
from freehold.core.udr.rows import subscriber_of as read
from freehold.crypto import suci
from freehold.spec.errors import Unusable
from freehold.spec.keys import Key
from freehold.store import MemoryStore

# TS 35.208 4.3 test set 1
K, OP, OPC = (
    "465b5ce8b199b49faa5f0a2ee238a6bc",
    "cdc202d5123e20f62b6d676ac72cb318",
    "cd63cb71954a9f4e48a5994e37a02baf",
)


@pytest.mark.parametrize(
    "given", [{"opc": OPC}, {"op": OP}, {"op": OP.upper()}, {"opc": " ".join([OPC[:16], OPC[16:]])}]
)
def test_when_opc_or_op_is_given_then_opc_is_kept(given):
    made = credentials(K, **given)
    assert (made.k.hex(), made.opc.hex(), made.amf_field, made.sqn_offset) == (K, OPC, b"\x80\x00", 0)
    assert (type(made.k), type(made.opc)) == (Key, Key)


@pytest.mark.parametrize(
    ("k", "given", "says"),
    [
        (K[:-1], {"opc": OPC}, "^K is 32 hexadecimal digits$"),
        (K + "00", {"opc": OPC}, "^K is 32 hexadecimal digits$"),
        ("0x" + K[2:], {"opc": OPC}, "^K is 32 hexadecimal digits$"),
        ("", {"opc": OPC}, "^K is 32 hexadecimal digits$"),
        (K, {"opc": "x" * 32}, "^OPc is 32 hexadecimal digits$"),
        (K, {"op": OP[1:]}, "^OP is 32 hexadecimal digits$"),
        (K, {}, "either OPc or OP"),
        (K, {"op": OP, "opc": OPC}, "either OPc or OP"),
        (K, {"opc": OPC, "amf_field": "80"}, "^AMF is 4 hexadecimal digits$"),
        (K, {"opc": OPC, "amf_field": "7fff"}, "separation bit"),
    ],
)
def test_when_a_secret_is_not_what_it_should_be_then_its_name_is_said_and_no_digit_of_it(k, given, says):
    with pytest.raises(Unusable, match=says) as caught:
        credentials(k, **given)
    assert not any(value[:8] in str(caught.value) for value in (K, OP, OPC))


def counter():
    numbers = itertools.count(1)
    return lambda octets: next(numbers).to_bytes(octets)


def test_when_secrets_are_generated_then_no_two_are_alike():
    random = counter()
    first, second = generated(random), generated(random)
    assert len({first.k, first.opc, second.k, second.opc}) == 4


def test_when_a_network_starts_for_the_first_time_then_it_has_keys_and_keeps_them():
    store = MemoryStore()
    made, durable = home_keys.ensure(store, counter())
    durable.result()
    assert [(key.key_id, key.scheme) for key in made] == [(1, suci.Scheme.PROFILE_A), (2, suci.Scheme.PROFILE_B)]
    again, durable = home_keys.ensure(store, lambda _: pytest.fail("nothing is drawn again"))
    durable.result()
    assert again == made
    assert home_keys.load(store) == made


def test_when_a_random_number_is_no_key_of_the_curve_then_another_one_is_drawn():
    draws = iter([bytes(32), b"\xff" * 32, bytes(31) + b"\1"])
    key = home_keys.generate(7, suci.Scheme.PROFILE_B, lambda _: next(draws))
    assert key.private == bytes(31) + b"\1"


@pytest.mark.parametrize(("name", "row"), [("x", b"\1" + bytes(32)), ("1", bytes(33)), ("1", b"\1"), ("1", b"")])
def test_when_a_stored_key_is_damaged_then_it_is_unusable(name, row):
    store = MemoryStore()
    store.commit(home_keys.TABLE, [(name, row)])
    with pytest.raises(Unusable, match="home network key that cannot be read"):
        home_keys.load(store)


def test_when_a_row_of_a_subscription_has_a_wrong_type_then_it_is_unusable():
    with pytest.raises(Unusable):
        read(b"\x81\xa4supi\xc0")
