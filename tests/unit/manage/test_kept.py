"""Records kept while somebody watches, and opened later."""

import asyncio

import msgspec
import pytest

from freehold.codecs import nas
from freehold.manage import kept as module
from freehold.manage.dissect import opened
from freehold.manage.kept import Kept
from freehold.procedure import Record, Tap
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from managekit import K


def record(number, interface="N2", **more):
    return Record(float(number), interface, "AMF", "gnb-1", f"message {number}", **more)


def test_when_nobody_watches_then_the_tap_rests_and_what_was_kept_stays():
    tap = Tap()
    recorder = Kept(tap)
    assert not tap.active
    seen = []
    stop = recorder.watch(seen.append, packets=False)
    first = record(1)
    tap.record(first)
    tap.record(record(2, "N3"))
    stop()
    assert not tap.active
    assert seen == [first]
    assert recorder.find(1) is first
    assert recorder.number(first) == 1
    assert list(recorder) == [first]


def test_when_several_watch_then_each_record_has_one_number_and_packets_are_for_who_wants_them():
    tap = Tap()
    recorder = Kept(tap)
    plain, all_of_it = [], []
    stops = [recorder.watch(plain.append, packets=False), recorder.watch(all_of_it.append, packets=True)]
    assert tap.packets
    for one in (record(1), record(2, "N3"), record(3)):
        tap.record(one)
    assert [len(plain), len(all_of_it)] == [2, 3]
    assert [recorder.number(one) for one in all_of_it] == [1, 0, 2]
    stops[1]()
    assert tap.active
    assert not tap.packets
    stops[0]()
    assert not tap.active


def test_when_too_many_come_then_the_oldest_give_way(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 10)
    monkeypatch.setattr(module, "TRIMMED", 12)
    tap = Tap()
    recorder = Kept(tap)
    recorder.watch(lambda _: None, packets=False)
    for number in range(100):
        tap.record(record(number))
    assert [one.name for one in recorder] == [f"message {number}" for number in range(90, 100)]
    assert recorder.find(90) is None
    assert recorder.find(91).name == "message 90"
    assert len(recorder._records) < 12


class Secrets(msgspec.Struct, frozen=True):
    supi: Supi
    key: bytes
    items: tuple[bytes, ...]
    text: str = "shown"


def test_when_an_operation_is_opened_then_no_octet_of_it_is_shown():
    key = bytes.fromhex(K)
    value = (Secrets(Supi("imsi-001010000000001"), key, (key,)), key, 5, None)
    view = asyncio.run(opened(record(1, "SBI", value=value)))
    text = msgspec.json.encode(view).decode()
    assert K not in text
    assert "shown" in text
    assert "16 octets" in text
    assert "001010000000001" not in text


def test_when_a_message_is_opened_then_it_is_read_as_its_interface_carries_it():
    octets = nas.encode(nas.RegistrationReject(cause=15))
    view = asyncio.run(opened(record(1, "N1", octets=octets)))
    assert view.protocol == "nas"
    assert [(field.label, field.first, field.bits) for field in view.content.fields] == [("cause", 24, 8)]


@pytest.mark.parametrize("interface", ["N1", "N2", "N3", "N4", "Uu", "Xn", "F1", "E1", "N6"])
def test_when_strange_octets_crossed_then_opening_them_is_answered(interface):
    octets = bytes(range(40))
    try:
        assert asyncio.run(opened(record(1, interface, octets=octets))).octets == octets.hex()
    except Unusable as refused:
        assert "no protocol fits" in str(refused)  # noqa: PT017 - either is an answer
