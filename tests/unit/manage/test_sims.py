"""Batches of SIMs: right numbers, keys that leave once and encrypted, and files as TS 31.102 has them."""

import csv
import io
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from freehold.core.udr import Udr
from freehold.manage.envelope import unenveloped
from freehold.manage.sims.cards import SimForm, access_class, batch, check_digit, iccid
from freehold.manage.sims.profile import profile, routing_indicator, service_provider_name, suci_calc_info
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import HomeKeyView
from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId, Supi
from freehold.store import MemoryStore
from managekit import Client, Served
from secretkit import holder, leaked

PLMN = PlmnId("001", "01")
TRANSPORT = "00112233445566778899aabbccddeeff"


@pytest.fixture(scope="module")
def vendor():
    return holder()


def make(**given):
    repository = given.pop("repository", None) or Udr(MemoryStore())
    form = SimForm(**{"count": 2, "transport_key": TRANSPORT} | given)
    return batch(form, PLMN, (SliceForm(),), repository, "a0", __import__("secrets").token_bytes)


def rows(octets):
    return list(csv.DictReader(io.StringIO(octets.decode())))


@pytest.mark.parametrize(("digits", "check"), [("7992739871", "3"), ("898821100000000000", "3"), ("0", "0")])
def test_when_a_number_is_checked_then_the_digit_is_luhns(digits, check):
    assert check_digit(digits) == check


def test_when_an_iccid_is_made_then_it_has_19_digits_of_the_issuer():
    made = iccid("8999901", 42)
    assert (len(made), made[:7], made[:18]) == (19, "8999901", "899990100000000042")
    assert check_digit(made[:-1]) == made[-1]


def test_when_a_batch_is_made_then_a_transport_key_opens_k_and_opc_as_pysim_does():
    subscribers, told = make(name="pump")
    assert (told.added, told.first, told.last) == (2, "imsi-001010000000001", "imsi-001010000000002")
    for row, subscriber in zip(rows(told.file), subscribers, strict=True):
        decryptor = Cipher(AES(bytes.fromhex(TRANSPORT)), CBC(b"#" * 16)).decryptor()
        assert decryptor.update(bytes.fromhex(row["ki"])) == subscriber.authentication.k
        assert row["imsi"] == subscriber.supi.digits
        assert (row["mcc"], row["mnc"], row["suci_calc_info"]) == ("001", "01", "a0")
        assert len(row["adm1"]) == len(row["puk1"]) == 8
        assert len(row["pin1"]) == 4
        keys = (subscriber.authentication.k.hex(), subscriber.authentication.opc.hex())
        assert not leaked(told.file, keys)


def test_when_a_batch_is_for_a_vendor_then_only_its_private_key_opens_it(vendor):
    subscribers, told = make(transport_key="", certificate=vendor[1].decode())
    keys = [key.hex() for each in subscribers for key in (each.authentication.k, each.authentication.opc)]
    assert not leaked(told.file, keys)
    opened = unenveloped(told.file, *vendor)
    assert len(leaked(opened, keys)) == 4
    assert [row["imsi"] for row in rows(opened)] == ["001010000000001", "001010000000002"]


def test_when_keys_are_drawn_then_no_two_cards_have_one():
    subscribers, _ = make(count=100)
    assert (
        len({each.authentication.k for each in subscribers} | {each.authentication.opc for each in subscribers}) == 200
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"transport_key": ""}, "encrypted"),
        ({"certificate": "nonsense"}, "certificate"),
        ({"supi_from": "imsi-999990000000001"}, "00101"),
        ({"supi_from": "imsi-00101"}, "15 digits"),
        ({"supi_from": "imsi-001019999999999"}, "count"),
    ],
)
def test_when_a_batch_cannot_be_then_it_is_said_why(given, why):
    with pytest.raises(Unusable, match=why):
        make(**given)


def test_when_a_supi_is_in_use_then_nothing_is_made():
    repository = Udr(MemoryStore())
    made, _ = make(repository=repository)
    repository.put_all(made)
    _, told = make(repository=repository)
    assert told.first == "imsi-001010000000003"
    with pytest.raises(Unusable, match="is there already"):
        make(repository=repository, supi_from="imsi-001010000000002")


def test_when_a_card_holds_the_keys_then_the_file_is_as_it_was_specified():
    # the keys of TS 33.501 C.4.3 and C.4.4 as TS 31.121 4.9.4 puts them on a card
    a, b = "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650", "02" + "72" * 32
    found = suci_calc_info([HomeKeyView(1, "A", a), HomeKeyView(2, "B", b)])
    assert found == f"a006020101020000a14b8001028121{b}8001018120{a}"
    assert suci_calc_info([]) == "a0020000a100"


def test_when_small_files_are_made_then_their_octets_are_right():
    assert routing_indicator("0") == "f0ffffff"
    assert routing_indicator("1234") == "2143ffff"
    assert service_provider_name("Quay") == "0151756179" + "ff" * 12
    assert service_provider_name("Häfen").startswith("0180004800e4")
    assert (access_class("001010000000003"), access_class("001010000000009")) == ("0008", "0200")
    files = {each.name: each.content for each in profile("Quay", PlmnId("310", "260"), [])}
    assert (files["EF.AD"], files["EF.HPLMNwAcT"]) == ("00000003", "1300620800")


def test_when_sims_are_made_through_the_api_then_their_keys_are_kept_and_the_ledger_says_so(tmp_path):
    with Served(tmp_path) as served:
        client = Client(served.path)
        try:
            status, made = client.ask("POST", "/v1/sims", {"count": 3, "transport_key": TRANSPORT, "name": "meter"})
            assert (status, made["added"]) == (201, 3)
            assert client.ask("POST", "/v1/sims", {"count": 1})[0] == 422
            assert client.ask("POST", "/v1/sims", {"count": 1, "transport_key": "zz"})[0] == 422
            assert client.ask("GET", f"/v1/subscribers/{made['last']}")[1]["name"] == "meter 3"
            status, files = client.ask("GET", "/v1/sim-profile?routing_indicator=17")
            assert (status, {each["name"]: each["content"] for each in files}["EF.Routing_Indicator"]) == (
                200,
                "71ffffff",
            )
            assert client.ask("GET", "/v1/sim-profile?routing_indicator=x")[0] == 422
        finally:
            client.close()
        kept = served.network.subscribers.subscriber(Supi(made["first"]))
        assert kept is not None
        act = json.loads(served.network.acts.entries()[-1])
        assert (act["act"], act["subject"]) == ("sim.generate", "3 subscribers")
        assert "transport key" in act["detail"]
        assert kept.authentication.k.hex() not in str(served.network.acts.entries())
